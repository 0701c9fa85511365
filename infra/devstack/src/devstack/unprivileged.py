"""Whom a server runs as when we are root: PostgreSQL refuses root, so it gets `nobody` and a place `nobody` can reach."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import StackError

# Where root may leave files that another user reads, in order of preference.
_SHARED_PLACES = (Path("/var/lib/frontdesk"), Path("/var/tmp/frontdesk"), Path("/tmp/frontdesk"))  # noqa: S108 - ours is checked below


@dataclass(frozen=True, slots=True)
class User:
    """An account without rights."""

    name: str
    uid: int
    gid: int

    def can_run(self, program: Path) -> bool:
        """Whether this user reaches and may execute the program (tried, not computed: ACLs and noexec count too)."""
        try:
            tried = subprocess.run(
                [str(program), "--version"],
                cwd="/",
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                capture_output=True,
                timeout=30,
                check=False,
            )
        except OSError:
            return False
        return tried.returncode == 0

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may pass through every folder on the way to this one (mode bits; ACLs are not read).

        Folders that are still to be made don't count: whoever makes them lets everybody through.
        """
        for step in [folder, *folder.parents]:
            try:
                found = step.stat()
            except FileNotFoundError:
                continue
            except OSError:
                return False
            needed = stat.S_IXOTH
            if found.st_uid == self.uid:
                needed = stat.S_IXUSR
            elif found.st_gid == self.gid:
                needed = stat.S_IXGRP
            if not found.st_mode & needed:
                return False
        return True

    def own(self, folder: Path) -> None:
        """Give the folder and what is in it to this user, readable by nobody else."""
        for place, folders, files in os.walk(folder):
            for name in [*folders, *files]:
                os.chown(Path(place) / name, self.uid, self.gid, follow_symlinks=False)
        os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)


def drop_to() -> User | None:
    """Who a server runs as instead of root; None when we are not root and everything runs as ourselves.

    Raises:
        StackError: root without any other account to fall back to.
    """
    if os.geteuid() != 0:
        return None
    for name in ("nobody", "daemon", "bin"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid != 0:
            return User(found.pw_name, found.pw_uid, found.pw_gid)
    raise StackError(
        "PostgreSQL does not run as root, and this machine has no account without rights (nobody, daemon, bin) to use.",
        "Run the command as an ordinary user, or set FRONTDESK_POSTGRES_URL to a server that already runs.",
    )


def shared_place() -> Path:
    """A folder of root's that others may read, made when missing.

    Raises:
        StackError: none of the usual places can be used.
    """
    for place in _SHARED_PLACES:
        try:
            place.mkdir(mode=0o755, parents=True, exist_ok=True)
            found = place.lstat()
        except OSError:
            continue
        # In a folder anybody may write, somebody else could have made it first: then it is not ours to trust.
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & stat.S_IWOTH:
            place.chmod(0o755)
            return place
    tried = ", ".join(str(place) for place in _SHARED_PLACES)
    raise StackError(
        f"PostgreSQL must run as an account without rights, and none of {tried} can be made for its files.",
        "Make one of them writable for root, move the repository out of root's home, or set FRONTDESK_POSTGRES_URL.",
    )


def stage(trees: list[Path], name: str) -> Path:
    """Copies of these folders, side by side, under a name in the shared place; made once, complete or not at all."""
    goal = shared_place() / name
    if goal.is_dir():
        return goal
    half = goal.with_name(f"{name}.half-{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    for tree in trees:
        shutil.copytree(tree, half / tree.name, symlinks=True)
    for place, folders, files in os.walk(half):
        Path(place).chmod(0o755)
        for entry in [*folders, *files]:
            path = Path(place) / entry
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.stat().st_mode & 0o100 else 0))
    try:
        half.replace(goal)
    except OSError:
        shutil.rmtree(half, ignore_errors=True)  # another start was faster
    return goal

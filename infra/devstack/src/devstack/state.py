"""The state folder: format number, who runs on it, remembered ports, secrets made here. One stack per folder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

from devstack import ports
from devstack.errors import StackError
from devstack.process import Record, read_record

FORMAT = 1
"""Raised when a newer version can no longer use the folder as an older one left it."""

_BEFORE_THE_FORMAT = frozenset({"run", "logs", "secrets", "supervisor.log", "lock"})
"""What a start that failed early may have left in the folder."""

ROOM_BYTES = 500_000_000
"""What a first start writes (about 250 MB) and a day's work on top."""


class State:
    """What one stack keeps between its runs.

    Args:
        folder: made when missing; everything but the jar cache is in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._making = threading.Lock()

    @property
    def run(self) -> Path:
        """Records of running processes, `NAME.json`."""
        return self.folder / "run"

    @property
    def logs(self) -> Path:
        """What the services print, `NAME.log`."""
        return self.folder / "logs"

    @property
    def secrets_folder(self) -> Path:
        """Keys and passwords, readable by their owner only."""
        return self.folder / "secrets"

    @property
    def exists(self) -> bool:
        """Whether a stack ever started here."""
        return (self.folder / "format").exists()

    @property
    def is_throwaway(self) -> bool:
        """Whether nobody wants the data once the parts are stopped."""
        return self.exists and (self.folder / "throwaway").exists()

    def throw_away_when_stopped(self) -> None:
        """Mark the folder so."""
        (self.folder / "throwaway").touch()

    def record_path(self, name: str) -> Path:
        """Where the running process of this name is noted."""
        return self.run / f"{name}.json"

    def records(self) -> list[Record]:
        """Every noted process, running or not."""
        return [found for path in sorted(self.run.glob("*.json")) if (found := read_record(path))]

    def supervisor(self) -> psutil.Process | None:
        """The `frontdesk up` that runs this stack, if one does."""
        record = read_record(self.record_path("supervisor"))
        return record.process() if record else None

    def open(self, room_bytes: int = ROOM_BYTES) -> None:
        """Make the folder, or check that this version may use the one that is there.

        Raises:
            StackError: somebody else's, written by another version, not writable, or no room for what will be written.
        """
        try:
            if not self.folder.exists():
                self.folder.mkdir(parents=True)
                self.folder.chmod(0o755)  # PostgreSQL's account has to get through; what is secret has its own mode
            self.check_ours()
            self._check_format()
            free = shutil.disk_usage(self.folder).free
            if free < room_bytes:
                raise StackError(
                    f"The disk that holds {self.folder} has {free / 1e6:.0f} MB left; the stack needs about "
                    f"{room_bytes / 1e6:.0f} MB there.",
                    "Free some space, or use a folder on another disk with --state-dir.",
                )
            for part in (self.run, self.logs, self.secrets_folder):
                part.mkdir(mode=0o700 if part == self.secrets_folder else 0o755, exist_ok=True)
            (self.folder / "format").write_text(f"{FORMAT}\n")
        except OSError as problem:
            raise _not_writable(self.folder, problem) from problem

    def check_ours(self) -> None:
        """Whether the folder may be written to, and deleted, as a stack's: ours, empty, or not there yet.

        Raises:
            StackError: it holds other things.
        """
        if self.exists or not self.folder.is_dir():
            return
        others = sorted(entry.name for entry in self.folder.iterdir() if entry.name not in _BEFORE_THE_FORMAT)
        if others:
            raise StackError(
                f"{self.folder} holds other things ({', '.join(others[:3])}{', …' if len(others) > 3 else ''}) and no "
                "stack: nothing is written to it and nothing in it is deleted.",
                "Name a folder that is empty or not there yet with --state-dir.",
            )

    def _check_format(self) -> None:
        path = self.folder / "format"
        if not path.exists():
            return
        kept = path.read_text().strip()
        if kept != str(FORMAT):
            raise StackError(
                f"{self.folder} was written by another version of this program (its format is {kept or 'unknown'}, "
                f"this version's is {FORMAT}).",
                "Use the version that wrote it, another folder with --state-dir, or start without the old data: "
                "frontdesk up --fresh",
            )

    @contextmanager
    def alone(self) -> Generator[None]:
        """Hold the folder for this process; released when the process ends, however it ends.

        Raises:
            StackError: another process holds it.
        """
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as problem:
                found = self.supervisor()
                who = f"pid {found.pid}" if found else "another process"
                raise StackError(
                    f"A stack already runs on {self.folder} ({who}).",
                    "See it with `frontdesk status`, stop it with `frontdesk down`, "
                    "or run a second one with --state-dir OTHER.",
                ) from problem
            yield

    def secret(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> Path:
        """The file that holds this secret, made on first use, mode 0600. Services ask for the same one side by side."""
        path = self.secrets_folder / name
        with _ONE_AT_A_TIME:
            if not path.exists():
                half = path.with_name(path.name + ".half")
                with private(half) as out:
                    out.write(make())
                half.replace(path)
        return path

    def secret_text(self, name: str) -> str:
        """The secret itself."""
        return self.secret(name).read_text().strip()

    def port(self, name: str, preferred: int | None = None, say: Callable[[str], None] | None = None) -> int:
        """The port of this name: the preferred one, else the remembered one, else a free one; remembered then.

        A taken port is avoided, and `say` gets a line that names its holder.
        """
        book = self._port_book()
        others = frozenset(port for owner, port in book.items() if owner != name)
        wishes = [port for port in dict.fromkeys([preferred, book.get(name)]) if port is not None]
        free = (port for port in wishes if port not in others and ports.is_free(port))
        chosen = next(free, None)
        if chosen is None:
            chosen = _next_free(preferred, others) if preferred is not None else ports.find_free(others)
        if wishes and chosen != wishes[0] and say:
            say(f"port {wishes[0]} for {name} is taken by {ports.holder(wishes[0])}; using {chosen}")
        return self._remember(name, chosen)

    def _port_book(self) -> dict[str, int]:
        try:
            kept = json.loads((self.folder / "ports.json").read_text())
            return {str(name): int(port) for name, port in kept.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def known_port(self, name: str) -> int | None:
        """The remembered port of this name."""
        return self._port_book().get(name)

    def _remember(self, name: str, port: int) -> int:
        book = self._port_book()
        if book.get(name) != port:
            book[name] = port
            half = self.folder / "ports.json.half"
            half.write_text(json.dumps(book, indent=1, sort_keys=True) + "\n")
            half.replace(self.folder / "ports.json")
        return port

    def remove(self) -> None:
        """Delete the folder, which is `check_ours`. PostgreSQL's data may lie elsewhere: `Postgres.remove` first."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _next_free(preferred: int, avoid: frozenset[int]) -> int:
    """The next free port above the preferred one, in steps of ten so that neighbours keep theirs."""
    for port in range(preferred + 10, min(preferred + 1000, 65535), 10):
        if port not in avoid and ports.is_free(port):
            return port
    return ports.find_free(avoid)


@contextmanager
def private(path: Path) -> Generator[IO[str]]:
    """A new file that only its owner may read, replacing one that is there."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        yield out


def _not_writable(folder: Path, problem: OSError) -> StackError:
    if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StackError(
            f"The disk that holds {folder} is full.",
            "Free some space, or use a folder on another disk with --state-dir.",
        )
    return StackError(
        f"{folder} can't be used for the stack's data ({problem.strerror}).",
        "Make it writable, or name another folder with --state-dir.",
    )


_ONE_AT_A_TIME = threading.Lock()
"""A secret is made once, whoever asks first."""

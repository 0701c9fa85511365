"""Processes that outlive the one that started them: records that survive pid reuse, spawning, stopping.

A pid alone names nobody: the number may belong to another program by the time it is read. A record therefore keeps
the process's start time too, and only both together count as the same process.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import psutil

from devstack.unprivileged import User


@dataclass(frozen=True, slots=True)
class Record:
    """One started process, as kept in `run/NAME.json`."""

    name: str
    pid: int
    started: float
    """Start time as the operating system reports it, seconds since 1970."""
    port: int = 0

    def process(self) -> psutil.Process | None:
        """The process itself while it runs; None when it ended or the pid belongs to somebody else now."""
        try:
            found = psutil.Process(self.pid)
            if abs(found.create_time() - self.started) > 1.0 or found.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.Error:
            return None
        return found

    def write(self, path: Path) -> None:
        """Keep the record, replacing an older one in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        half.write_text(json.dumps(asdict(self)))
        half.replace(path)


def read_record(path: Path) -> Record | None:
    """The record in this file; None when there is none or it can't be read (a crash while writing, another version)."""
    try:
        kept = json.loads(path.read_text())
        return Record(str(kept["name"]), int(kept["pid"]), float(kept["started"]), int(kept.get("port", 0)))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def record_of(name: str, pid: int, port: int = 0) -> Record:
    """A record of a running process.

    Raises:
        psutil.NoSuchProcess: it has ended already.
    """
    return Record(name, pid, psutil.Process(pid).create_time(), port)


def spawn(
    argv: Sequence[str],
    *,
    cwd: Path,
    output: IO[bytes] | int,
    env: Mapping[str, str] | None = None,
    user: User | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, so that Ctrl-C and the end of our terminal do not reach it."""
    return subprocess.Popen(
        list(argv),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(env) if env is not None else None,
        start_new_session=True,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )


def end(process: psutil.Process, *, polite: signal.Signals = signal.SIGTERM, grace_seconds: float = 20.0) -> bool:
    """Ask the process to stop, kill it and its children when the grace is over. True when it went by itself."""
    try:
        process.send_signal(polite)
    except psutil.NoSuchProcess:
        return True
    if wait_gone(process, grace_seconds):
        return True
    kill(process)
    return False


def kill(process: psutil.Process) -> None:
    """SIGKILL the process and every child it has, and wait until they are gone."""
    try:
        family = [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    for member in family:
        wait_gone(member, 10.0)


def wait_gone(process: psutil.Process, timeout_seconds: float) -> bool:
    """Whether the process ended within the time; one that only waits for its parent to look counts as ended."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def last_lines(path: Path, count: int = 12) -> str:
    """The end of a log file, for an error message; empty when there is none."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""

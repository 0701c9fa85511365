"""What the three servers have in common: a home folder, a port, a log, a recorded process, start and stop."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import psutil

from devstack import ports, process
from devstack.errors import StackError
from devstack.unprivileged import User


class Server(ABC):
    """One server process on the loopback address.

    Args:
        home: the folder that holds its data, settings and log; made when missing.
        port: where it listens; a later start on the same port finds its data again.
    """

    name: str
    polite: signal.Signals = signal.SIGTERM
    ready_seconds: float = 60.0
    grace_seconds: float = 30.0

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port
        self.record_path = home / "process.json"
        """Where the running process is noted."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, as the `FRONTDESK_*_URL` variable holds it."""

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.home / "server.log"

    def running(self) -> psutil.Process | None:
        """Our process, while it runs."""
        record = process.read_record(self.record_path)
        return record.process() if record else None

    @abstractmethod
    def prepare(self) -> None:
        """Make or check the data folder; cheap when there is nothing to do."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The server's command line."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes work now."""

    def user(self) -> User | None:
        """Whom it runs as; None is ourselves."""
        return None

    def start(self) -> None:
        """Prepare, start and wait until it takes work.

        Raises:
            StackError: it ended or did not get ready in time; the end of its log is in the message.
        """
        left = self.running()
        if left is not None:
            # Of a start that was killed: its data is in use, so it goes before a new one comes.
            process.end(left, polite=self.polite, grace_seconds=self.grace_seconds)
        if not self._port_is_free():
            raise StackError(
                f"{self.name} needs port {self.port}, and {ports.holder(self.port)} listens there.",
                "Stop that process, or let the stack choose another port by removing the entry from ports.json.",
            )
        if not self.home.exists():
            self.home.mkdir(parents=True)
            self.home.chmod(0o755)  # whatever the umask says: the server may run under another account
        self.prepare()
        with self.log.open("ab") as output:
            self._process = started = process.spawn(
                self.command(), cwd=Path("/"), output=output, env=self.environment(), user=self.user()
            )
        with contextlib.suppress(psutil.NoSuchProcess):
            process.record_of(self.name, started.pid, self.port).write(self.record_path)
        self._wait_ready(started)

    def environment(self) -> dict[str, str] | None:
        """Its environment; None is ours."""
        return None

    def stop(self) -> None:
        """Stop it the polite way and wait until it is gone."""
        found = self.running()
        if found is not None:
            process.end(found, polite=self.polite, grace_seconds=self.grace_seconds)
        self._forget()

    def kill(self) -> None:
        """kill -9, as a crash would."""
        found = self.running()
        if found is not None:
            process.kill(found)
        self._forget()

    def ended(self) -> str | None:
        """How it ended; None while it runs."""
        code = self._process.poll() if self._process else None
        if code is None:
            return None
        return f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"

    def _port_is_free(self) -> bool:
        """Whether we can listen; a port that no living process holds is still being closed by a killed one."""
        deadline = time.monotonic() + 5
        while not (free := ports.is_free(self.port)) and time.monotonic() < deadline:
            if "pid" in ports.holder(self.port):
                return False
            time.sleep(0.1)
        return free

    def _forget(self) -> None:
        if self._process is not None:
            # A child counts as gone only when its last thread is: until then its port stays taken.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        self.record_path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Forget all its data; it must not run."""
        shutil.rmtree(self.home, ignore_errors=True)

    def _wait_ready(self, started: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + self.ready_seconds
        while not self.answers():
            code = started.poll()
            if code is not None:
                self.record_path.unlink(missing_ok=True)
                raise self.failed(f"ended with code {code} while starting")
            if time.monotonic() > deadline:
                self.kill()
                raise self.failed(f"did not get ready in {self.ready_seconds:.0f} s")
            time.sleep(0.05)

    def last_words(self) -> str:
        """The end of what it printed."""
        return process.last_lines(self.log)

    def failed(self, how: str) -> StackError:
        """The error for a start that went wrong, with a known cause named when the log shows it."""
        end = self.last_words()
        if is_no_room(end):
            return no_room(self.home)
        return StackError(
            f"{self.name} {how}. The end of {self.log}:\n{end}\n",
            "`frontdesk doctor` checks this machine; `frontdesk up --fresh` starts again without the old data.",
        )


def is_no_room(said: str) -> bool:
    """Whether a program's words mean a full disk, a quota or a file size limit."""
    return any(words in said for words in ("No space left", "File too large", "File size limit", "quota exceeded"))


def no_room(home: Path) -> StackError:
    """The error for a disk that is full."""
    return StackError(
        f"The disk that holds {home} is full.",
        "Free some space there (about 1 GB), or use a folder on another disk with --state-dir.",
    )

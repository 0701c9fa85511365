"""What the hostile have: raw connections, WebSockets from their own address, and a look at what they cost."""

import asyncio
import base64
import json
import os
import re
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from devstack.stack import Stack
from kit.people import Guest

Json = dict[str, Any]  # Any: JSON
ADDRESS = "127.0.0.9"
MEGABYTE = 1024 * 1024
TIDY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    connections: int = 500
    sockets: int = 160
    per_address: int = 300
    sockets_per_address: int = 100
    seconds: float = 2
    per_second: int = 1_000


@dataclass(slots=True)
class Wire:
    """A raw TCP connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def until_closed(self, seconds: float) -> bytes:
        """All that came until the other side hung up.

        Raises:
            TimeoutError: it did not hang up.
        """
        async with asyncio.timeout(seconds):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    def deaf(self) -> None:
        """Read nothing from here on, so that the system's buffers fill."""
        transport = self.writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()

    def hang_up(self) -> None:
        """Leave without a word."""
        self.writer.transport.abort()


async def wire(base: str, *, address: str = ADDRESS, receive_bytes: int | None = None) -> Wire:
    """A connection to the service; `receive_bytes` makes the system's own buffer small."""
    at = urlsplit(base)
    raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    raw.setblocking(False)
    if receive_bytes is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    raw.bind((address, 0))
    await asyncio.get_running_loop().sock_connect(raw, (at.hostname, at.port))
    limit = 2**16 if receive_bytes is None else 2 * receive_bytes
    return Wire(*await asyncio.open_connection(sock=raw, limit=limit))


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """An HTTP request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "host: desk.example", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def handshake(path: str, **headers: str) -> bytes:
    """The start of a WebSocket (RFC 6455, 4.1)."""
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = {"connection": "Upgrade", "upgrade": "websocket", "sec_websocket_version": "13", "sec_websocket_key": key}
    return request("GET", path, b"", **upgrade, **headers).replace(b"content-length: 0\r\n", b"")


def frame(payload: bytes, opcode: int = 1, *, fin: bool = True, rsv1: bool = False) -> bytes:
    """One frame of a client, masked with zeros (RFC 6455, 5.2)."""
    first = bytes([fin << 7 | rsv1 << 6 | opcode])
    if len(payload) < 126:
        length = bytes([0x80 | len(payload)])
    elif len(payload) < 65_536:
        length = b"\xfe" + len(payload).to_bytes(2, "big")
    else:
        length = b"\xff" + len(payload).to_bytes(8, "big")
    return first + length + bytes(4) + payload


async def opened(base: str, guest: Guest, *, receive_bytes: int | None = None, **headers: str) -> Wire:
    """A guest's live WebSocket on a raw connection, after its hello."""
    line = await wire(base, receive_bytes=receive_bytes)
    line.writer.write(handshake(f"{guest.path}/live", **headers))
    answer = await line.reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in answer, answer
    line.writer.write(frame(json.dumps({"type": "hello", "token": guest.token}).encode()))
    return line


async def figure(stack: Stack, service: str, name: str) -> float:
    """A figure of the service's own metrics, the sum over its labels."""
    async with httpx.AsyncClient(timeout=15, trust_env=False) as http:
        shown = (await http.get(f"{stack.metrics_url(service)}/metrics")).text
    found = re.findall(rf"^{name}(?:{{[^}}]*}})? ([0-9.e+-]+)$", shown, re.MULTILINE)
    assert f"# TYPE {name} " in shown, f"{service} shows no {name}"
    return sum(map(float, found))


async def memory_megabytes(stack: Stack, service: str) -> float:
    """What the service's process holds in memory."""
    return await figure(stack, service, "process_resident_memory_bytes") / MEGABYTE


@asynccontextmanager
async def memory_stays(stack: Stack, *services: str, within_megabytes: float = 60) -> AsyncGenerator[None]:
    """The block costs the services no more memory than that, once what it left has been tidied up."""
    before = {service: await memory_megabytes(stack, service) for service in services}
    yield
    deadline = time.monotonic() + TIDY_SECONDS
    for service in services:
        while (more := await memory_megabytes(stack, service) - before[service]) >= within_megabytes:
            assert time.monotonic() < deadline, f"{service} holds {more:.0f} MB more than before"
            await asyncio.sleep(0.5)

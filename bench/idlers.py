"""A process full of idle guests: `python -m bench.idlers ADDRESS FILE SOURCE` opens their WebSockets and answers pings.

The protocol is written out here (RFC 6455, a client's half, no extensions), because ten thousand connections of a
library's would need more memory and time than the server that is measured. Prints how many are open, a line a change.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from pathlib import Path
from typing import cast

import uvloop

OPENING = 32
"""Handshakes under way side by side."""
HANDSHAKE_SECONDS = 60.0


class Idler(asyncio.Protocol):
    """One guest's connection: says hello, then only answers pings."""

    __slots__ = ("_buffer", "_hello", "_open", "_request", "_transport", "ready")

    def __init__(self, request: bytes, hello: bytes, ready: asyncio.Future[None]) -> None:
        self._request = request
        self._hello = hello
        self._buffer = b""
        self._open = False
        self.ready = ready

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class, which is no subclass
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(head[:100])
                return
            self._open, self._buffer = True, rest
            self._transport.write(frame(1, self._hello))
        while (taken := unpack(self._buffer)) is not None:
            opcode, payload, self._buffer = taken
            if opcode == 9:
                self._transport.write(frame(10, payload))
            elif opcode == 8:
                self._fail(payload[:100])
            elif opcode == 1 and not self.ready.done():
                if b'"error"' in payload[:40]:
                    self._fail(payload[:200])
                else:
                    self.ready.set_result(None)  # the first frame says in what state the conversation is

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(repr(exc).encode())

    def _fail(self, why: bytes) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(why.decode(errors="replace")))
        lost.append(why)


lost: list[bytes] = []
"""Why connections ended; empty as long as all is well."""


def frame(opcode: int, payload: bytes) -> bytes:
    """A frame as a client sends it, masked (RFC 6455, 5.2 and 5.3)."""
    key = os.urandom(4)
    size = len(payload)
    head = bytes([0x80 | opcode]) + (bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + size.to_bytes(2, "big"))
    pad = (key * (size // 4 + 1))[:size]
    return head + key + (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")


def unpack(buffer: bytes) -> tuple[int, bytes, bytes] | None:
    """The first whole frame of a server: opcode, payload, what follows; None when it has not all come."""
    if len(buffer) < 2:
        return None
    size, at = buffer[1] & 0x7F, 2
    if size > 125:
        width = 2 if size == 126 else 8
        if len(buffer) < at + width:
            return None
        size, at = int.from_bytes(buffer[at : at + width], "big"), at + width
    if len(buffer) < at + size:
        return None
    return buffer[0] & 0x0F, buffer[at : at + size], buffer[at + size :]


async def main(host: str, port: int, listed: Path, source: str) -> None:
    """Open the connections of the guests in the file, one `token conversation` a line; stay until stdin is closed."""
    guests = [line.split() for line in await asyncio.to_thread(lambda: listed.read_text().splitlines())]
    gate = asyncio.Semaphore(OPENING)
    loop = asyncio.get_running_loop()
    opened = 0

    async def one(token: str, conversation: str) -> None:
        nonlocal opened
        request = (
            f"GET /widget/conversations/{conversation}/live HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"  # as browsers offer
            f"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36\r\n"
            f"Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\nCache-Control: no-cache\r\nPragma: no-cache\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
        ).encode()
        hello = json.dumps({"type": "hello", "token": token, "after_seq": 0}).encode()
        async with gate:
            ready: asyncio.Future[None] = loop.create_future()
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await loop.create_connection(lambda: Idler(request, hello, ready), host, port, local_addr=(source, 0))
                await ready
            opened += 1

    await asyncio.gather(*(one(token, conversation) for token, conversation in guests))
    print(f"OPEN {opened}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(f"LOST {len(lost)} {lost[:1]}", flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))

"""What one connection, and one address, may take of a server: how many, how long for a header, how much unread.

uvicorn bounds bodies and frames; it waits for ever for a header's end, for a peer that does not read, and takes as many
connections as the machine has descriptors. What is over a bound here is let go without a word where nobody reads.
"""

import asyncio
from asyncio import TimerHandle
from asyncio.transports import BaseTransport
from collections import Counter
from collections.abc import Sized
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import Frame

from contracts.errors import DomainError
from servicekit.addresses import whose
from servicekit.metrics import counter
from servicekit.problems import MEDIA_TYPE, HeaderTooLarge, Malformed, problem_of
from servicekit.waiting import Gate, Line

HEADER_SECONDS = 10.0
"""How long a request's header may take to arrive, from the connection's start or the answer before."""
HEADER_BYTES = 32_768
UNREAD_SECONDS = 30.0
"""A peer that has 64 KiB waiting for that long is not reading."""
UNREAD_BYTES = 262_144
"""What may wait for a peer that only makes us answer, by pings for example."""
PIPELINED, PIECE_BYTES = 8, 8_192
"""Requests that may wait for the one before them, and how much is parsed at a time: a request of 20 bytes becomes
kilobytes once it is parsed, and uvicorn parses all that comes."""
CLOSING_SECONDS = 15.0
"""How long a WebSocket that is done with may take to close."""
FRAGMENTS = 1_024
"""Fragments of one message: empty ones cost memory and count for nothing against its size."""
_LET_GO = counter("connections_let_go_total", "Connections ended for taking more than their share", "reason")
_PHRASES = {400: "Bad Request", 431: "Request Header Fields Too Large"}


@dataclass(slots=True)
class Door:
    """Counts the connections of each address; trusted proxies speak for many and are not counted.

    Attributes:
        per_address: connections that one address may have at a time.
        trusted_proxies: as the setting: addresses and networks, separated by commas, or `*`.
    """

    per_address: int
    trusted_proxies: str
    _inside: Counter[str] = field(default_factory=Counter[str])
    _trusted: Any = None  # Any: uvicorn's own matcher of addresses and networks

    def __post_init__(self) -> None:
        async def nothing(*_: object) -> None: ...

        self._trusted = ProxyHeadersMiddleware(nothing, self.trusted_proxies).trusted_hosts

    def enter(self, address: str) -> bool:
        """Whether there is room for one more of that address; then it is counted until `leave`."""
        if address in self._trusted:
            return True
        if self._inside[whose(address)] >= self.per_address:
            return False
        self._inside[whose(address)] += 1
        return True

    def leave(self, address: str) -> None:
        """One of that address is gone."""
        if address in self._trusted:
            return
        self._inside[whose(address)] -= 1
        if self._inside[whose(address)] <= 0:
            del self._inside[whose(address)]


class Config(uvicorn.Config):
    """uvicorn's, with the door that all connections of the server share."""

    door: Door


class _TooMuchHeader(Exception):
    """Raised inside the parser."""


def _refusal(error: DomainError) -> bytes:
    """A problem as the bytes of an answer, where there is no application to give it."""
    status, body = error.status, problem_of(error).model_dump_json(exclude_none=True)
    head = (
        f"HTTP/1.1 {status} {_PHRASES[status]}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body.encode())}\r\nconnection: close\r\n\r\n"
    )
    return (head + body).encode()


class _Flow(FlowControl):
    """uvicorn's, which reads on whenever an application reads a body; we only while few requests wait."""

    def __init__(self, transport: asyncio.Transport, waiting: Sized) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        """Read on, if there is room for a request."""
        if len(self._waiting) < PIPELINED:
            super().resume_reading()


class HttpProtocol(HttpToolsProtocol):
    """An HTTP connection that keeps within the bounds."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: as uvicorn has it
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(config, Config)
        self._door = config.door
        self._inside: str | None = None
        self._held = b""
        self._asked = False
        self._header_bytes = self._size = 0
        self._too_large = False
        self._header_timer: TimerHandle | None = None
        self._unread_timer: TimerHandle | None = None
        self._closing_timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A new connection, if its address may have one more."""
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline)
        address = self.client[0] if self.client else ""
        if not self._door.enter(address):
            _let_go(transport, "address")
            return
        self._inside = address
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._header_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        super().connection_lost(exc)
        self._leave()

    def data_received(self, data: bytes) -> None:
        """More of a request, or more requests; those that came before their turn wait as the bytes that they are."""
        self._held = self._held + data if self._held else data
        self._feed()

    def on_response_complete(self) -> None:
        """An answer is out: then there is room for a request."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._see_closed()
            return
        self._feed()
        self.flow.resume_reading()

    def _feed(self) -> None:
        while self._held and self._inside is not None and not self.transport.is_closing():
            if len(self.pipeline) >= PIPELINED:
                self.flow.pause_reading()
                return
            piece, self._held = self._held[:PIECE_BYTES], self._held[PIECE_BYTES:]
            super().data_received(piece)
            self._watch_header(len(piece))
        self._held = b""

    def _watch_header(self, size: int) -> None:
        if self._inside is None or self.transport.is_closing():
            return  # it became a WebSocket, or was refused
        if self._asked and not self.cycle.response_complete:
            self._header_bytes = 0
            return
        self._header_bytes += size  # of one header that has no end yet, the parser tells nothing
        if self._header_bytes > HEADER_BYTES:
            self._too_large = True
            self.send_400_response("")
        elif self._header_timer is None and self.timeout_keep_alive_task is None:
            self._header_timer = self.loop.call_later(HEADER_SECONDS, self._header_is_late)

    def on_message_begin(self) -> None:
        """The parser saw the start of a request."""
        super().on_message_begin()
        self._size = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or one trailer.

        Raises:
            _TooMuchHeader: all of them together are too large.
        """
        self._size += len(name) + len(value)
        if self._size > HEADER_BYTES:
            self._too_large = True
            raise _TooMuchHeader
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The header is there."""
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None
        super().on_headers_complete()
        self._asked = True

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read, as a problem."""
        del msg
        if self._too_large:
            detail = f"at most {HEADER_BYTES} bytes are read"
            self.transport.write(_refusal(HeaderTooLarge(detail)))
        else:
            self.transport.write(_refusal(Malformed()))
        self.transport.close()
        self._see_closed()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; it is counted there from now on."""
        self._leave()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """The peer reads slower than we write."""
        super().pause_writing()
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(UNREAD_SECONDS, _let_go, self.transport, "unread")

    def resume_writing(self) -> None:
        """The peer has read."""
        super().resume_writing()
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """Nothing was asked for a while."""
        if self.transport.get_write_buffer_size():
            _let_go(self.transport, "unread")
        else:
            super().timeout_keep_alive_handler()

    def _see_closed(self) -> None:
        """Closing waits for the peer to read what is left, and has no end of its own."""
        if self._closing_timer is None and self._inside is not None:
            self._closing_timer = self.loop.call_later(UNREAD_SECONDS, _let_go, self.transport, "unread")

    def _header_is_late(self) -> None:
        self._header_timer = None
        _let_go(self.transport, "header")

    def _leave(self) -> None:
        for timer in (self._header_timer, self._unread_timer, self._closing_timer):
            if timer is not None:
                timer.cancel()
        self._header_timer = self._unread_timer = self._closing_timer = None
        if self._inside is not None:
            self._door.leave(self._inside)
            self._inside = None


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket that keeps within the bounds."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # Any: as uvicorn has it
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(config, Config)
        self.queue = Line()  # type: ignore[assignment]  # in the place of asyncio's: ten thousand of them wait idle
        self.writable = Gate()  # type: ignore[assignment]
        self._door = config.door
        self._inside: str | None = None
        self._unread_timer: TimerHandle | None = None
        self._closing_timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Taken over from HTTP, where there was room for it a moment ago."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if self._door.enter(address):
            self._inside = address

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        super().connection_lost(exc)
        self._cancel()
        if self._closing_timer is not None:
            self._closing_timer.cancel()
        if self._inside is not None:
            self._door.leave(self._inside)
            self._inside = None

    def data_received(self, data: bytes) -> None:
        """The handshake, whole, and then frames.

        A handshake that the parser refuses is no event for uvicorn: nobody would answer it, or ever hang up.
        """
        super().data_received(data)
        if not self.handshake_initiated and not self.transport.is_closing():
            self.transport.write(_refusal(Malformed("the handshake")))
            self.transport.close()
            self._see_closed()

    async def send(self, message: Any) -> None:  # Any: an ASGI message
        """What the application says. Once it has accepted, nobody needs the handshake any more."""
        await super().send(message)
        if message["type"] == "websocket.accept" and self.handshake_complete:
            self.request.headers.clear()  # the parser keeps the request for as long as it lives
            del self.request, self.response

    def pause_writing(self) -> None:
        """The peer reads slower than we write."""
        super().pause_writing()
        if self._unread_timer is None:
            self._unread_timer = self.loop.call_later(UNREAD_SECONDS, _let_go, self.transport, "unread")

    def resume_writing(self) -> None:
        """The peer has read."""
        super().resume_writing()
        self._cancel()

    def handle_ping(self) -> None:
        """Answer, unless the answers pile up."""
        super().handle_ping()
        if self.transport.get_write_buffer_size() > UNREAD_BYTES:
            _let_go(self.transport, "unread")

    def handle_cont(self, event: Frame) -> None:
        """More of a message that comes in fragments."""
        if len(self.frames) >= FRAGMENTS:
            _let_go(self.transport, "fragments")
            return
        super().handle_cont(event)

    def keepalive_timeout(self) -> None:
        """The peer has not answered a ping."""
        super().keepalive_timeout()
        if self.transport.get_write_buffer_size():
            _let_go(self.transport, "unread")

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The application is done with it: if the peer does not let us close, we hang up."""
        super().on_task_complete(task)
        if not self.disconnected:
            self._see_closed()

    def _see_closed(self) -> None:
        if self._closing_timer is None:
            self._closing_timer = self.loop.call_later(CLOSING_SECONDS, _let_go, self.transport, "closing")

    def _cancel(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None


def _let_go(transport: asyncio.Transport, reason: str) -> None:
    _LET_GO.labels(reason).inc()
    transport.abort()

"""The outermost layer of every request: trace, limits, headers, figures, one log line; and no error without a problem."""

import asyncio
import collections
import time
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any

from fastapi import Response
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect
from structlog.contextvars import bind_contextvars, clear_contextvars

from contracts.errors import DomainError
from servicekit.addresses import whose
from servicekit.failures import refusal_of
from servicekit.logging import log
from servicekit.metrics import HTTP_IN_FLIGHT, HTTP_REQUESTS, HTTP_SECONDS, WEBSOCKETS_OPEN
from servicekit.problems import (
    TYPE_PREFIX,
    Malformed,
    Problem,
    TimedOut,
    TooLarge,
    TooManyRequests,
    problem_response,
    response_of,
)
from servicekit.tracing import current_trace_id, span

TRACE_HEADER = b"x-trace-id"
LINGER_SECONDS, LINGER_BYTES = 1.0, 4 * 1024 * 1024
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
}
"""For JSON that belongs to whoever asked; a route's own headers win."""


class Front:
    """ASGI middleware, outside of everything else of the service."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: str,
        body_limit_bytes: int,
        large_bodies: Mapping[str, int] | None = None,
        timeout_seconds: float,
        sockets_per_address: int = 500,
    ) -> None:
        self._app = app
        self._service = service
        self._body_limit_bytes = body_limit_bytes
        self._large_bodies = large_bodies or {}
        self._timeout_seconds = timeout_seconds
        self._sockets_per_address = sockets_per_address
        self._sockets: collections.Counter[str] = collections.Counter()
        self._in_flight = HTTP_IN_FLIGHT.labels(service)
        self._figures: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        clear_contextvars()
        bind_contextvars(service=self._service)
        if scope["type"] == "websocket":
            client: tuple[str, int] | None = scope.get("client")
            with self._place(whose(client[0]) if client else "") as found:
                if found:
                    await self._websocket(scope, receive, send)
                else:
                    refusal = TooManyRequests("too many WebSockets from one address", retry_after_seconds=30)
                    await response_of(refusal)(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    @contextmanager
    def _place(self, address: str) -> Generator[bool]:
        """Whether that client may have one more WebSocket; counted until the end of the block."""
        if self._sockets[address] >= self._sockets_per_address:
            yield False
            return
        self._sockets[address] += 1
        try:
            yield True
        finally:
            self._sockets[address] -= 1
            if not self._sockets[address]:
                del self._sockets[address]

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        body = _Body(scope, receive, self._large_bodies.get(scope["path"], self._body_limit_bytes))
        answer = _Answer(send, body)
        self._in_flight.inc()
        method: str = scope["method"]
        with span(method, kind="server", traceparent=_header(scope, "traceparent"), service=self._service) as current:
            try:
                await self._answer(scope, body, answer)
            finally:
                seconds = time.perf_counter() - began
                self._in_flight.dec()
                route = route_template(scope)
                self._count(method if route != "unmatched" else "OTHER", route, answer.status, seconds)
                current.update_name(f"{method} {route}")
                current.set_attributes({"http.route": route, "http.response.status_code": answer.status})
                log.info(
                    "http.request",
                    method=method,
                    route=route,
                    status=answer.status,
                    milliseconds=round(seconds * 1000, 2),
                    bytes=answer.bytes,
                )

    def _count(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        if key not in self._figures:
            requests = HTTP_REQUESTS.labels(self._service, method, route, status)
            self._figures[key] = requests, HTTP_SECONDS.labels(self._service, method, route)
        requests, took = self._figures[key]
        requests.inc()
        took.observe(seconds)

    async def _answer(self, scope: Scope, body: "_Body", answer: "_Answer") -> None:
        """Run the application; whatever it raises becomes an answer, unless one has begun."""
        limit = asyncio.timeout(self._timeout_seconds)
        try:
            _refuse_nul(scope)
            body.refuse_announced()
            async with limit:
                answer.limit = limit
                await self._app(scope, body, answer)
        except TimeoutError as error:
            answer.limit = None
            if not limit.expired():
                await self._failed(error, scope, body, answer)
            elif not answer.started:
                log.warning("http.timed_out", route=route_template(scope), seconds=self._timeout_seconds)
                await response_of(TimedOut(f"not done within {self._timeout_seconds:g} s"))(scope, body, answer)
        except Exception as error:
            answer.limit = None
            await self._failed(error, scope, body, answer)

    async def _failed(self, error: Exception, scope: Scope, body: "_Body", answer: "_Answer") -> None:
        refusal = refusal_of(error)
        if refusal is None or not isinstance(error, DomainError):
            log.error(
                "http.failed", route=route_template(scope), status=refusal.status if refusal else 500, exc_info=error
            )
        if answer.started:
            raise error  # the server cuts the connection, so that nobody takes half an answer for a whole one
        await (response_of(refusal) if refusal else unexpected())(scope, body, answer)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        socket = _Socket(scope, send, self._service)
        try:
            await self._app(scope, receive, socket)
        except WebSocketDisconnect:
            pass
        except Exception as error:
            refusal = refusal_of(error)
            log.error("websocket.failed", route=route_template(scope), exc_info=error)
            await socket.fail(1013 if refusal is not None and refusal.status == 503 else 1011)
        finally:
            socket.done()
            route, seconds = route_template(scope), round(time.perf_counter() - began, 3)
            log.info("websocket.closed", route=route, seconds=seconds, code=socket.code)


class _Answer:
    """The way out of a request: adds the headers, and knows what was sent."""

    def __init__(self, send: Send, body: "_Body") -> None:
        self._send = send
        self._request_body = body
        self.started = False
        self.status = 500
        self.bytes = 0
        self.limit: asyncio.Timeout | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers: list[tuple[bytes, bytes]] = list(message["headers"])
            given = {name for name, _ in headers}
            headers += [(name, value) for name, value in _HEADERS.items() if name not in given]
            trace_id = current_trace_id()
            if trace_id:
                headers.append((TRACE_HEADER, trace_id.encode()))
            if not self._request_body.finished and b"connection" not in given:
                headers.append((b"connection", b"close"))  # what is still coming is not read as a request
            message = {**message, "headers": headers}
            if self.limit is not None:
                self.limit.reschedule(None)  # a stream may go on for as long as it is read
        elif message["type"] == "http.response.body":
            self.bytes += len(message.get("body", b""))
            if self.status == 413 and not message.get("more_body"):
                await self._send({**message, "more_body": True})
                await self._request_body.linger()
                message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)


class _Body:
    """The way in: no more than the limit, whether the length was announced or the body comes in chunks."""

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._read = 0
        self._announced = _header(scope, "content-length")
        self.finished = self._announced in (None, "0") and _header(scope, "transfer-encoding") is None

    def refuse_announced(self) -> None:
        """Raises: TooLarge: the length announced is over the limit."""
        if self._announced and self._announced.isdigit() and int(self._announced) > self._limit:
            raise TooLarge(f"at most {self._limit} bytes are read")

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._read += len(message.get("body", b""))
            self.finished = not message.get("more_body")
            if self._read > self._limit:
                raise BodyTooLarge(self._limit)
        return message

    async def linger(self) -> None:
        """Read on for a while and throw it away: closed at once, the other side would lose the answer in a reset."""
        left = max(LINGER_BYTES, 2 * self._limit)  # a file a little too large is told so
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while left > 0:
                    message = await self._receive()
                    if message["type"] != "http.request" or not message.get("more_body"):
                        return
                    left -= len(message.get("body", b""))


class BodyTooLarge(Exception):
    """Raised in the middle of reading; not a DomainError's own handler's business, so that `Front` answers it."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit} bytes are read")


class _Socket:
    """The way out of a WebSocket: counts it as open from accept to close."""

    def __init__(self, scope: Scope, send: Send, service: str) -> None:
        self._scope = scope
        self._send = send
        self._service = service
        self._open: Any = None  # Any: prometheus_client's labelled gauge
        self.accepted = self.closed = False
        self.code: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "websocket.accept":
            self.accepted = True
            self._open = WEBSOCKETS_OPEN.labels(self._service, route_template(self._scope))
            self._open.inc()
        elif message["type"] in ("websocket.close", "websocket.http.response.start"):
            self.closed = True
            self.code = message.get("code", message.get("status"))
        await self._send(message)

    async def fail(self, code: int) -> None:
        """Close after an unexpected error, if that is still possible."""
        if not self.closed:
            await self({"type": "websocket.close", "code": code, "reason": current_trace_id() or ""})

    def done(self) -> None:
        """No longer open."""
        if self._open is not None:
            self._open.dec()
            self._open = None


def unexpected() -> Response:
    """The 500: a trace id and nothing of the inside."""
    return problem_response(
        Problem(
            type=TYPE_PREFIX + "internal",
            title="Something went wrong here",
            status=500,
            detail="We have been told. Name the trace id when you ask about it.",
            trace_id=current_trace_id(),
        )
    )


def route_template(scope: MutableMapping[str, Any]) -> str:  # Any: as ASGI has it
    """The route's path as declared, e.g. `/articles/{article_id}`; `unmatched` where there is none. Never the raw path."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    for holder in (getattr(context, "starlette_route", None), context, scope.get("route")):
        template = getattr(holder, "path_format", None) or getattr(holder, "path", None)
        if template:
            return str(template)
    return "unmatched"


def _header(scope: Scope, name: str) -> str | None:
    return Headers(scope=scope).get(name)


def _refuse_nul(scope: Scope) -> None:
    if "\x00" in scope["path"]:
        raise Malformed("the path contains a NUL character", pointer="path:")
    if b"%00" in scope.get("query_string", b""):
        raise Malformed("the query contains a NUL character", pointer="query:")

"""What one connection and one address may take: raw bytes against a server in this process."""

import asyncio
import base64
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from starlette.types import Message, Receive, Scope, Send

from servicekit import connections
from servicekit.server import HttpServer

GET = b"GET / HTTP/1.1\r\nhost: a\r\n"
PATIENCE_SECONDS = 10.0
CROWD = 3
WORK_SECONDS = 0.001
STRANGER = "127.0.0.9"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a request once it has read it; sends to a WebSocket for as long as that reads."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            await send({"type": "websocket.send", "text": "x" * 10_000})
        return
    message: Message = {"more_body": True}
    while message.get("more_body"):
        message = await receive()
    await asyncio.sleep(WORK_SECONDS)
    body = b"x" * int(scope["path"].removeprefix("/") or 2)
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[HttpServer]:
    """With short patience."""
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.3)
    monkeypatch.setattr(connections, "UNREAD_SECONDS", 0.3)
    running = HttpServer(application, "127.0.0.1", 0, connections_per_address=CROWD)
    await running.start()
    yield running
    await running.stop()


@asynccontextmanager
async def wire(
    server: HttpServer, address: str = "127.0.0.1"
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A raw connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """All that came until the server hung up."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def answered(server: HttpServer, address: str = "127.0.0.1") -> bool:
    """Whether a request of good manners gets through."""
    async with wire(server, address) as (reader, writer):
        writer.write(GET + b"connection: close\r\n\r\n")
        return b" 200 " in await until_closed(reader)


@pytest.mark.parametrize("said", [b"", GET, b"\r\n" * 4], ids=["nothing", "half a header", "empty lines"])
async def test_a_header_that_does_not_come_is_not_waited_for(server: HttpServer, said: bytes) -> None:
    async with wire(server) as (reader, writer):
        writer.write(said)
        assert await until_closed(reader) == b""


async def test_half_a_second_request_is_not_waited_for_either(server: HttpServer) -> None:
    async with wire(server) as (reader, writer):
        writer.write(GET + b"\r\n")
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(GET)
        await until_closed(reader)


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"], ids=["without end", "with an end"])
async def test_a_header_that_is_too_large_is_a_problem(server: HttpServer, end: bytes) -> None:
    async with wire(server) as (reader, writer):
        writer.write(GET + b"x: " + b"y" * 2 * connections.HEADER_BYTES + end)
        answer = await until_closed(reader)
    assert b" 431 " in answer
    assert b"application/problem+json" in answer


async def test_what_is_no_http_is_a_problem(server: HttpServer) -> None:
    async with wire(server) as (reader, writer):
        writer.write(b"\x16\x03\x01 nonsense\r\n\r\n")
        answer = await until_closed(reader)
    assert b" 400 " in answer
    assert b"application/problem+json" in answer


async def test_an_address_gets_its_share_and_others_are_served(server: HttpServer) -> None:
    crowd = [await asyncio.open_connection("127.0.0.1", server.port, local_addr=(STRANGER, 0)) for _ in range(CROWD)]
    async with wire(server, STRANGER) as (reader, _):
        assert await until_closed(reader) == b"", "hung up on at once"
    assert await answered(server)
    for reader, _ in crowd:
        await until_closed(reader)
    assert await answered(server, STRANGER), "there is room again"


async def test_a_trusted_proxy_may_have_as_many_as_it_likes(server: HttpServer) -> None:
    crowd = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3 * CROWD)]
    assert await answered(server)
    for _, writer in crowd:
        writer.transport.abort()


async def test_every_request_of_a_long_pipeline_is_answered(server: HttpServer) -> None:
    body = b"POST / HTTP/1.1\r\ncontent-length: 100000\r\n\r\n" + b"z" * 100_000
    async with wire(server) as (reader, writer):
        writer.write((GET + b"\r\n") * 1_000 + body + GET + b"connection: close\r\n\r\n")
        assert (await until_closed(reader)).count(b"HTTP/1.1 200") == 1_002


async def test_who_does_not_read_answers_is_let_go(server: HttpServer) -> None:
    async with wire(server, STRANGER) as (_, writer):
        transport = writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()
        writer.write(b"GET /20000000 HTTP/1.1\r\nhost: a\r\n\r\n")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await _alone(server):
                continue


@pytest.mark.parametrize("frame", [b"\x81\x80" + bytes(4), b"\x89\xfd" + bytes(4 + 125)], ids=["messages", "pings"])
async def test_who_does_not_read_a_websocket_is_let_go(server: HttpServer, frame: bytes) -> None:
    key = base64.b64encode(bytes(16))
    async with wire(server, STRANGER) as (reader, writer):
        writer.write(
            GET + b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
            b"sec-websocket-key: " + key + b"\r\n\r\n"
        )
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        transport = writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await _alone(server):
                try:
                    writer.write(frame * 5_000)
                    async with asyncio.timeout(0.1):
                        await writer.drain()
                except (TimeoutError, ConnectionError):
                    await asyncio.sleep(0.02)


async def _alone(server: HttpServer) -> bool:
    """Whether the stranger's whole share is free again."""
    crowd = [await asyncio.open_connection("127.0.0.1", server.port, local_addr=(STRANGER, 0)) for _ in range(CROWD)]
    for _, writer in crowd:
        writer.write(GET + b"connection: close\r\n\r\n")
    answers = [await until_closed(reader) for reader, _ in crowd]
    for _, writer in crowd:
        writer.transport.abort()
    return all(b" 200 " in answer for answer in answers)


async def test_bytes_that_wait_behind_a_pipeline_are_not_taken_in(server: HttpServer) -> None:
    """An application that reads a request's body makes uvicorn read on."""
    post = b"POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\nx"
    async with wire(server) as (reader, writer):
        taken: list[int] = []

        async def pour() -> None:
            while True:
                writer.write(post * 5_000)
                await writer.drain()
                taken.append(5_000 * len(post))

        pouring = asyncio.create_task(pour())
        for _ in range(30):
            await reader.readuntil(b"\r\n\r\n")
        pouring.cancel()
    assert sum(taken) < 8_000_000, "what the sockets' own buffers hold, not more with every answer"


async def test_a_handshake_that_cannot_be_read_is_refused(server: HttpServer) -> None:
    many = b"".join(b"x-%d: y\r\n" % number for number in range(200))
    async with wire(server, STRANGER) as (reader, writer):
        writer.write(GET + b"connection: upgrade\r\nupgrade: websocket\r\n" + many + b"\r\n")
        assert b" 400 " in await until_closed(reader)
    assert await _alone(server)


async def test_who_leaves_the_end_of_a_last_answer_unread_is_let_go(server: HttpServer) -> None:
    """What is left is too little for anybody to have stopped writing."""
    async with wire(server, STRANGER) as (_, writer):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        transport = writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        transport.pause_reading()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not _unread(server):
                writer.write(b"GET /30000 HTTP/1.1\r\nhost: a\r\n\r\n")
                await asyncio.sleep(0.02)
            assert _unread(server) < 65_536
            writer.write(GET + b"connection: close\r\n\r\n")
            while not await _alone(server):
                continue


def _unread(server: HttpServer) -> int:
    """Bytes that wait in the server for somebody to read."""
    return sum(
        one.transport.get_write_buffer_size()
        for one in server._server.server_state.connections  # pyright: ignore[reportPrivateUsage]
        if isinstance(one, connections.HttpProtocol)
    )

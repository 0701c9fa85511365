"""What the gateway passes on arrives as it came, where it says, and nowhere else."""

import asyncio
import json
from collections.abc import AsyncGenerator
from http import HTTPStatus
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from gateway.app import service
from servicekit.ids import new_id
from servicekit.testing import RunningService, StartService, TokenIssuer

LINDENHOF = UUID("01900000-0000-7000-8000-000000000001")


def echo_of_path(connection: ServerConnection, request: Request) -> Response | None:
    """What a plain request asked for, and from which site; WebSockets go on."""
    if "Upgrade" in request.headers:
        return None
    return connection.respond(HTTPStatus.OK, f"{request.path} {request.headers.get('Origin', '')}")


async def falls_over(connection: ServerConnection) -> None:
    """Say something, and be gone as after kill -9."""
    await connection.recv()
    await connection.send("hello")
    connection.transport.abort()


@pytest.fixture(scope="module")
async def front(service_app: StartService) -> AsyncGenerator[RunningService]:
    """The gateway before a conversation service that says what it was asked for."""
    async with serve(falls_over, "127.0.0.1", 0, process_request=echo_of_path) as behind:
        port = behind.sockets[0].getsockname()[1]
        yield await service_app(
            service,
            session_key="a key for tests, thirty-two characters",
            conversation_url=f"http://127.0.0.1:{port}",
        )


@pytest.mark.parametrize(
    "path", ["/widget/%2E%2E/articles", "/widget/..%2Fconversations", "/widget/x/%2e%2e/%2e%2e/openapi.json"]
)
async def test_a_widgets_address_leads_to_no_other_route(front: RunningService, path: str) -> None:
    answer = await front.client().get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_an_id_of_dots_leads_to_no_other_route(front: RunningService, issuer: TokenIssuer) -> None:
    client = front.client(issuer.token(hotel_id=LINDENHOF, role="admin"))
    assert (await client.get("/api/articles/%2E%2E")).status_code == 404


async def test_a_path_and_its_query_arrive_as_they_came(front: RunningService) -> None:
    answer = await front.client().get("/widget/a%3Fb%23c%25d%20e/f?after_seq=3&x=%26")
    assert answer.text == "/widget/a%3Fb%23c%25d%20e/f?after_seq=3&x=%26 "


async def test_a_widget_on_a_strangers_site_is_known_as_such_behind_the_gateway(front: RunningService) -> None:
    answer = await front.client(origin="https://stranger.example").get("/widget/conversations/current")
    assert answer.text == "/widget/conversations/current https://stranger.example"


async def test_a_guest_whose_conversation_service_dies_is_told_to_come_back(front: RunningService) -> None:
    url = f"{front.url.replace('http', 'ws', 1)}/widget/conversations/{new_id()}/live"
    async with connect(url, proxy=None) as socket:
        await socket.send(json.dumps({"type": "hello"}))
        assert await socket.recv() == "hello"
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    assert socket.close_code == 1013


async def test_a_file_goes_on_piece_by_piece_and_one_that_breaks_off_is_not_taken_for_whole(
    service_app: StartService, issuer: TokenIssuer
) -> None:
    asked: list[bytes] = []
    go_on, break_off = asyncio.Event(), asyncio.Event()

    async def export(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Identity, which sends a line, waits, sends another, waits, and is gone."""
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        head = "HTTP/1.1 200 OK\r\ncontent-type: application/jsonl\r\ntransfer-encoding: chunked\r\n"
        writer.write(f'{head}content-disposition: attachment; filename="audit.jsonl"\r\n\r\n'.encode())
        for line, then in ((b"one\n", go_on), (b"two\n", break_off)):
            writer.write(b"4\r\n" + line + b"\r\n")
            await writer.drain()
            await then.wait()
        writer.transport.abort()

    async with await asyncio.start_server(export, "127.0.0.1", 0) as identity:
        url = f"http://127.0.0.1:{identity.sockets[0].getsockname()[1]}"
        gateway = await service_app(
            service,
            session_key="a key for tests, thirty-two characters",
            identity_url=url,
            jwks_url=f"{issuer.url}/.well-known/jwks.json",
        )
        client = gateway.client(issuer.token(hotel_id=LINDENHOF, role="admin"))
        async with client.stream("GET", "/api/audit/export?format=jsonl") as answer:
            assert answer.headers["content-disposition"] == 'attachment; filename="audit.jsonl"'
            pieces = answer.aiter_bytes()
            assert await anext(pieces) == b"one\n"
            go_on.set()
            assert await anext(pieces) == b"two\n"
            break_off.set()
            with pytest.raises(httpx.RemoteProtocolError):
                await anext(pieces)
    assert asked == [b"GET /audit/export?format=jsonl HTTP/1.1"]


async def test_who_may_not_read_the_log_is_refused_at_the_gateway(front: RunningService, issuer: TokenIssuer) -> None:
    answer = await front.client(issuer.token(hotel_id=LINDENHOF, role="staff")).get("/api/audit/export")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")

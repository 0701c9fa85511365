"""What the gateway passes on arrives as it came, where it says, and nowhere else."""

import json
from collections.abc import AsyncGenerator
from http import HTTPStatus
from uuid import UUID

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

"""The widget behind the gateway: its opening view in time or not at all, and the sites that may read the answers."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from types import SimpleNamespace

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from gateway.app import service
from servicekit.ids import new_id
from servicekit.testing import RunningService, StartService

OWN, STRANGER = "https://www.lindenhof.example", "https://stranger.example"
HOTEL = {"name": "Hotel Lindenhof", "slug": "lindenhof", "hours": {"open_now": True}}


@pytest.fixture(scope="module")
def mood() -> SimpleNamespace:
    """How long the conversation service takes, and what it was asked."""
    return SimpleNamespace(seconds=0.0, asked=[])


@asynccontextmanager
async def conversation_service(mood: SimpleNamespace) -> AsyncGenerator[int]:
    """A conversation service that lets OWN read its answers and refuses STRANGER, as the real one does."""

    async def answer(connection: ServerConnection, request: Request) -> Response | None:
        mood.asked.append(f"{request.path} {request.headers.get('X-Forwarded-For')}")
        await asyncio.sleep(mood.seconds)
        if "Upgrade" in request.headers:
            return None
        origin = request.headers.get("Origin")
        if origin == STRANGER:
            return connection.respond(HTTPStatus.FORBIDDEN, json.dumps({"type": "origin-not-allowed"}))
        found = connection.respond(HTTPStatus.OK, json.dumps({"hotel": HOTEL}))
        if origin:
            found.headers["Access-Control-Allow-Origin"] = origin
            found.headers["Vary"] = "Origin"
        return found

    async def say_where_from(connection: ServerConnection) -> None:
        assert connection.request is not None
        await connection.send(connection.request.headers.get("Origin", "nowhere"))

    async with serve(say_where_from, "127.0.0.1", 0, process_request=answer) as behind:
        yield behind.sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
async def front(service_app: StartService, mood: SimpleNamespace) -> AsyncGenerator[RunningService]:
    """The gateway before it."""
    async with conversation_service(mood) as port:
        yield await service_app(
            service,
            session_key="a key for tests, thirty-two characters",
            conversation_url=f"http://127.0.0.1:{port}",
            opening_timeout_seconds=0.3,
        )


async def test_the_opening_view_is_the_hotel_and_what_the_desk_tells(
    front: RunningService, mood: SimpleNamespace
) -> None:
    answer = await front.client(origin=OWN).get("/widget/opening?hotel=lindenhof&language=de")
    assert answer.status_code == 200
    nobody = {"status": "unavailable"}
    assert answer.json() == {"hotel": HOTEL, "on_duty": nobody, "expected_wait": nobody}
    assert mood.asked[-1] == "/widget/opening?hotel=lindenhof&language=de 127.0.0.1"
    assert answer.headers["access-control-allow-origin"] == OWN
    headers = {"if-none-match": answer.headers["etag"]}
    assert (await front.client(origin=OWN).get("/widget/opening?hotel=lindenhof", headers=headers)).status_code == 304


async def test_an_opening_view_that_takes_too_long_is_given_up_so_that_the_widget_asks_elsewhere(
    front: RunningService, mood: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mood, "seconds", 5)
    began = time.monotonic()
    answer = await front.client(origin=OWN).get("/widget/opening?hotel=lindenhof")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:frontdesk:problem:service-unavailable")
    assert time.monotonic() - began < 3, "well before the conversation service would have answered"
    assert answer.headers["access-control-allow-origin"] == OWN, "the widget reads what is the matter"


@pytest.mark.parametrize("path", ["/widget/opening?hotel=lindenhof", "/widget/conversations/current"])
async def test_a_site_that_the_conversation_service_refuses_is_refused(front: RunningService, path: str) -> None:
    answer = await front.client(origin=STRANGER).get(path)
    assert (answer.status_code, answer.json()) == (403, {"type": "origin-not-allowed"})
    allowed = await front.client(origin=OWN).get(path)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, OWN)


async def test_a_browser_asks_the_gateway_first_and_may(front: RunningService) -> None:
    headers = {"origin": OWN, "access-control-request-method": "POST"}
    answer = await front.client().options("/widget/sessions", headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, OWN)
    assert "access-control-allow-origin" not in (await front.client().options("/api/inbox", headers=headers)).headers


async def test_the_conversation_service_learns_from_which_site_a_socket_comes(front: RunningService) -> None:
    url = f"{front.url.replace('http', 'ws', 1)}/widget/conversations/{new_id()}/live"
    async with connect(url, proxy=None, origin=OWN) as line:  # type: ignore[arg-type]  # websockets has a name for it
        assert await line.recv() == OWN

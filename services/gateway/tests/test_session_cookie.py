"""The dashboard's cookie: what it opens, and what a foreign page can't do with it."""

import asyncio
import time
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.adapters.services import Services
from gateway.adapters.sessions import Session
from gateway.adapters.upstream import Upstream
from gateway.domain.cookie import COOKIE
from gateway.routes.passing_on import ROUTES
from servicekit.testing import RunningService, TokenIssuer

LINDENHOF = UUID("01900000-0000-7000-8000-000000000001")


@pytest.fixture
async def browser(gateway: RunningService, issuer: TokenIssuer) -> httpx.AsyncClient:
    """A browser that is signed in."""
    session_id = await gateway.runtime.resources.sessions.create(
        Session(
            access_token=issuer.token(hotel_id=LINDENHOF, role="staff"),
            expires_at=time.time() + 600,
            refresh_token="refresh",
            csrf_token="the-csrf-token",
            profile='{"user": {"id": "u"}, "hotel": null, "role": "staff", "scopes": []}',
        )
    )
    client = gateway.client()
    client.cookies.set(COOKIE, session_id)
    return client


async def test_the_cookie_tells_who_is_signed_in(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/session")
    assert answer.status_code == 200
    assert answer.json()["csrf_token"] == "the-csrf-token"


async def test_changing_something_takes_the_csrf_token(browser: httpx.AsyncClient) -> None:
    path = f"/api/conversations/{LINDENHOF}/take-over"
    without = await browser.post(path, json={})
    wrong = await browser.post(path, json={}, headers={"x-csrf-token": "guessed"})
    right = await browser.post(path, json={}, headers={"x-csrf-token": "the-csrf-token"})
    assert [without.status_code, wrong.status_code] == [403, 403]
    assert without.json()["type"] == "urn:frontdesk:problem:csrf-token-missing"
    assert right.status_code == 503, "let through; the service behind is down"


async def test_a_made_up_cookie_is_unauthenticated(gateway: RunningService) -> None:
    client = gateway.client()
    client.cookies.set(COOKIE, "made-up")
    answer = await client.get("/api/inbox")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_session_whose_token_a_withdrawn_key_signed_is_refreshed_unnoticed(
    gateway: RunningService, browser: httpx.AsyncClient, issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[httpx.Request] = []

    def identity(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        tokens = {"access_token": sound, "expires_in": 600, "refresh_token": "refresh-2"}
        profile = {"user": {"id": "u"}, "hotel": None, "role": "staff", "scopes": []}
        return httpx.Response(200, json=tokens | profile)

    sound = issuer.sign({"sub": "any"}, kid="sound")
    behind = Upstream("identity", httpx.AsyncClient(transport=httpx.MockTransport(identity), base_url="http://there"))
    there = replace(gateway.runtime.resources, services=Services(behind, behind, behind))
    monkeypatch.setattr(gateway.runtime, "resources", there)
    assert (await browser.get("/api/session")).status_code == 200
    assert asked == []
    monkeypatch.setattr(gateway.runtime.deny, "_keys", {issuer.kid})
    for _ in range(2):
        assert (await browser.get("/api/session")).status_code == 200
    assert [request.url.path for request in asked] == ["/tokens/refresh"], "once: the next one is sound"


async def test_a_page_of_another_site_cannot_open_the_live_stream_with_the_cookie(
    gateway: RunningService, browser: httpx.AsyncClient
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(
            f"{gateway.url.replace('http', 'ws', 1)}/api/live",
            additional_headers={"cookie": f"{COOKIE}={browser.cookies[COOKIE]}", "origin": "https://evil.example"},
            proxy=None,
        ):
            pass
    assert refused.value.response.status_code == 403


async def test_a_service_that_is_down_is_a_clear_503(gateway: RunningService, browser: httpx.AsyncClient) -> None:
    for answer in (
        await browser.get("/api/inbox"),
        await browser.get("/api/escalations/queue"),
        await gateway.client().post("/widget/sessions", json={"hotel": "lindenhof"}),
        await gateway.client().post("/api/session", json={"email": "a@b.example", "password": "x"}),
    ):
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:frontdesk:problem:service-unavailable"


async def test_a_bearer_token_needs_no_csrf_token(gateway: RunningService, issuer: TokenIssuer) -> None:
    client = gateway.client(issuer.token(hotel_id=LINDENHOF, role="staff"))
    assert (await client.post(f"/api/conversations/{LINDENHOF}/take-over", json={})).status_code == 503


async def test_a_viewer_is_refused_here_already(gateway: RunningService, issuer: TokenIssuer) -> None:
    client = gateway.client(issuer.token(hotel_id=LINDENHOF, role="viewer"))
    assert (await client.post(f"/api/conversations/{LINDENHOF}/take-over", json={})).status_code == 403


async def test_whoever_has_a_link_from_a_mail_needs_no_session_and_inviting_does(
    gateway: RunningService, issuer: TokenIssuer
) -> None:
    for path in ("invitations/show", "invitations/accept", "password-reset", "password-reset/confirm"):
        answer = await gateway.client().post(f"/api/{path}", json={})
        assert answer.status_code == 501, "the answer of what stands behind here, which takes no POST"
    assert (await gateway.client().post("/api/invitations", json={})).status_code == 401
    staff = gateway.client(issuer.token(hotel_id=LINDENHOF, role="staff"))
    assert (await staff.post("/api/invitations", json={})).status_code == 403


async def test_the_document_at_the_public_address_describes_what_is_passed_on_too(gateway: RunningService) -> None:
    paths = (await gateway.client().get("/openapi.json")).json()["paths"]
    passed_on = {f"/api{route.path}" for route in ROUTES}
    assert passed_on <= set(paths)
    assert {"/api/session", "/api/inbox", "/widget/sessions"} <= set(paths)


async def test_whoever_is_signed_in_notices_nothing_of_connections_that_valkeys_restart_cut(
    gateway: RunningService, browser: httpx.AsyncClient, valkey: Redis
) -> None:
    async def all_at_once() -> list[int]:
        return [answer.status_code for answer in await asyncio.gather(*(browser.get("/api/session") for _ in range(4)))]

    assert await all_at_once() == [200] * 4
    own = f"{gateway.settings.valkey_namespace}-gateway"
    cut = [client["id"] for client in await valkey.client_list() if client["name"] == own]
    for client in cut:
        await valkey.client_kill_filter(_id=client)
    assert cut
    assert await all_at_once() == [200] * 4

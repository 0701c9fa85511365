"""Signing in at an issuer through the gateway: the browser's sign-in cookie goes to identity and back, and nowhere else."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from uuid import UUID

import httpx
import pytest

from gateway.adapters.services import Services
from gateway.adapters.upstream import Upstream
from gateway.domain.cookie import COOKIE, oidc_cookies_in
from gateway.resources import Resources
from servicekit.httpclient import make_client
from servicekit.testing import RunningService, TokenIssuer

CONNECTION = "01900000-0000-7000-8000-0000000000c1"
LINDENHOF = UUID("01900000-0000-7000-8000-000000000001")
TOKENS = {
    "access_token": "access",
    "expires_in": 600,
    "refresh_token": "refresh",
    "user": {"id": "u", "name": "Anna", "email": "anna@lindenhof.example"},
    "hotel": None,
    "role": "staff",
    "scopes": [],
}


class Identity:
    """Something that answers as identity does; what it was asked: the request's head and its body."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = next((int(line[15:]) for line in head.split("\r\n") if line.startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        self.asked.append((head, body))
        path = head.split(" ")[1].partition("?")[0]
        answer, status, more = b"{}", "200 OK", ""
        if path == "/tokens/oidc":
            good = json.loads(body)["code"] == "fdo_good" and "frontdesk_oidc=mine" in head
            status = "201 Created" if good else "401 Unauthorized"
            answer = json.dumps(TOKENS if good else {"type": "urn:frontdesk:problem:bad-code"}).encode()
        elif path.endswith(("/start", "/callback")):
            status, more = (
                "303 See Other",
                "location: https://elsewhere.example/#x\r\nset-cookie: frontdesk_oidc=mine; Path=/; HttpOnly\r\n",
            )
        writer.write(
            f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(answer)}\r\n{more}"
            "connection: close\r\n\r\n".encode()
            + answer
        )
        await writer.drain()
        writer.close()


@pytest.fixture
async def identity(gateway: RunningService, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Identity]:
    behind = Identity()
    server = await asyncio.start_server(behind.serve, "127.0.0.1", 0)
    client = make_client("gateway", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    there: Resources = gateway.runtime.resources
    upstream = Upstream("identity", client)
    services = Services(upstream, there.services.conversation, there.services.escalation)
    monkeypatch.setattr(gateway.runtime, "resources", replace(there, services=services))
    async with server:
        yield behind
    await client.aclose()


async def test_a_browser_goes_to_the_issuer_and_comes_back_to_a_session(
    gateway: RunningService, identity: Identity
) -> None:
    browser = gateway.client()
    browser.cookies.set(COOKIE, "a-session-that-is-long-over", domain="127.0.0.1", path="/api")
    started = await browser.get(f"/api/oidc/{CONNECTION}/start", params={"return_to": "/inbox"})
    assert (started.status_code, started.headers["location"]) == (303, "https://elsewhere.example/#x")
    assert browser.cookies["frontdesk_oidc"] == "mine"
    assert (await browser.get("/api/oidc/callback", params={"state": "s", "code": "c"})).status_code == 303
    assert "get /oidc/callback?state=s&code=c " in identity.asked[-1][0]
    assert "cookie: frontdesk_oidc=mine\r\n" in identity.asked[-1][0], "and not the session's"
    session = await browser.post("/api/session/oidc", json={"code": "fdo_good"})
    assert (session.status_code, session.json()["user"]["name"]) == (201, "Anna")
    assert "refresh" not in session.text
    assert (await browser.get("/api/session")).json()["csrf_token"] == session.json()["csrf_token"]


async def test_one_browsers_cookie_goes_with_no_other_browsers_request(
    gateway: RunningService, identity: Identity
) -> None:
    await gateway.client().get(f"/api/oidc/{CONNECTION}/start")
    victim = gateway.client()
    refused = await victim.post("/api/session/oidc", json={"code": "fdo_good"})
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:frontdesk:problem:bad-code")
    assert "cookie" not in identity.asked[-1][0]
    assert COOKIE not in refused.cookies


async def test_a_page_of_another_site_signs_nobody_in(gateway: RunningService, identity: Identity) -> None:
    browser = gateway.client()
    browser.cookies.set("frontdesk_oidc", "mine")
    form = await browser.post("/api/session/oidc", content="code=fdo_good", headers={"content-type": "text/plain"})
    assert form.status_code == 415, "what a form can send is not read"
    preflight = await browser.options(
        "/api/session/oidc", headers={"origin": "https://evil.example", "access-control-request-method": "POST"}
    )
    assert "access-control-allow-origin" not in preflight.headers
    assert identity.asked == []


async def test_linking_takes_a_session_and_its_csrf_token(
    gateway: RunningService, identity: Identity, issuer: TokenIssuer
) -> None:
    link = {"connection_id": CONNECTION}
    assert (await gateway.client().post("/api/me/identities", json=link)).status_code == 401
    token = issuer.token(hotel_id=LINDENHOF, role="staff")
    bearer = {"authorization": f"Bearer {token}"}
    assert (await gateway.client().post("/api/me/identities", json=link, headers=bearer)).status_code == 200
    assert f"bearer {token}".lower() in identity.asked[-1][0]


async def test_clerks_webhooks_arrive_byte_for_byte(gateway: RunningService, identity: Identity) -> None:
    content = b'{ "type":"user.created" ,"data":{}}\n'
    signed = {"svix-id": "msg_1", "svix-timestamp": "1", "svix-signature": "v1,abc", "content-type": "application/json"}
    answer: httpx.Response = await gateway.client().post("/webhooks/clerk", content=content, headers=signed)
    assert answer.status_code == 200
    head, body = identity.asked[-1]
    assert body == content
    assert "svix-id: msg_1\r\n" in head
    assert "svix-signature: v1,abc\r\n" in head


def test_of_a_cookie_header_nothing_but_the_sign_ins_own_goes_on() -> None:
    assert oidc_cookies_in("frontdesk_session=s; frontdesk_oidc=a; x=y") == "frontdesk_oidc=a"
    assert oidc_cookies_in("__Host-frontdesk_oidc=b; frontdesk_oidc=a") == "__Host-frontdesk_oidc=b; frontdesk_oidc=a"
    assert oidc_cookies_in("") == oidc_cookies_in('frontdesk_oidc="a\\012b"') == ""

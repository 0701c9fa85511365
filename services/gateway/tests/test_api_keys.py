"""Integrators' keys at the gateway: exchanged once while the token lasts, and seen by no service behind it."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from uuid import UUID

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from contracts.apikeys import api_key
from contracts.events import ApiKeyRevoked
from contracts.ids import ApiKeyId, HotelId, SessionId
from gateway.adapters.apikeys import ApiKeys, BadApiKey
from gateway.adapters.services import Services
from gateway.adapters.upstream import HotelSuspended, ServiceUnavailable, Upstream
from servicekit.clock import utc_now
from servicekit.ids import new_id
from servicekit.problems import TooManyRequests
from servicekit.testing import RunningService, TokenIssuer, eventually

LINDENHOF = UUID("01900000-0000-7000-8000-000000000001")
KEY, OTHER = api_key("a" * 43), api_key("b" * 43)


class Identity:
    """Identity's exchange: which keys it was asked for, and what it says."""

    def __init__(self, token: str = "token") -> None:
        self.status, self.token, self.expires_in = 200, token, 600
        self.asked: list[tuple[str, str | None]] = []
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer), base_url="http://there")
        self.upstream = Upstream("identity", client)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/tokens/api-key":
            return httpx.Response(200, text=request.headers["authorization"])
        self.asked.append((json.loads(request.content)["api_key"], request.headers.get("x-forwarded-for")))
        said = {"access_token": f"{self.token}", "expires_in": self.expires_in}
        return httpx.Response(self.status, json=said, headers={"retry-after": "7"})


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_a_key_is_exchanged_once_until_shortly_before_its_tokens_end() -> None:
    identity, time = Identity(), Time()
    keys = ApiKeys(identity.upstream, time)
    assert await asyncio.gather(*(keys.token(KEY, "203.0.113.7") for _ in range(5))) == ["token"] * 5
    assert identity.asked == [(KEY, "203.0.113.7")], "identity's limit counts the integrator, not the gateway"
    time.now += 569
    await keys.token(KEY, None)
    time.now += 1
    await keys.token(KEY, None)
    await keys.token(OTHER, None)
    assert Counter(key for key, _ in identity.asked) == {KEY: 2, OTHER: 1}


async def test_a_token_that_ends_soon_is_not_kept_beyond_its_half() -> None:
    identity, time = Identity(), Time()
    identity.expires_in = 20
    keys = ApiKeys(identity.upstream, time)
    await keys.token(KEY, None)
    time.now += 10
    await keys.token(KEY, None)
    assert len(identity.asked) == 2


@pytest.mark.parametrize(
    ("status", "told"), [(401, BadApiKey), (403, HotelSuspended), (429, TooManyRequests), (500, ServiceUnavailable)]
)
async def test_identitys_refusal_is_the_gateways_and_is_not_remembered(status: int, told: type[Exception]) -> None:
    identity = Identity()
    identity.status = status
    keys = ApiKeys(identity.upstream)
    with pytest.raises(told):
        await keys.token(KEY, None)
    identity.status = 200
    assert await keys.token(KEY, None) == "token"


@pytest.mark.parametrize("key", [KEY[:-1], KEY[:-1] + "x", KEY + "x", "fd_live_"])
async def test_a_mistyped_key_is_refused_without_a_call(key: str) -> None:
    identity = Identity()
    with pytest.raises(BadApiKey):
        await ApiKeys(identity.upstream).token(key, None)
    assert identity.asked == []


async def test_a_key_opens_what_its_token_does_until_it_is_revoked(
    gateway: RunningService, issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_id, sid = new_id(), new_id()
    scopes = ["guest:read", "live:read"]
    token = issuer.token(hotel_id=LINDENHOF, role="", scopes=scopes, sub=str(key_id), kind="api_key", sid=sid)
    identity = Identity(token)
    behind = identity.upstream
    there = replace(
        gateway.runtime.resources, services=Services(behind, behind, behind), api_keys=ApiKeys(identity.upstream)
    )
    monkeypatch.setattr(gateway.runtime, "resources", there)
    api = gateway.client(KEY)
    answer = await api.get("/api/guests")
    assert (answer.status_code, answer.text) == (200, f"Bearer {token}"), "the service gets the token and no key"
    assert (await api.get("/api/audit")).status_code == 403
    bad = await gateway.client(KEY[:-1] + "x").get("/api/guests")
    assert (bad.status_code, bad.json()["type"]) == (401, "urn:frontdesk:problem:bad-api-key")
    assert bad.headers["www-authenticate"].startswith("Bearer")

    url, header = f"{gateway.url.replace('http', 'ws', 1)}/api/live", {"Authorization": f"Bearer {KEY}"}
    async with connect(url, proxy=None, additional_headers=header) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"
        revoked = ApiKeyRevoked(
            api_key_id=ApiKeyId(key_id),
            hotel_id=HotelId(LINDENHOF),
            sid=SessionId(sid),
            revoked_at=utc_now(),
            version=2,
        )
        await gateway.publish(revoked, LINDENHOF)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 5)
    assert socket.close_code == 4401

    async def refused() -> bool:
        return (await api.get("/api/guests")).status_code == 401

    assert await eventually(refused, timeout=5)
    assert len(identity.asked) == 1


async def test_a_key_is_exchanged_again_when_what_signed_its_token_is_withdrawn(
    gateway: RunningService, issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An integration goes on: its key did not leak."""

    def token() -> str:
        return issuer.token(
            hotel_id=LINDENHOF, role="", scopes=["guest:read"], sub=str(new_id()), kind="api_key", sid=new_id()
        )

    sound = token()
    [key] = issuer.jwks()["keys"]
    monkeypatch.setattr(issuer, "jwks", lambda: {"keys": [key, key | {"kid": "leaked-at-the-gateway"}]})
    monkeypatch.setattr(gateway.runtime.tokens._keys, "_min_interval_seconds", 0)  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(issuer, "kid", "leaked-at-the-gateway")
    identity = Identity(token())
    behind = identity.upstream
    there = replace(
        gateway.runtime.resources, services=Services(behind, behind, behind), api_keys=ApiKeys(identity.upstream)
    )
    monkeypatch.setattr(gateway.runtime, "resources", there)
    api = gateway.client(KEY)
    assert (await api.get("/api/guests")).text == f"Bearer {identity.token}"
    identity.token = sound
    assert (await api.get("/api/guests")).text != f"Bearer {sound}", "remembered"
    monkeypatch.setattr(gateway.runtime.deny, "_keys", {"leaked-at-the-gateway"})
    for _ in range(2):
        assert (await api.get("/api/guests")).text == f"Bearer {sound}"
    assert len(identity.asked) == 2

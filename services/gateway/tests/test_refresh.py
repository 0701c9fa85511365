"""What becomes of a signed-in browser when its tokens are about to end and identity says this or that."""

import json

import httpx
import pytest
from gateway_play import CALLER, NOW, before
from redis.asyncio import Redis

from contracts.errors import DomainError, Unauthenticated
from gateway.adapters.sessions import Session
from gateway.adapters.upstream import HotelSuspended, ServiceUnavailable
from gateway.resources import Resources


def resources(valkey: Redis, prefix: str, status: int, asked: list[httpx.Request]) -> Resources:
    """The gateway before an identity service that answers every refresh with that status."""

    def identity(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json={})

    return before(identity, valkey, prefix)


@pytest.mark.parametrize(
    ("status", "told", "stays"),
    [
        (401, Unauthenticated, False),  # the family ended
        (403, HotelSuspended, True),  # until the hotel is active again
        (429, ServiceUnavailable, True),  # too many browsers refresh at a time
        (503, ServiceUnavailable, True),
    ],
)
async def test_only_a_session_that_is_over_signs_the_browser_out(
    valkey: Redis, prefix: str, status: int, told: type[DomainError], stays: bool
) -> None:
    asked: list[httpx.Request] = []
    desk = resources(valkey, prefix, status, asked)
    session_id = await desk.sessions.create(Session("access-1", NOW + 1, "refresh-1", "csrf", "{}"))
    with pytest.raises(told):
        await desk.sessions.fresh(session_id, lambda token: desk.refresh(token, CALLER))
    [request] = asked
    assert json.loads(request.content) == {"refresh_token": "refresh-1"}
    assert request.headers["x-forwarded-for"] == "203.0.113.7", "identity's limit counts the browser, not the gateway"
    assert request.headers["user-agent"] == "Browser/1.0", "identity shows where somebody is signed in"
    assert request.extensions["timeout"] == {"connect": 1, "pool": 1, "read": 4, "write": 4}
    if stays:
        assert (await desk.sessions.get(session_id)).refresh_token == "refresh-1"
    else:
        with pytest.raises(Unauthenticated):
            await desk.sessions.get(session_id)


async def test_an_answer_that_got_lost_is_asked_for_again(valkey: Redis, prefix: str) -> None:
    asked: list[httpx.Request] = []

    def identity(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 1:
            raise httpx.ReadTimeout("no answer came", request=request)
        tokens = {"access_token": "access-2", "expires_in": 600, "refresh_token": "refresh-2"}
        profile = {"user": {"id": "u"}, "hotel": None, "role": "admin", "scopes": ["user:read"], "more": "of it"}
        return httpx.Response(200, json=tokens | profile)

    desk = before(identity, valkey, prefix)
    session_id = await desk.sessions.create(Session("access-1", NOW + 1, "refresh-1", "csrf", "{}"))
    session = await desk.sessions.fresh(session_id, lambda token: desk.refresh(token, CALLER))
    assert [json.loads(request.content)["refresh_token"] for request in asked] == ["refresh-1", "refresh-1"]
    assert session.refresh_token == "refresh-2"
    assert json.loads(session.profile) == {
        "user": {"id": "u"},
        "hotel": None,
        "role": "admin",
        "scopes": ["user:read"],
    }, "a new role shows with the next refresh"
    assert await desk.sessions.get(session_id) == session

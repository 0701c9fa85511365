"""Leaving a hotel: its session is ended at identity, sooner or later, whatever happens to the request that switched."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
from cryptography.fernet import Fernet
from gateway_play import CALLER, KEY, NOW, before
from redis.asyncio import Redis

from contracts.errors import Unauthenticated
from gateway.adapters.sessions import Session
from gateway.adapters.upstream import ServiceUnavailable, UpstreamProblem

PROFILE = {"user": {"id": "u"}, "hotel": {"id": "south"}, "role": "viewer", "scopes": []}
TOKENS = {"access_token": "access-2", "expires_in": 600, "refresh_token": "refresh-2"} | PROFILE
IN_NORTH = Session("access-1", NOW + 600, "refresh-1", "csrf", "{}")


def identity(
    asked: list[tuple[str, object]], revoked: int, switched: int = 201
) -> Callable[[httpx.Request], httpx.Response]:
    """An identity that answers switches and the end of sessions with these."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, json.loads(request.content)))
        match request.url.path:
            case "/tokens/switch":
                return httpx.Response(switched, json=TOKENS)
            case "/tokens/revoke":
                return httpx.Response(revoked)
            case _:
                return httpx.Response(200, json=TOKENS | {"refresh_token": "refresh-3"})

    return answer


async def test_a_session_that_could_not_be_ended_at_once_is_ended_with_the_next_refresh(
    valkey: Redis, prefix: str
) -> None:
    asked: list[tuple[str, object]] = []
    desk = before(identity(asked, revoked=503), valkey, prefix)
    session_id = await desk.sessions.create(IN_NORTH)
    there = await desk.sessions.changed(session_id, lambda session: desk.switched(session, "south", CALLER))
    assert (there.access_token, there.leaving) == ("access-2", "refresh-1")
    assert json.loads(there.profile) == PROFILE
    assert not await desk.leave("refresh-1", CALLER), "identity is away"
    assert (await desk.sessions.get(session_id)).leaving == "refresh-1"

    asked.clear()
    desk = before(identity(asked, revoked=204), valkey, prefix)
    await desk.sessions.changed(session_id, _about_to_end)
    after = await desk.sessions.fresh(
        session_id, lambda token: desk.refresh(token, CALLER), lambda token: desk.leave(token, CALLER)
    )
    assert asked == [
        ("/tokens/refresh", {"refresh_token": "refresh-2"}),
        ("/tokens/revoke", {"refresh_token": "refresh-1"}),
    ]
    assert (after.refresh_token, after.leaving) == ("refresh-3", None)
    assert await desk.sessions.get(session_id) == after


@pytest.mark.parametrize(("status", "told"), [(404, UpstreamProblem), (503, ServiceUnavailable)])
async def test_a_switch_that_identity_refuses_leaves_the_session_as_it_is(
    valkey: Redis, prefix: str, status: int, told: type[Exception]
) -> None:
    desk = before(identity([], revoked=204, switched=status), valkey, prefix)
    session_id = await desk.sessions.create(IN_NORTH)
    with pytest.raises(told):
        await desk.changed(session_id, lambda session: desk.switched(session, "south", CALLER), CALLER)
    assert await desk.sessions.get(session_id) == IN_NORTH


@pytest.mark.parametrize("refreshes", [True, False])
async def test_whose_role_has_just_changed_switches_with_the_next_token_and_is_not_signed_out(
    valkey: Redis, prefix: str, refreshes: bool
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.path == "/tokens/refresh":
            next_one = TOKENS | {"access_token": "access-1b", "refresh_token": "refresh-1b"}
            return httpx.Response(200, json=next_one) if refreshes else httpx.Response(401)
        holds = request.headers["authorization"] == "Bearer access-1b"
        return httpx.Response(201, json=TOKENS) if holds else httpx.Response(401)

    desk = before(answer, valkey, prefix)
    session_id = await desk.sessions.create(IN_NORTH)
    switching = desk.changed(session_id, lambda session: desk.switched(session, "south", CALLER), CALLER)
    if refreshes:
        there = await switching
        assert (there.access_token, there.leaving) == ("access-2", "refresh-1b")
        assert asked == ["/tokens/switch", "/tokens/refresh", "/tokens/switch"]
        assert await desk.sessions.get(session_id) == there
    else:
        with pytest.raises(Unauthenticated):
            await switching
        with pytest.raises(Unauthenticated):
            await desk.sessions.get(session_id)


async def test_who_switches_twice_leaves_no_session_behind(valkey: Redis, prefix: str) -> None:
    asked: list[tuple[str, object]] = []
    desk = before(identity(asked, revoked=503), valkey, prefix)
    waiting = replace(IN_NORTH, leaving="refresh-0")
    session_id = await desk.sessions.create(waiting)
    with pytest.raises(ServiceUnavailable):
        await desk.changed(session_id, lambda session: desk.switched(session, "south", CALLER), CALLER)
    assert await desk.sessions.get(session_id) == waiting
    asked.clear()
    desk = before(identity(asked, revoked=204), valkey, prefix)
    there = await desk.changed(session_id, lambda session: desk.switched(session, "south", CALLER), CALLER)
    assert there.leaving == "refresh-1"
    assert asked == [("/tokens/revoke", {"refresh_token": "refresh-0"}), ("/tokens/switch", {"hotel": "south"})]


async def test_signing_out_ends_what_was_left_too_and_says_where_it_cannot(valkey: Redis, prefix: str) -> None:
    asked: list[tuple[str, object]] = []
    waiting = replace(IN_NORTH, leaving="refresh-0")
    desk = before(identity(asked, revoked=503), valkey, prefix)
    session_id = await desk.sessions.create(waiting)
    with pytest.raises(ServiceUnavailable):
        await desk.sign_out(session_id, CALLER)
    assert await desk.sessions.get(session_id) == waiting
    asked.clear()
    desk = before(identity(asked, revoked=204), valkey, prefix)
    await desk.sign_out(session_id, CALLER)
    assert {str(body) for _, body in asked} == {str({"refresh_token": f"refresh-{n}"}) for n in (0, 1)}
    with pytest.raises(Unauthenticated):
        await desk.sessions.get(session_id)


async def test_signing_out_while_another_tab_switches_ends_what_the_switch_brings(valkey: Redis, prefix: str) -> None:
    asked: list[tuple[str, object]] = []
    desk = before(identity(asked, revoked=204), valkey, prefix)
    session_id = await desk.sessions.create(IN_NORTH)
    under_way, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(session: Session) -> Session:
        there = await desk.switched(session, "south", CALLER)
        under_way.set()
        await go_on.wait()
        return there

    async with asyncio.TaskGroup() as tabs:
        tabs.create_task(desk.changed(session_id, slowly, CALLER))
        await under_way.wait()
        tabs.create_task(desk.sign_out(session_id, CALLER))
        await asyncio.sleep(0.2)
        go_on.set()
    with pytest.raises(Unauthenticated):
        await desk.sessions.get(session_id)
    ended = [body for path, body in asked if path == "/tokens/revoke"]
    assert ended == [{"refresh_token": "refresh-1"}, {"refresh_token": "refresh-2"}]


async def test_a_session_that_leaves_nothing_reads_as_in_the_release_before(valkey: Redis, prefix: str) -> None:
    desk = before(identity([], revoked=204), valkey, prefix)
    session_id = await desk.sessions.create(IN_NORTH)
    [key] = [key async for key in valkey.scan_iter(f"{prefix}:session:*")]
    box = Fernet(base64.urlsafe_b64encode(hashlib.sha256(KEY.encode()).digest()))
    kept = json.loads(box.decrypt(await valkey.get(key) or b""))
    assert set(kept) == {"access_token", "expires_at", "refresh_token", "csrf_token", "profile"}
    assert await desk.sessions.get(session_id) == IN_NORTH


async def _about_to_end(session: Session) -> Session:
    return Session(
        session.access_token, NOW + 1, session.refresh_token, session.csrf_token, session.profile, session.leaving
    )

"""Dashboard sessions in the real Valkey: encrypted, refreshed once however many ask, gone when identity says so."""

import asyncio

import pytest
from redis.asyncio import Redis

from contracts.errors import Unauthenticated
from gateway.adapters.sessions import Refreshed, Session, Sessions, SessionsUnavailable
from gateway.adapters.upstream import ServiceUnavailable

NOW = 1_000_000.0
KEY = "a key for tests, thirty-two characters"

NEXT = Refreshed("access-2", NOW + 600, "refresh-2", '{"role": "admin"}')


def session(expires_at: float) -> Session:
    return Session("access-1", expires_at, "refresh-1", "csrf", "{}")


def sessions(valkey: Redis, prefix: str, key: str = KEY) -> Sessions:
    return Sessions(valkey, prefix, key, days=1, now=lambda: NOW)


async def no_refresh(_: str) -> Refreshed:
    raise AssertionError("there was nothing to refresh")


async def test_a_fresh_session_is_given_as_it_is(valkey: Redis, prefix: str) -> None:
    store = sessions(valkey, prefix)
    session_id = await store.create(session(NOW + 600))
    assert (await store.fresh(session_id, no_refresh)).access_token == "access-1"


async def test_many_requests_at_once_refresh_a_session_once(valkey: Redis, prefix: str) -> None:
    store = sessions(valkey, prefix)
    session_id = await store.create(session(NOW + 1))
    calls: list[str] = []

    async def refresh(token: str) -> Refreshed:
        calls.append(token)
        await asyncio.sleep(0.1)
        return NEXT

    got = await asyncio.gather(*(store.fresh(session_id, refresh) for _ in range(20)))
    assert calls == ["refresh-1"], "a refresh token is single use"
    assert {s.access_token for s in got} == {"access-2"}


async def test_a_session_is_renewed_on_demand_once_for_two_tabs_that_ask_at_once(valkey: Redis, prefix: str) -> None:
    store = sessions(valkey, prefix)
    session_id = await store.create(session(NOW + 600))
    calls: list[str] = []

    async def refresh(token: str) -> Refreshed:
        calls.append(token)
        await asyncio.sleep(0.1)
        return NEXT

    got = await asyncio.gather(*(store.renewed(session_id, refresh) for _ in range(2)))
    assert calls == ["refresh-1"]
    assert {(s.access_token, s.profile, s.csrf_token) for s in got} == {("access-2", NEXT.profile, "csrf")}


async def test_a_browser_that_gives_up_in_the_middle_of_a_refresh_stays_signed_in(valkey: Redis, prefix: str) -> None:
    store = sessions(valkey, prefix)
    session_id = await store.create(session(NOW + 1))
    asked, answers = asyncio.Event(), asyncio.Event()

    async def slow(_: str) -> Refreshed:
        asked.set()
        await answers.wait()
        return NEXT

    request = asyncio.create_task(store.fresh(session_id, slow))
    await asked.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    answers.set()
    assert (await store.fresh(session_id, no_refresh)).refresh_token == "refresh-2"


async def test_a_refresh_that_takes_too_long_is_given_up_before_another_may_present_the_same_token(
    valkey: Redis, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.adapters.sessions.LOCK_MS", 500)
    monkeypatch.setattr("gateway.adapters.sessions.REFRESH_SECONDS", 0.2)
    store = sessions(valkey, prefix)
    session_id = await store.create(session(NOW + 1))
    under_way: list[str] = []
    most = 0

    async def drips(token: str) -> Refreshed:
        nonlocal most
        under_way.append(token)
        most = max(most, len(under_way))
        try:
            await asyncio.sleep(1.5)  # a byte now and then: no phase of the call is ever over its limit
        finally:
            under_way.remove(token)
        return NEXT

    asked = await asyncio.gather(*(store.fresh(session_id, drips) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(told, SessionsUnavailable) for told in asked), asked
    assert most == 1, "two that present one token end the session"
    assert (await store.get(session_id)).refresh_token == "refresh-1"


async def test_a_refresh_that_fails_for_now_leaves_the_session_as_it_is(valkey: Redis, prefix: str) -> None:
    store = sessions(valkey, prefix)
    session_id = await store.create(session(NOW + 1))

    async def busy(_: str) -> Refreshed:
        raise ServiceUnavailable

    with pytest.raises(ServiceUnavailable):
        await store.fresh(session_id, busy)
    assert (await store.get(session_id)).refresh_token == "refresh-1"


async def test_a_session_that_identity_no_longer_refreshes_is_over(valkey: Redis, prefix: str) -> None:
    store = sessions(valkey, prefix)
    session_id = await store.create(session(NOW + 1))

    async def refused(_: str) -> Refreshed:
        raise Unauthenticated

    with pytest.raises(Unauthenticated):
        await store.fresh(session_id, refused)
    with pytest.raises(Unauthenticated):
        await store.get(session_id)


async def test_what_valkey_holds_shows_no_token_and_no_session_id(valkey: Redis, prefix: str) -> None:
    session_id = await sessions(valkey, prefix).create(session(NOW + 600))
    keys = [key async for key in valkey.scan_iter(f"{prefix}*")]
    assert len(keys) == 1
    assert session_id.encode() not in keys[0]
    kept = await valkey.get(keys[0])
    assert isinstance(kept, bytes)
    assert b"access-1" not in kept
    assert b"refresh-1" not in kept


async def test_another_key_reads_nothing(valkey: Redis, prefix: str) -> None:
    session_id = await sessions(valkey, prefix).create(session(NOW + 600))
    with pytest.raises(Unauthenticated):
        await sessions(valkey, prefix, "another key, of thirty-two characters or more").get(session_id)


async def test_an_unknown_session_is_unauthenticated(valkey: Redis, prefix: str) -> None:
    with pytest.raises(Unauthenticated):
        await sessions(valkey, prefix).get("guessed")

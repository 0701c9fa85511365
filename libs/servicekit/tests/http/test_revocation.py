"""What is revoked stops holding within seconds, on open WebSockets at once, and Kafka's absence changes nothing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import websockets

from contracts.actor import ActorKind, ActorRef
from contracts.event import Event
from contracts.events.access import ApiKeyRevoked, ImpersonationEnded, SigningKeyWithdrawn
from contracts.events.identity import HotelActivated, HotelDeactivated, MembershipChanged, SessionRevoked
from contracts.ids import ApiKeyId, HotelId, SessionId, UserId
from contracts.statuses import HotelStatus, MembershipStatus
from servicekit import Actor
from servicekit.deadletters import REDRIVE_FOR
from servicekit.denylist import DenyList
from servicekit.testing import RunningService, TokenIssuer, eventually

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def session_revoked(user: UUID, sid: UUID | None, at: datetime = NOW) -> SessionRevoked:
    return SessionRevoked(user_id=UserId(user), sid=SessionId(sid) if sid else None, revoked_at=at, version=1)


def membership_changed(hotel: UUID, user: UUID, at: datetime = NOW) -> MembershipChanged:
    return MembershipChanged(
        membership_key=f"{hotel}:{user}", hotel_id=HotelId(hotel), user_id=UserId(user), display_name="Sam",
        role="viewer", status=MembershipStatus.ACTIVE, changed_at=at, version=2,
    )  # fmt: skip


def hotel_state(kind: type[HotelActivated | HotelDeactivated], hotel: UUID, version: int) -> Event:
    status = HotelStatus.ACTIVE if kind is HotelActivated else HotelStatus.INACTIVE
    return kind(
        hotel_id=HotelId(hotel), slug="inn", name="Inn", status=status, time_zone="Europe/Vienna",
        default_language="en", languages=("en",), confidence_threshold=0.5, never_auto=(), version=version,
    )  # fmt: skip


def actor(*, issued: datetime = NOW - timedelta(minutes=1), role: str = "staff") -> Actor:
    return Actor(
        ActorKind.USER, uuid4(), HotelId(uuid4()), role=role, sid=SessionId(uuid4()), issued_at=issued,
        expires_at=issued + timedelta(minutes=10),
    )  # fmt: skip


def test_a_revoked_session_is_denied_and_the_users_others_are_not() -> None:
    deny, one, other = DenyList(), actor(), actor()
    assert one.id is not None
    deny.apply(session_revoked(one.id, one.sid))
    assert deny.denies(one)
    assert not deny.denies(other)


def test_revoking_all_sessions_denies_what_was_issued_before_and_not_after() -> None:
    deny, before = DenyList(), actor()
    assert before.id is not None
    deny.apply(session_revoked(before.id, None))
    after = Actor(ActorKind.USER, before.id, before.hotel_id, issued_at=NOW + timedelta(milliseconds=1))
    assert deny.denies(before)
    assert not deny.denies(after)


def test_another_secret_ends_the_former_ones_tokens_however_late_they_were_issued_and_spares_the_new_ones() -> None:
    deny, key, hotel = DenyList(), ApiKeyId(uuid4()), HotelId(uuid4())
    former, present = SessionId(uuid4()), SessionId(uuid4())
    deny.apply(ApiKeyRevoked(api_key_id=key, hotel_id=hotel, sid=former, revoked_at=NOW, version=2))
    late = Actor(ActorKind.SERVICE, hotel_id=hotel, api_key_id=key, sid=former, issued_at=NOW + timedelta(seconds=1))
    assert deny.denies(late)
    assert not deny.denies(replace(late, sid=present))


def test_an_impersonation_ends_by_itself_and_the_members_own_session_goes_on() -> None:
    deny, member = DenyList(), actor()
    lent = replace(member, sid=SessionId(uuid4()), act=ActorRef(kind=ActorKind.USER, id=uuid4()))
    assert lent.sid is not None
    assert lent.hotel_id is not None
    some = UserId(uuid4())
    deny.apply(
        ImpersonationEnded(
            sid=lent.sid, hotel_id=lent.hotel_id, user_id=some, superadmin_id=some, ended_at=NOW, version=2
        )
    )
    assert deny.denies(lent)
    assert not deny.denies(member)


def test_a_superadmin_who_is_revoked_acts_in_nobodys_place_any_more() -> None:
    deny, member, root = DenyList(), actor(), uuid4()
    lent = replace(member, act=ActorRef(kind=ActorKind.USER, id=root))
    deny.apply(session_revoked(root, None))
    assert deny.denies(lent)
    assert not deny.denies(member)
    for_somebody = Actor(ActorKind.SERVICE, act=ActorRef(kind=ActorKind.USER, id=root), issued_at=member.issued_at)
    assert not deny.denies(for_somebody), "a service's own token is not the person's it acts for"


def test_a_changed_role_ends_older_tokens_in_that_hotel_only() -> None:
    deny, one = DenyList(), actor()
    assert one.id is not None
    assert one.hotel_id is not None
    deny.apply(membership_changed(one.hotel_id, one.id))
    elsewhere = Actor(ActorKind.USER, one.id, HotelId(uuid4()), issued_at=one.issued_at)
    assert deny.denies(one)
    assert not deny.denies(elsewhere)


def test_a_suspended_hotel_denies_everybody_there_until_it_is_back_whatever_the_order() -> None:
    deny, one = DenyList(), actor()
    assert one.hotel_id is not None
    guest = Actor(ActorKind.GUEST, uuid4(), one.hotel_id)
    root = Actor(ActorKind.USER, uuid4(), one.hotel_id, role="superadmin")
    deny.apply(hotel_state(HotelDeactivated, one.hotel_id, 3))
    deny.apply(hotel_state(HotelActivated, one.hotel_id, 2))
    assert deny.denies(one)
    assert deny.denies(guest)
    assert not deny.denies(root)
    deny.apply(hotel_state(HotelActivated, one.hotel_id, 4))
    assert not deny.denies(one)


def test_what_is_older_than_any_token_is_forgotten() -> None:
    now = NOW
    deny = DenyList(clock=lambda: now)
    for _ in range(100):
        deny.apply(session_revoked(uuid4(), uuid4()))
        deny.apply(membership_changed(uuid4(), uuid4()))
    assert len(deny) == 200
    now += timedelta(minutes=16)
    deny.forget_old()
    assert len(deny) == 0


def test_what_a_withdrawn_key_signed_is_denied_for_good_whenever_it_was_signed() -> None:
    now = NOW
    deny = DenyList(clock=lambda: now)
    deny.apply(SigningKeyWithdrawn(kid="leaked", withdrawn_at=NOW, version=1))
    assert deny.denies(replace(actor(), signed_with="leaked"))
    assert not deny.denies(replace(actor(), signed_with="sound"))
    assert not deny.denies(actor()), "a guest's token, which no key of identity's signed"
    now += timedelta(days=1)
    deny.forget_old()
    made_today = actor(issued=now, role="superadmin")
    assert deny.denies(replace(made_today, signed_with="leaked")), "whoever has the key makes tokens of any age"


async def test_who_watches_is_told_once_and_only_when_it_concerns_them() -> None:
    deny, one, other = DenyList(), actor(), actor()
    watching = [asyncio.create_task(deny.watch(who)) for who in (one, other)]
    await asyncio.sleep(0)
    assert one.id is not None
    deny.apply(session_revoked(one.id, one.sid))
    await asyncio.wait_for(watching[0], 1)
    assert not watching[1].done()
    watching[1].cancel()
    await asyncio.wait_for(deny.watch(one), 1)


REVOCATIONS: dict[str, Callable[[UUID, UUID, UUID], Event]] = {
    "signed out": lambda user, sid, _: session_revoked(user, sid, datetime.now(UTC)),
    "all sessions": lambda user, _, __: session_revoked(user, None, datetime.now(UTC)),
    "role changed": lambda user, _, hotel: membership_changed(hotel, user, datetime.now(UTC)),
    "hotel suspended": lambda _, __, hotel: hotel_state(HotelDeactivated, hotel, 2),
}


@pytest.mark.parametrize("what", REVOCATIONS)
async def test_revocation_reaches_every_instance_over_kafka(
    desk: RunningService, issuer: TokenIssuer, what: str
) -> None:
    user, sid, hotel = uuid4(), uuid4(), uuid4()
    client = desk.client(issuer.token(hotel_id=hotel, user_id=user, sid=sid))
    assert (await client.get("/notes")).status_code == 200
    await desk.publish(REVOCATIONS[what](user, sid, hotel))

    async def refused() -> bool:
        return (await client.get("/notes")).status_code == 401

    await eventually(refused, timeout=5)
    assert (await client.get("/notes")).json()["detail"] == "the session has been revoked"
    assert (await desk.client(issuer.token(hotel_id=uuid4())).get("/notes")).status_code == 200


async def test_an_open_websocket_is_closed_when_its_session_is_revoked(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId
) -> None:
    import json

    user, sid = uuid4(), uuid4()
    token = issuer.token(hotel_id=hotel, user_id=user, sid=sid)
    async with websockets.connect(desk.url.replace("http", "ws") + "/live") as socket:
        await socket.send(json.dumps({"token": token}))
        assert json.loads(await socket.recv())["type"] == "welcome"
        await desk.publish(session_revoked(user, sid, datetime.now(UTC)))
        async with asyncio.timeout(5):
            told = json.loads(await socket.recv())
            assert told["problem"]["type"] == "urn:frontdesk:problem:unauthenticated"
            await socket.wait_closed()
    assert socket.close_code == 4401


async def test_what_a_withdrawn_key_signed_is_refused_while_the_key_set_is_kept_and_open_websockets_close(
    desk: RunningService, hotel: HotelId, issuer: TokenIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    [sound] = issuer.jwks()["keys"]
    monkeypatch.setattr(issuer, "jwks", lambda: {"keys": [sound, sound | {"kid": "leaked"}]})
    monkeypatch.setattr(desk.runtime.tokens._keys, "_min_interval_seconds", 0)  # pyright: ignore[reportPrivateUsage]
    everybody = desk.client(issuer.token(hotel_id=hotel))
    monkeypatch.setattr(issuer, "kid", "leaked")
    client = desk.client(issuer.token(hotel_id=hotel))
    assert (await client.get("/notes")).status_code == 200
    fetched = issuer.fetched
    async with websockets.connect(desk.url.replace("http", "ws") + "/live") as socket:
        await socket.send(json.dumps({"token": issuer.token(hotel_id=hotel)}))
        assert json.loads(await socket.recv())["type"] == "welcome"
        await desk.publish(SigningKeyWithdrawn(kid="leaked", withdrawn_at=datetime.now(UTC), version=1))
        async with asyncio.timeout(5):
            await socket.wait_closed()
    assert socket.close_code == 4401
    assert (await client.get("/notes")).status_code == 401
    assert (await desk.client(issuer.token(hotel_id=hotel)).get("/notes")).status_code == 401, "signed since"
    assert issuer.fetched == fetched, "not because the key set was fetched again"
    assert (await everybody.get("/notes")).status_code == 200


async def test_a_dead_letter_that_goes_back_to_the_group_that_failed_revokes_nothing_here(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId
) -> None:
    user, stays, ends = uuid4(), uuid4(), uuid4()
    staying, ending = (desk.client(issuer.token(hotel_id=hotel, user_id=user, sid=sid)) for sid in (stays, ends))
    now = datetime.now(UTC)
    await desk.publish(session_revoked(user, stays, now), headers={REDRIVE_FOR: "escalation.sessions"})
    await desk.publish(session_revoked(user, ends, now))  # of the same key, so it comes after

    async def refused() -> bool:
        return (await ending.get("/notes")).status_code == 401

    await eventually(refused, timeout=5)
    assert (await staying.get("/notes")).status_code == 200


async def test_what_was_revoked_before_the_service_started_counts_too(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId
) -> None:
    from servicekit.denyfeed import DenyFeed

    one = actor(issued=datetime.now(UTC) - timedelta(minutes=5))
    assert one.id is not None
    await desk.publish(session_revoked(one.id, one.sid, datetime.now(UTC)))
    deny = DenyList()
    feed = DenyFeed(deny, desk.settings.kafka_url, desk.settings.kafka_namespace, "late")
    reading = asyncio.create_task(feed.task())
    try:
        await eventually(lambda: deny.denies(one), timeout=5)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def test_while_kafka_is_away_requests_are_answered_and_the_list_catches_up_afterwards(
    desk: RunningService,
) -> None:
    from servicekit.denyfeed import DenyFeed

    host, port = desk.settings.kafka_url.split(":")
    broker_away = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    address = f"127.0.0.1:{broker_away.sockets[0].getsockname()[1]}"
    deny, one = DenyList(), actor(issued=datetime.now(UTC) - timedelta(minutes=5))
    feed = DenyFeed(deny, address, desk.settings.kafka_namespace, "lonely")
    reading = asyncio.create_task(feed.task())
    try:
        assert one.id is not None
        await desk.publish(session_revoked(one.id, one.sid, datetime.now(UTC)))
        await asyncio.sleep(0.3)
        assert not feed.connected.is_set()
        assert not deny.denies(one)
        feed.move(f"{host}:{port}")
        await eventually(lambda: deny.denies(one), timeout=8)
    finally:
        broker_away.close()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

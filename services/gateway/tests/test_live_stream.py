"""The dashboard's live stream, from the Kafka topic to the WebSocket."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from contracts.actor import ActorKind, ActorRef
from contracts.events import EscalationAssigned, MessageSent, SessionRevoked
from contracts.ids import ConversationId, EscalationId, GuestId, MessageId, SessionId, UserId
from contracts.statuses import EscalationStatus
from gateway.adapters.livestream import LiveStream
from gateway.live import LiveHub
from servicekit.clock import utc_now
from servicekit.ids import new_id
from servicekit.outbox import outgoing
from servicekit.testing import RunningService, TokenIssuer

LINDENHOF = UUID("01900000-0000-7000-8000-000000000001")
HARBOUR = UUID("01900000-0000-7000-8000-000000000002")
PATIENCE_SECONDS = 10
Json = dict[str, Any]  # Any: frames


def message(seq: int = 1) -> MessageSent:
    return MessageSent(
        conversation_id=ConversationId(new_id()),
        message_id=MessageId(new_id()),
        seq=seq,
        sender=ActorRef(kind=ActorKind.AI),
        guest_id=GuestId(new_id()),
        sent_at=utc_now(),
        version=seq,
    )


def assigned() -> EscalationAssigned:
    return EscalationAssigned(
        escalation_id=EscalationId(new_id()),
        conversation_id=ConversationId(new_id()),
        assignee_id=UserId(new_id()),
        by=ActorRef(kind=ActorKind.SYSTEM),
        status=EscalationStatus.ASSIGNED,
        version=2,
    )


@asynccontextmanager
async def dashboard(gateway: RunningService, token: str, cursor: str | None = None) -> AsyncGenerator[ClientConnection]:
    url = f"{gateway.url.replace('http', 'ws', 1)}/api/live" + (f"?cursor={cursor}" if cursor else "")
    async with connect(url, proxy=None) as socket:
        await socket.send(json.dumps({"type": "hello", "token": token}))
        yield socket


async def frame(socket: ClientConnection) -> Json:
    return json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_SECONDS))


async def closed(socket: ClientConnection) -> int:
    """The code that the connection closes with."""
    try:
        while True:
            await frame(socket)
    except ConnectionClosed:
        pass
    assert socket.close_code is not None
    return socket.close_code


async def test_an_event_of_the_hotel_reaches_its_dashboard_as_it_happens(
    gateway: RunningService, issuer: TokenIssuer
) -> None:
    async with dashboard(gateway, issuer.token(hotel_id=LINDENHOF)) as socket:
        assert (await frame(socket))["type"] == "hello"
        sent = message()
        await gateway.publish(message(), HARBOUR)
        envelope = await gateway.publish(sent, LINDENHOF, traceparent=f"00-{'ab' * 16}-{'cd' * 8}-01")
        shown = await frame(socket)
    assert shown["type"] == "event"
    assert shown["event"]["id"] == str(envelope.id)
    assert shown["event"]["message_id"] == str(sent.message_id)
    assert shown["event"]["hotel_id"] == str(LINDENHOF), "the other hotel's came first and was not shown"
    assert shown["event"]["trace_id"] == "ab" * 16


async def test_a_dashboard_that_comes_back_gets_what_it_missed_once(
    gateway: RunningService, issuer: TokenIssuer
) -> None:
    token = issuer.token(hotel_id=LINDENHOF)
    async with dashboard(gateway, token) as socket:
        await frame(socket)
        await gateway.publish(message(), LINDENHOF)
        seen = await frame(socket)
    missed = [await gateway.publish(message(), LINDENHOF) for _ in range(3)]
    async with dashboard(gateway, token) as watcher:  # to know when the feed has them all
        await frame(watcher)
    async with dashboard(gateway, token, seen["cursor"]) as socket:
        assert (await frame(socket))["type"] == "hello"
        shown = [(await frame(socket))["event"]["id"] for _ in missed]
    assert sorted(shown) == sorted(str(envelope.id) for envelope in missed)


async def test_a_cursor_of_a_store_that_is_gone_is_told_to_fetch_again(
    gateway: RunningService, issuer: TokenIssuer
) -> None:
    async with dashboard(gateway, issuer.token(hotel_id=LINDENHOF), "deadbeef:1-0") as socket:
        told = await frame(socket)
    assert told["type"] == "resync"
    assert told["cursor"]


async def test_a_cursor_that_is_too_old_is_told_to_fetch_again(
    gateway: RunningService, issuer: TokenIssuer, valkey: Redis
) -> None:
    hotel = new_id()
    token = issuer.token(hotel_id=hotel)
    stream = f"{{{gateway.settings.valkey_namespace}:live}}:{hotel}"
    async with dashboard(gateway, token) as socket:
        await frame(socket)
        await gateway.publish(message(), hotel)
        first = await frame(socket)
    await valkey.xtrim(stream, maxlen=0, approximate=False)
    async with dashboard(gateway, token, first["cursor"]) as socket:
        assert (await frame(socket))["type"] == "resync"


async def test_only_what_the_token_allows_is_shown(gateway: RunningService, issuer: TokenIssuer) -> None:
    limited = issuer.token(hotel_id=LINDENHOF, scopes=["live:read", "escalation:read"])
    async with dashboard(gateway, limited) as socket:
        await frame(socket)
        await gateway.publish(message(), LINDENHOF)
        allowed = await gateway.publish(assigned(), LINDENHOF)
        assert (await frame(socket))["event"]["id"] == str(allowed.id)


async def test_a_revoked_session_is_put_out_of_the_open_stream(gateway: RunningService, issuer: TokenIssuer) -> None:
    sid, user = SessionId(new_id()), UserId(new_id())
    async with dashboard(gateway, issuer.token(hotel_id=LINDENHOF, user_id=user, sid=sid)) as socket:
        await frame(socket)
        await gateway.publish(SessionRevoked(user_id=user, sid=sid, revoked_at=utc_now(), version=1))
        assert await asyncio.wait_for(closed(socket), 5) == 4401


@pytest.mark.parametrize("token", ["", "not.a.token", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_token_that_does_not_hold_opens_nothing(gateway: RunningService, token: str) -> None:
    async with dashboard(gateway, token) as socket:
        assert await closed(socket) == 4401


async def test_a_viewer_without_a_hotel_opens_nothing(gateway: RunningService, issuer: TokenIssuer) -> None:
    async with dashboard(gateway, issuer.token(hotel_id=None, scopes=["live:read"])) as socket:
        assert await closed(socket) == 4403


async def test_a_first_frame_that_is_no_hello_is_refused(gateway: RunningService) -> None:
    async with connect(f"{gateway.url.replace('http', 'ws', 1)}/api/live", proxy=None) as socket:
        await socket.send("[1, 2")
        assert await closed(socket) == 4401


async def test_a_record_that_is_no_event_is_passed_over(gateway: RunningService, issuer: TokenIssuer) -> None:
    async with dashboard(gateway, issuer.token(hotel_id=LINDENHOF)) as socket:
        await frame(socket)
        await gateway.publish(message(), LINDENHOF)  # makes the kit's producer
        assert (await frame(socket))["type"] == "event"
        topic = gateway.settings.kafka_namespace + MessageSent.TOPIC.name
        assert gateway._producer is not None  # pyright: ignore[reportPrivateUsage]  # the kit publishes events only
        producer = gateway._producer  # pyright: ignore[reportPrivateUsage]
        await producer.send_and_wait(topic, b"\xff\xfe", key=b"x", headers=[("ce_id", b"nonsense")])
        whole = outgoing(message(), service="conversation", time=utc_now(), hotel_id=LINDENHOF).envelope.headers()
        headers = [(name, value.encode()) for name, value in whole.items()]
        for body in (b"[1, 2]", b"null", b'"text"', b"[" * 100_000):  # an envelope as it should be, and no event in it
            await producer.send_and_wait(topic, body, key=b"x", headers=headers)
        good = await gateway.publish(message(), LINDENHOF)
        assert (await frame(socket))["event"]["id"] == str(good.id)


async def test_staff_of_a_quiet_hotel_hear_of_the_next_guest_at_once(gateway: RunningService) -> None:
    stream: LiveStream = gateway.runtime.resources.live.stream
    assert await stream.wait(str(new_id()), "0-0") == [], "waiting in vain is no failure that a reader rests after"


async def test_a_dashboard_that_comes_while_valkey_is_away_leaves_nothing_behind(gateway: RunningService) -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1", socket_connect_timeout=1)
    hub, hotel = LiveHub(LiveStream(nowhere, "nowhere", 100), 10), str(new_id())
    for _ in range(2):
        with pytest.raises(RedisError):
            async with hub.listen(hotel):
                pass
    assert not hub._listeners  # pyright: ignore[reportPrivateUsage]  # what a leak is seen by
    assert not hub._readers  # pyright: ignore[reportPrivateUsage]
    await nowhere.aclose()


@pytest.mark.parametrize("cursor", [7, ["a:1-0"], {"a": 1}, "\u0663:\u0663-\u0660"])
async def test_a_cursor_that_is_none_begins_anew(gateway: RunningService, issuer: TokenIssuer, cursor: object) -> None:
    async with connect(f"{gateway.url.replace('http', 'ws', 1)}/api/live", proxy=None) as socket:
        token = issuer.token(hotel_id=LINDENHOF)
        await socket.send(json.dumps({"type": "hello", "token": token, "cursor": cursor}))
        assert (await frame(socket))["type"] == "hello"

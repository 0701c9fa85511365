"""What consumers promise: each effect once, in order; what heals is waited for, what cannot goes to the dead letters."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from contracts.errors import Conflict
from contracts.events import SessionRevoked
from contracts.topics import SESSIONS
from servicekit import NotYet, dlq
from servicekit.consumers import Consumers, Reactions
from servicekit.database import Database, Transaction
from servicekit.metrics import REGISTRY
from servicekit.testing.lab import Lab, running
from servicekit.testing.parts import eventually
from servicekit.tracing import current_trace_id

RECORD = text("insert into effect (hotel_id, event_id, key, number) values (:hotel, :event, :key, :number)")


async def record(event: SessionRevoked, tx: Transaction) -> None:
    assert tx.envelope is not None
    await tx.execute(
        RECORD,
        {"hotel": tx.hotel_id, "event": tx.envelope.id, "key": str(event.user_id), "number": event.version},
    )


def recording() -> Reactions:
    reactions = Reactions()
    reactions.on(SessionRevoked)(record)
    return reactions


async def numbers(lab: Lab) -> list[int]:
    return [row["number"] for row in await lab.effects()]


async def test_an_event_takes_effect_once_however_often_it_arrives(lab: Lab) -> None:
    key = uuid4()
    envelope = await lab.produce(key, 1)
    same = [(name, value.encode()) for name, value in envelope.headers().items()]
    await lab.produce(key, 1, headers=same)
    await lab.produce(key, 2)
    async with running(lab.consumers(recording()).run):
        await eventually(lambda: numbers_are(lab, [1, 2]))
        await eventually(lambda: acknowledged(lab, 3))
    assert await numbers(lab) == [1, 2]


async def test_a_reaction_runs_in_the_hotel_of_the_event_and_as_the_service(lab: Lab) -> None:
    seen: list[Any] = []
    reactions = Reactions()

    @reactions.on(SessionRevoked)
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        seen.append((tx.hotel_id, tx.actor.subject, tx.platform, current_trace_id()))

    await lab.produce(uuid4(), 1, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    async with running(lab.consumers(reactions).run):
        await eventually(lambda: seen)
    assert seen == [(lab.hotel, "lab", False, "0af7651916cd43dd8448eb211c80319c")]


async def test_two_reactions_to_one_event_each_take_effect_once(lab: Lab) -> None:
    reactions = recording()
    calls: list[str] = []

    @reactions.on(SessionRevoked, platform=True)
    async def second(event: SessionRevoked, tx: Transaction) -> None:
        calls.append(f"{tx.platform} {tx.hotel_id}")
        if len(calls) == 1:
            raise Conflict("once")

    await lab.produce(uuid4(), 1)
    async with running(lab.consumers(reactions).run):
        await eventually(lambda: len(calls) == 2)
        await eventually(lambda: acknowledged(lab, 1))
    assert (await numbers(lab), calls) == ([1], ["True None", "True None"])


async def test_an_event_type_nobody_reacts_to_is_passed_by(lab: Lab) -> None:
    envelope = await lab.produce(uuid4(), 1)
    unknown = [(n, v.encode()) for n, v in {**envelope.headers(), "ce_type": "frontdesk.session.dreamed.v9"}.items()]
    await lab.produce(uuid4(), 2, headers=unknown)
    async with running(lab.consumers(recording()).run):
        await eventually(lambda: acknowledged(lab, 2))
    assert await numbers(lab) == [1]
    assert await dlq.list_dead(lab.parts.kafka_url, lab.namespace, topics=[SESSIONS]) == []


async def test_poison_goes_to_the_dead_letters_as_it_came_and_the_next_is_handled(lab: Lab) -> None:
    key = uuid4()
    good = await lab.produce(key, 1, partition=0)
    headers = [(name, value.encode()) for name, value in good.headers().items()]
    other = [(n, v) for n, v in headers if n != "ce_id"] + [("ce_id", str(uuid4()).encode())]
    poison: list[tuple[bytes, list[tuple[str, bytes]]]] = [
        (b"\xff\xfe no json", other),
        (b'{"user_id": "guest@example.com"}', other),
        (b"{}", [("ce_id", b"\xff\xfe"), *headers[2:]]),
        (b"{}", []),
    ]
    for value, with_headers in poison:
        await lab.produce(key, 1, value=value, headers=with_headers, partition=0)
    await lab.produce(key, 2, partition=0)
    async with running(lab.consumers(recording()).run):
        await eventually(lambda: numbers_are(lab, [1, 2]))
        await eventually(lambda: acknowledged(lab, 6))
    letters = await dlq.list_dead(lab.parts.kafka_url, lab.namespace, topics=[SESSIONS])
    assert [letter.body for letter in letters] == [value for value, _ in poison]
    assert [letter.reaction for letter in letters] == ["schema", "schema", "envelope", "envelope"]
    assert letters[1].error_message == "/user_id: uuid_parsing; /sid: missing; /revoked_at: missing; /version: missing"
    assert "guest@example.com" not in str(letters[1].document())
    assert (letters[2].headers[0], letters[0].original_offset) == (("ce_id", b"\xff\xfe"), 1)
    assert letters[0].consumer == f"{lab.namespace}lab.{SESSIONS.name}"


async def test_a_bug_is_tried_a_few_times_and_then_put_aside_without_what_the_guest_wrote(lab: Lab) -> None:
    reactions, attempts = Reactions(), [0]

    @reactions.on(SessionRevoked)
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        await record(event, tx)
        if event.version == 1:
            attempts[0] += 1
            raise RuntimeError("Frau Huber, room 12")

    key = uuid4()
    await lab.produce(key, 1)
    await lab.produce(key, 2)
    async with running(lab.consumers(reactions).run):
        await eventually(lambda: numbers_are(lab, [2]))
    [letter] = await dlq.list_dead(lab.parts.kafka_url, lab.namespace, topics=[SESSIONS])
    assert attempts == [3]
    assert (letter.error_type, letter.reaction) == ("RuntimeError", "on_revoked")
    assert "Huber" not in letter.error_message


async def test_a_mended_dead_letter_comes_home_to_the_consumer_that_failed_and_to_no_other(lab: Lab) -> None:
    key = uuid4()
    envelope = await lab.produce(key, 7, value=b'{"user_id": 1}')
    elsewhere = recording()
    async with running(lab.consumers(recording()).run), running(other_service(lab, elsewhere).run):
        await eventually(lambda: dead(lab, 2))
        body = json.dumps(
            {"user_id": str(key), "sid": None, "revoked_at": "2026-01-01T00:00:00Z", "version": 7}
        ).encode()
        mine = [letter for letter in await letters(lab) if ".audience." not in letter.consumer]
        await dlq.redrive(lab.parts.kafka_url, lab.namespace, SESSIONS, [mine[0].number], body=body)
        await eventually(lambda: numbers_are(lab, [7]))
        await eventually(lambda: acknowledged(lab, 2))
    assert [row["event_id"] for row in await lab.effects()] == [envelope.id]
    assert [letter.consumer for letter in await letters(lab)] == [f"{lab.namespace}audience.{SESSIONS.name}"]


async def test_dead_letters_can_be_redriven_all_together_after_the_bug_is_fixed(lab: Lab) -> None:
    broken, failing = Reactions(), [True]

    @broken.on(SessionRevoked, name="record")
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        if failing[0]:
            raise RuntimeError
        await record(event, tx)

    key = uuid4()
    for number in (1, 2, 3):
        await lab.produce(key, number)
    async with running(lab.consumers(broken).run):
        await eventually(lambda: dead(lab, 3))
        failing[0] = False
        assert len(await dlq.redrive(lab.parts.kafka_url, lab.namespace, SESSIONS)) == 3
        await eventually(lambda: numbers_are(lab, [1, 2, 3]))
    assert await letters(lab) == []


async def test_what_may_heal_is_waited_for_and_never_becomes_a_dead_letter(lab: Lab) -> None:
    reactions, attempts = Reactions(), [0]

    @reactions.on(SessionRevoked)
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        await record(event, tx)
        if event.version == 1:
            attempts[0] += 1
            if attempts[0] < 8:
                raise NotYet

    key = uuid4()
    for number in (1, 2, 3):
        await lab.produce(key, number)
    async with running(lab.consumers(reactions, max_backoff_seconds=0.05).run):
        await eventually(lambda: numbers_are(lab, [1, 2, 3]))
    assert (attempts, await letters(lab)) == ([8], [])


async def test_a_waiting_partition_is_never_committed_past_by_the_others(lab: Lab) -> None:
    reactions, healed = Reactions(), asyncio.Event()

    @reactions.on(SessionRevoked)
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        if event.version < 10 and not healed.is_set():
            raise NotYet
        await record(event, tx)

    stuck, free = uuid4(), uuid4()
    for number in (1, 2):
        await lab.produce(stuck, number, partition=0)
    for number in (10, 11, 12):
        await lab.produce(free, number, partition=1)
    first = lab.consumers(reactions, max_backoff_seconds=0.05)
    async with running(first.run):
        await eventually(lambda: numbers_are(lab, [10, 11, 12]))
        await eventually(lambda: acknowledged(lab, 3))
    healed.set()
    async with running(lab.consumers(reactions).run):
        await eventually(lambda: numbers_are(lab, [10, 11, 12, 1, 2]))


async def test_a_rebalance_while_a_record_waits_loses_and_doubles_nothing(lab: Lab) -> None:
    reactions, healed = Reactions(), asyncio.Event()

    @reactions.on(SessionRevoked)
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        if event.version == 3 and not healed.is_set():
            raise NotYet
        await record(event, tx)

    keys = {partition: uuid4() for partition in range(3)}
    for number in range(1, 7):
        for partition, key in keys.items():
            await lab.produce(key, number, partition=partition)
    async with running(lab.consumers(reactions, max_backoff_seconds=0.1).run):
        await eventually(lambda: effects_at_least(lab, 6))
        joined = lab.consumers(reactions, max_backoff_seconds=0.1)
        async with running(joined.run):
            await eventually(lambda: joined.watched and assigned(joined) and assigned(joined) < 3)
            healed.set()
            await eventually(lambda: effects_at_least(lab, 18))
            await eventually(lambda: acknowledged(lab, 18))
    for key in keys.values():
        assert [row["number"] for row in await lab.effects() if row["key"] == str(key)] == [1, 2, 3, 4, 5, 6]


async def test_a_record_waits_while_the_dead_letters_cannot_be_written(lab: Lab) -> None:
    await lab.produce(uuid4(), 1, value=b"poison", partition=0)
    consumers = lab.consumers(recording(), max_backoff_seconds=0.05)
    name = f"{lab.topic()}.dlq"
    async with running(consumers.run):
        await eventually(lambda: dead(lab, 1))
    original = consumers.kafka_url
    assert original
    await lab.produce(uuid4(), 2, value=b"poison too", partition=0)
    blocked = BlockedDeadLetters(consumers, lab)
    async with running(blocked.run):
        await eventually(lambda: blocked.refused > 1)
        assert not await acknowledged(lab, 2)
        blocked.open = True
        await eventually(lambda: dead(lab, 2))
        await eventually(lambda: acknowledged(lab, 2))
    assert [record.value for record in await lab.records(name, 1)] == [b"poison", b"poison too"]


async def test_a_lost_database_connection_heals_by_itself(lab: Lab) -> None:
    db = lab.database(pool_size=1)
    key = uuid4()
    async with running(lab.consumers(recording(), db=db).run):
        await lab.produce(key, 1)
        await eventually(lambda: numbers_are(lab, [1]))
        for number in range(2, 6):
            await lab.cut_connections("lab")
            await lab.produce(key, number)
        await eventually(lambda: numbers_are(lab, [1, 2, 3, 4, 5]))
    assert await letters(lab) == []


async def test_the_watchdog_restarts_a_consumer_that_lags_and_does_not_move(lab: Lab) -> None:
    consumers = lab.consumers(recording(), stall_seconds=0.6)
    async with running(consumers.run):
        await lab.produce(uuid4(), 1)
        await eventually(lambda: numbers_are(lab, [1]))
        stuck = consumers.watched[0].subscriber.consumer
        assert stuck is not None
        stuck.pause(*stuck.assignment())
        await lab.produce(uuid4(), 2)
        await eventually(lambda: numbers_are(lab, [1, 2]), timeout=20)
        assert consumers.watched[0].restarts >= 1
        await eventually(
            lambda: REGISTRY.get_sample_value("consumer_restarts_total", {"service": "lab", "topic": SESSIONS.name})
        )


async def test_stopping_finishes_the_record_in_hand(lab: Lab) -> None:
    reactions, begun, go_on = Reactions(), asyncio.Event(), asyncio.Event()

    @reactions.on(SessionRevoked)
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        begun.set()
        await go_on.wait()
        await record(event, tx)

    await lab.produce(uuid4(), 1)
    async with running(lab.consumers(reactions).run) as stop:
        await begun.wait()
        stop.set()
        asyncio.get_running_loop().call_later(0.2, go_on.set)
    assert await numbers(lab) == [1]
    assert await acknowledged(lab, 1)


async def test_members_share_the_partitions_and_keep_their_order(lab: Lab) -> None:
    keys = [uuid4() for _ in range(6)]
    for number in range(1, 6):
        for key in keys:
            await lab.produce(key, number)
    consumers = lab.consumers(recording(), members=3)
    async with running(consumers.run):
        await eventually(lambda: effects_at_least(lab, 30))
    for key in keys:
        assert [row["number"] for row in await lab.effects() if row["key"] == str(key)] == [1, 2, 3, 4, 5]


class BlockedDeadLetters(Consumers):
    """Consumers whose dead-letter topic takes nothing until `open`."""

    def __init__(self, like: Consumers, lab: Lab) -> None:
        super().__init__(like.reactions, like.db, like.kafka_url, like.namespace, max_backoff_seconds=0.05)
        self.open, self.refused = False, 0

    async def _start(self, dead: Any, stop: asyncio.Event) -> Any:
        original = dead.send

        async def send(*args: Any, **kwargs: Any) -> None:
            if not self.open:
                self.refused += 1
                raise TimeoutError
            await original(*args, **kwargs)

        dead.send = send
        return await super()._start(dead, stop)


def other_service(lab: Lab, reactions: Reactions) -> Consumers:
    db = Database(lab.urls.worker, pool_size=2, service="audience")
    lab.databases.append(db)
    return Consumers(reactions, db, lab.parts.kafka_url, lab.namespace)


def assigned(consumers: Consumers) -> int:
    consumer = consumers.watched[0].subscriber.consumer
    return len(consumer.assignment()) if consumer else 0


async def letters(lab: Lab) -> list[dlq.DeadLetter]:
    return await dlq.list_dead(lab.parts.kafka_url, lab.namespace, topics=[SESSIONS])


async def dead(lab: Lab, count: int) -> bool:
    return len(await letters(lab)) == count


async def numbers_are(lab: Lab, expected: list[int]) -> bool:
    found = await numbers(lab)
    assert found == expected
    return True


async def effects_at_least(lab: Lab, count: int) -> bool:
    return len(await lab.effects()) >= count


async def acknowledged(lab: Lab, count: int) -> bool:
    return await lab.committed() == count

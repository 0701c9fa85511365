"""What consumers promise: each effect once, in order; what may heal is waited for."""

import asyncio
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer

from contracts.errors import Conflict
from contracts.events import SessionRevoked
from contracts.topics import SESSIONS
from servicekit import NotYet
from servicekit.consumers import Consumers, Reactions
from servicekit.database import Transaction
from servicekit.measures import CONSUMER_LAG
from servicekit.metrics import REGISTRY
from servicekit.testing.lab import Lab, record, recording, running
from servicekit.testing.parts import eventually
from servicekit.tracing import current_trace_id


async def test_an_event_takes_effect_once_however_often_it_arrives(lab: Lab) -> None:
    key = uuid4()
    envelope = await lab.produce(key, 1)
    same = [(name, value.encode()) for name, value in envelope.headers().items()]
    await lab.produce(key, 1, headers=same)
    await lab.produce(key, 2)
    async with running(lab.consumers(recording()).run):
        await eventually(lambda: lab.numbers_are([1, 2]))
        await eventually(lambda: lab.acknowledged(3))
    assert await lab.numbers() == [1, 2]


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
        await eventually(lambda: lab.acknowledged(1))
    assert (await lab.numbers(), calls) == ([1], ["True None", "True None"])


async def test_an_event_type_nobody_reacts_to_is_passed_by(lab: Lab) -> None:
    envelope = await lab.produce(uuid4(), 1)
    unknown = [(n, v.encode()) for n, v in {**envelope.headers(), "ce_type": "frontdesk.session.dreamed.v9"}.items()]
    await lab.produce(uuid4(), 2, headers=unknown)
    async with running(lab.consumers(recording()).run):
        await eventually(lambda: lab.acknowledged(2))
    assert await lab.numbers() == [1]
    assert await lab.letters() == []


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
        await eventually(lambda: lab.numbers_are([1, 2, 3]))
    assert (attempts, await lab.letters()) == ([8], [])


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
        await eventually(lambda: lab.numbers_are([10, 11, 12]))
        await eventually(lambda: lab.acknowledged(3))
    healed.set()
    async with running(lab.consumers(reactions).run):
        await eventually(lambda: lab.numbers_are([10, 11, 12, 1, 2]))


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
            await eventually(lambda: lab.acknowledged(18))
    for key in keys.values():
        assert [row["number"] for row in await lab.effects() if row["key"] == str(key)] == [1, 2, 3, 4, 5, 6]


async def test_a_lost_database_connection_heals_by_itself(lab: Lab) -> None:
    db = lab.database(pool_size=1)
    key = uuid4()
    async with running(lab.consumers(recording(), db=db).run):
        await lab.produce(key, 1)
        await eventually(lambda: lab.numbers_are([1]))
        for number in range(2, 6):
            await lab.cut_connections("lab")
            await lab.produce(key, number)
        await eventually(lambda: lab.numbers_are([1, 2, 3, 4, 5]))
    assert await lab.letters() == []


async def test_the_watchdog_restarts_a_consumer_that_lags_and_does_not_move(lab: Lab) -> None:
    consumers = lab.consumers(recording(), stall_seconds=0.6)
    async with running(consumers.run):
        await lab.produce(uuid4(), 1)
        await eventually(lambda: lab.numbers_are([1]))
        stuck = consumers.watched[0].subscriber.consumer
        assert stuck is not None
        stuck.pause(*stuck.assignment())
        await lab.produce(uuid4(), 2)
        await eventually(lambda: lab.numbers_are([1, 2]), timeout=20)
        assert consumers.watched[0].restarts >= 1
        await eventually(
            lambda: REGISTRY.get_sample_value("consumer_restarts_total", {"service": "lab", "topic": SESSIONS.name})
        )


async def test_no_lag_is_shown_of_partitions_that_another_process_has_taken_over(lab: Lab) -> None:
    def shown() -> set[str]:
        [lag] = [metric for metric in REGISTRY.collect() if metric.name == "consumer_lag"]
        mine = {"service": "lab", "topic": SESSIONS.name}
        return {sample.labels["partition"] for sample in lag.samples if mine.items() <= sample.labels.items()}

    CONSUMER_LAG.clear()  # of the tests before
    consumers = lab.consumers(recording(), stall_seconds=0.6)
    async with running(consumers.run):
        await eventually(lambda: shown() == {"0", "1", "2"})
        other = AIOKafkaConsumer(
            lab.topic(), bootstrap_servers=lab.parts.kafka_url, group_id=f"{lab.namespace}lab.{SESSIONS.name}"
        )
        await other.start()
        try:
            await eventually(lambda: 0 < assigned(consumers) < 3, timeout=30)
            await eventually(lambda: len(shown()) == assigned(consumers))
        finally:
            await other.stop()


async def test_a_partition_that_waits_is_no_longer_shown_as_waiting_once_another_process_has_it(lab: Lab) -> None:
    reactions = Reactions()

    @reactions.on(SessionRevoked)
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        raise NotYet

    def waiting() -> float | None:
        return REGISTRY.get_sample_value("consumer_healing", {"service": "lab", "topic": SESSIONS.name})

    await lab.produce(uuid4(), 1, partition=0)
    consumers = lab.consumers(reactions, stall_seconds=0.6)
    async with running(consumers.run):
        await eventually(lambda: waiting() == 1)
        other = AIOKafkaConsumer(
            lab.topic(),
            bootstrap_servers=lab.parts.kafka_url,
            group_id=f"{lab.namespace}lab.{SESSIONS.name}",
            client_id="a",  # partitions go round in the order of the members' names: this one gets 0 and 2
            enable_auto_commit=False,
        )
        await other.start()
        try:
            await eventually(lambda: assigned(consumers) == 1, timeout=30)
            await eventually(lambda: waiting() == 0)
        finally:
            await other.stop()
        await eventually(lambda: waiting() == 1, timeout=30)


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
    assert await lab.numbers() == [1]
    assert await lab.acknowledged(1)


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


def assigned(consumers: Consumers) -> int:
    consumer = consumers.watched[0].subscriber.consumer
    return len(consumer.assignment()) if consumer else 0


async def effects_at_least(lab: Lab, count: int) -> bool:
    return len(await lab.effects()) >= count

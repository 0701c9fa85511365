"""The worker as a whole: everything starts together, says when it is ready, survives what is away, stops in time."""

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from contracts.events import SessionRevoked
from contracts.topics import SESSIONS
from servicekit import inbox, retention
from servicekit.clock import utc_now
from servicekit.consumers import Reactions
from servicekit.database import Transaction
from servicekit.due import DueItem, LeaseLost
from servicekit.hints import Hints
from servicekit.jobs import Jobs
from servicekit.settings import ServiceSettings
from servicekit.testing.lab import Lab
from servicekit.testing.parts import eventually
from servicekit.worker import run_worker


@pytest.fixture
async def rt(lab: Lab) -> Any:  # Any: stands in for Runtime
    hints = Hints(None, "lab", "lab")
    settings = ServiceSettings(kafka_url=lab.parts.kafka_url, kafka_namespace=lab.namespace)
    return SimpleNamespace(
        service="lab",
        hints=hints,
        clock=utc_now,
        worker_db=lab.database(hints=hints, pool_size=6),
        base_settings=settings,
    )


async def test_an_event_goes_the_whole_way_and_due_work_is_done(lab: Lab, rt: Any) -> None:
    reactions, jobs = Reactions(), Jobs()
    seen: list[str] = []

    @reactions.on(SessionRevoked)
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        await tx.due("turn", event.user_id, tx.now)

    @jobs.due("turn", poll_seconds=0.2)
    async def turn(item: DueItem, rt: Any) -> None:
        seen.append(str(item.object_id))

    key = uuid4()
    async with run_worker(rt, reactions, jobs, drain_timeout_seconds=5) as worker:
        await eventually(lambda: not worker.not_ready())
        await lab.publish(key, 1, db=lab.database("app", hints=rt.hints))
        await eventually(lambda: seen)
    assert seen == [str(key)]
    assert await lab.sql("select 1 from due") == []


async def test_while_kafka_is_away_commands_go_on_and_afterwards_every_event_is_there_once_in_order(
    lab: Lab, rt: Any
) -> None:
    jobs, done, key = Jobs(), list[DueItem](), uuid4()

    @jobs.due("turn", poll_seconds=0.2)
    async def turn(item: DueItem, rt: Any) -> None:
        done.append(item)

    reactions = Reactions()
    seen: list[int] = []

    @reactions.on(SessionRevoked)
    async def on_revoked(event: SessionRevoked, tx: Transaction) -> None:
        seen.append(event.version)

    rt.base_settings = ServiceSettings(kafka_url="127.0.0.1:1", kafka_namespace=lab.namespace)
    db = lab.database("app", hints=rt.hints)
    async with run_worker(rt, reactions, jobs, drain_timeout_seconds=5) as worker:
        for number in range(1, 6):
            await lab.publish(key, number, db=db)
        async with db.transaction(lab.hotel) as tx:
            await tx.due("turn", key, tx.now)
        await eventually(lambda: done)
        await eventually(lambda: worker.relay.leading)
        assert worker.not_ready() == {"consumers": "not connected to Kafka yet"}
        assert await lab.unpublished() == 5
        worker.relay.kafka_url = worker.consumers.kafka_url = lab.parts.kafka_url
        await eventually(lambda: seen == [1, 2, 3, 4, 5], timeout=20)
    assert len(await lab.records()) == 5


async def test_what_is_in_hand_too_long_is_cut_off_and_given_back(lab: Lab, rt: Any) -> None:
    jobs, begun = Jobs(), asyncio.Event()

    @jobs.due("turn", poll_seconds=0.2, lease_seconds=600)
    async def turn(item: DueItem, rt: Any) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with lab.database("app").transaction(lab.hotel) as tx:
        await tx.due("turn", uuid4(), tx.now)
    async with run_worker(rt, None, jobs, drain_timeout_seconds=0.2):
        await begun.wait()
    [row] = await lab.sql("select lease_until from due")
    assert row["lease_until"] is None


@pytest.mark.parametrize(
    ("lease", "until", "ours"), [(7, "now() + interval '1 minute'", True), (8, "now()", False), (7, "null", False)]
)
async def test_finishing_an_item_needs_the_lease_that_was_claimed(lab: Lab, lease: int, until: str, ours: bool) -> None:
    item = DueItem("turn", lab.hotel, uuid4(), utc_now(), attempt=1, lease=7, lease_until=utc_now())
    await lab.sql(
        f"insert into due (kind, object_id, hotel_id, due_at, lease, lease_until) values ('turn', $1, $2, now(), $3, {until})",
        item.object_id,
        lab.hotel,
        lease,
    )
    async with lab.database().transaction(lab.hotel) as tx:
        with nullcontext() if ours else pytest.raises(LeaseLost):
            await tx.finish(item)


async def test_retention_forgets_what_is_old_and_nothing_else(lab: Lab, rt: Any) -> None:
    async with rt.worker_db.transaction(lab.hotel) as tx:
        assert await inbox.receive(tx, "lab.old", uuid4())
        fresh = uuid4()
        assert await inbox.receive(tx, "lab.new", fresh)
        assert not await inbox.receive(tx, "lab.new", fresh)
    await lab.sql("update inbox set received_at = now() - interval '31 days' where consumer = 'lab.old'")
    for age in (23, 25):
        await lab.sql(
            "insert into idempotency_keys (hotel_id, actor, route, key, request_hash, created_at)"
            " values ($1, 'a', 'r', $2, '', now() - make_interval(hours => $3))",
            lab.hotel,
            str(age),
            age,
        )
    await retention.run(rt)
    assert [row["consumer"] for row in await lab.sql("select consumer from inbox")] == ["lab.new"]
    assert [row["key"] for row in await lab.sql("select key from idempotency_keys")] == ["23"]


async def test_a_rebuild_handles_everything_anew_after_its_inbox_was_reset(lab: Lab, rt: Any) -> None:
    event_id = uuid4()
    async with rt.worker_db.transaction(lab.hotel) as tx:
        await inbox.receive(tx, "lab.projection", event_id)
        await inbox.receive(tx, "lab.other", event_id)
        await inbox.reset(tx, "lab.projection")
    async with rt.worker_db.transaction(lab.hotel) as tx:
        assert await inbox.receive(tx, "lab.projection", event_id)
        assert not await inbox.receive(tx, "lab.other", event_id)


def test_topics_are_read_once_each_however_many_reactions_there_are() -> None:
    reactions = Reactions()
    reactions.on(SessionRevoked, name="a")(nothing)
    reactions.on(SessionRevoked, name="b")(nothing)
    assert reactions.topics() == [SESSIONS]
    with pytest.raises(ValueError, match="two reactions"):
        reactions.on(SessionRevoked, name="b")(nothing)


async def nothing(event: SessionRevoked, tx: Transaction) -> None:
    """A reaction that does nothing."""

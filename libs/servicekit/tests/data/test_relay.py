"""What the relay promises: every committed event at least once, those of one key in order, whoever dies meanwhile."""

import asyncio
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from contracts.envelope import Envelope
from contracts.topics import KNOWLEDGE, SESSIONS
from servicekit import topics
from servicekit.hints import Hints
from servicekit.leader import RELAY_LOCK
from servicekit.measures import BACKLOG_SHOWN
from servicekit.metrics import REGISTRY
from servicekit.relay import Pending, Relay
from servicekit.replay import replay
from servicekit.retention import forget_published
from servicekit.testing.lab import Lab, event, running
from servicekit.testing.parts import eventually


def numbers_by_key(records: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for record in records:
        found[record.key.decode()].append(json.loads(record.value)["version"])
    return found


async def test_events_arrive_with_their_envelope_key_and_body(lab: Lab) -> None:
    key = uuid4()
    [published] = await lab.publish(key, 7)
    async with running(lab.relay().run):
        await eventually(lambda: nothing_left(lab))
    [record] = await lab.records()
    assert Envelope.from_headers(record.headers) == published
    assert (record.key, json.loads(record.value)["version"]) == (str(key).encode(), 7)


async def test_events_of_one_key_keep_their_order_and_all_arrive(lab: Lab) -> None:
    keys = [uuid4() for _ in range(20)]
    db = lab.database("app", pool_size=8)

    async def write(key: UUID) -> None:
        for start in range(1, 21, 4):
            await lab.publish(key, *range(start, start + 4), db=db)

    async with running(lab.relay(batch=50).run):
        await asyncio.gather(*(write(key) for key in keys))
        await eventually(lambda: nothing_left(lab))
    assert numbers_by_key(await lab.records()) == {str(key): list(range(1, 21)) for key in keys}


async def test_an_event_that_commits_late_is_not_forgotten(lab: Lab) -> None:
    slow, fast = uuid4(), uuid4()
    db = lab.database("app")
    async with running(lab.relay().run):
        async with db.transaction(lab.hotel) as tx:
            tx.publish(event(slow, 1))
            await tx.write_events()
            tx._events.clear()  # pyright: ignore[reportPrivateUsage] # written above, before the commit
            await lab.publish(fast, 1, db=db)
            await eventually(lambda: published_of(lab, fast))
        await eventually(lambda: nothing_left(lab))
    assert numbers_by_key(await lab.records()) == {str(slow): [1], str(fast): [1]}


async def test_a_hint_wakes_the_relay_long_before_it_would_look(lab: Lab) -> None:
    hints = Hints(None, "lab", "lab")
    relay = lab.relay(hints=hints, poll_seconds=60)
    db = lab.database("app", hints=hints)
    async with running(relay.run):
        await eventually(lambda: relay.leading)
        for number in range(1, 4):
            await lab.publish(uuid4(), number, db=db)
            await eventually(lambda: nothing_left(lab))


async def test_one_relay_leads_and_another_takes_over_when_it_is_cut_off(lab: Lab) -> None:
    first, second = lab.relay(), lab.relay()
    async with running(first.run):
        await eventually(lambda: first.leading)
        async with running(second.run):
            await lab.publish(uuid4(), 1)
            await eventually(lambda: nothing_left(lab))
            assert (first.leading, second.leading) == (True, False)
            assert await lab.cut_connections("lab relay") == 2
            await lab.publish(uuid4(), 1)
            await eventually(lambda: nothing_left(lab))
            assert first.leading or second.leading
    assert len(await lab.records()) == 2


async def test_a_deposed_leader_marks_nothing(lab: Lab) -> None:
    await lab.publish(uuid4(), 1)
    connection = await asyncpg.connect(lab.urls.worker)

    class CutOff(Relay):
        """Loses its connection, and with it the lock, while a wave is in flight."""

        async def _send(self, producer: Any, event: Pending) -> None:
            await Relay._send(self, producer, event)
            await lab.superuser("select pg_terminate_backend($1)", connection.get_server_pid())
            await eventually(connection.is_closed)

    relay = CutOff(lab.urls.worker, lab.parts.kafka_url, lab.namespace, "lab", Hints(None, "lab", "lab"))
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await relay._send_pending(connection, asyncio.Event())  # pyright: ignore[reportPrivateUsage]
    await relay._close_producer()  # pyright: ignore[reportPrivateUsage]
    assert len(await lab.records()) == 1
    assert await lab.unpublished() == 1


async def test_a_stop_finishes_and_marks_the_wave_in_flight(lab: Lab) -> None:
    keys = [uuid4() for _ in range(5)]
    for key in keys:
        await lab.publish(key, 1, 2)
    sending = asyncio.Event()

    class Slow(Relay):
        """Has a wave in flight for a while."""

        async def _send(self, producer: Any, event: Pending) -> None:
            sending.set()
            await asyncio.sleep(0.1)
            await Relay._send(self, producer, event)

    relay = Slow(lab.urls.worker, lab.parts.kafka_url, lab.namespace, "lab", Hints(None, "lab", "lab"))
    async with running(relay.run):
        await sending.wait()
    assert numbers_by_key(await lab.records()) == {str(key): [1] for key in keys}
    assert await lab.unpublished() == 5


async def test_a_topic_that_does_not_exist_holds_up_only_its_own_events(lab: Lab) -> None:
    await lab.sql(
        "insert into outbox (id, aggregatetype, aggregateid, type, payload, headers)"
        " values (gen_random_uuid(), $1, 'a', 'x', '{}', '{}')",
        KNOWLEDGE.name,
    )
    key = uuid4()
    async with running(lab.relay(absent_topic_seconds=0.5).run):
        await lab.publish(key, 1)
        await eventually(lambda: published_of(lab, key))
        assert await lab.unpublished() == 1
        await topics.apply(lab.parts.kafka_url, lab.namespace, [SESSIONS, KNOWLEDGE])
        await eventually(lambda: nothing_left(lab), timeout=12)


async def test_backlog_and_leader_are_measured(lab: Lab) -> None:
    await lab.publish(uuid4(), *range(1, 48))  # a figure that no test before has left
    relay = lab.relay()
    relay.kafka_url = "127.0.0.1:1"  # nobody listens there
    async with running(relay.run):
        await eventually(lambda: REGISTRY.get_sample_value("outbox_backlog", {"service": "lab"}) == 47)
        assert REGISTRY.get_sample_value("relay_leader", {"service": "lab"}) == 1
    assert REGISTRY.get_sample_value("relay_leader", {"service": "lab"}) == 0


async def test_a_backlog_is_counted_no_further_than_the_figure_goes(lab: Lab) -> None:
    await lab.sql(
        "insert into outbox (id, aggregatetype, aggregateid, type, payload, headers)"
        " select gen_random_uuid(), $1, 'a', 'x', '{}', '{}' from generate_series(1, $2)",
        SESSIONS.name,
        BACKLOG_SHOWN + 50,
    )
    relay = lab.relay()
    relay.kafka_url = "127.0.0.1:1"  # nobody listens there
    async with running(relay.run):
        await eventually(lambda: REGISTRY.get_sample_value("outbox_backlog", {"service": "lab"}) == BACKLOG_SHOWN)


async def test_a_backlog_that_cannot_be_measured_is_sent_all_the_same_by_the_same_leader(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servicekit.relay._BACKLOG", "select 1 as events, 0::float8 as oldest from pg_sleep(60)")
    monkeypatch.setattr("servicekit.relay.MEASURE_TIMEOUT_SECONDS", 0.2, raising=False)
    monkeypatch.setattr("servicekit.relay.MEASURE_SECONDS", 0.1)
    leaders: set[int] = set()
    await lab.publish(uuid4(), 1)
    async with running(lab.relay().run):
        for number in range(2, 6):
            await eventually(lambda: nothing_left(lab))
            leaders |= await holders(lab)
            await lab.publish(uuid4(), number)
        await eventually(lambda: nothing_left(lab))
        leaders |= await holders(lab)
    assert len(leaders) == 1


async def test_replay_sends_what_was_published_since_again(lab: Lab) -> None:
    key = uuid4()
    async with running(lab.relay().run):
        await lab.publish(key, 1)
        await lab.publish(key, 2)
        await eventually(lambda: nothing_left(lab))
        await lab.sql(
            "update outbox set created_at = created_at - interval '1 hour' where seq = (select min(seq) from outbox)"
        )
        assert await replay(lab.urls.worker, datetime.now(UTC) - timedelta(minutes=5)) == 1
        await eventually(lambda: nothing_left(lab))
    records = await lab.records()
    assert numbers_by_key(records) == {str(key): [1, 2, 2]}
    assert [name for name, _ in records[2].headers if name == "x-replayed-at"] == ["x-replayed-at"]


async def test_old_events_are_forgotten_once_published_and_never_before(lab: Lab) -> None:
    async with running(lab.relay().run):
        await lab.publish(uuid4(), 1, 2)
        await eventually(lambda: nothing_left(lab))
    await lab.publish(uuid4(), 3)
    await lab.sql("update outbox set created_at = now() - interval '8 days' where (payload->>'version')::int <> 2")
    async with lab.database().autocommit() as connection:
        assert await forget_published(connection, 7) == 1
    assert {row[0] for row in await lab.sql("select payload->>'version' from outbox")} == {"2", "3"}


async def nothing_left(lab: Lab) -> bool:
    return await lab.unpublished() == 0


async def holders(lab: Lab) -> set[int]:
    """Whose connection holds the relay's lock."""
    rows = await lab.sql(
        "select pid from pg_locks where locktype = 'advisory' and granted and objid = $1"
        " and database = (select oid from pg_database where datname = current_database())",
        RELAY_LOCK,
    )
    return {row["pid"] for row in rows}


async def published_of(lab: Lab, key: UUID) -> bool:
    return bool(await lab.sql("select 1 from outbox where aggregateid = $1 and published_at is not null", str(key)))

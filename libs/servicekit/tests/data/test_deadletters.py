"""Dead letters: what cannot be handled is put aside as it came, with the reason, and comes home when it is mended."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from contracts.events import HotelUpdated, SessionRevoked
from contracts.topics import HOTELS, SESSIONS
from servicekit import dlq, topics
from servicekit.consumers import Consumers, Reactions
from servicekit.database import Database, Transaction
from servicekit.deadletters import Producer
from servicekit.testing.lab import Lab, record, recording, running
from servicekit.testing.parts import eventually


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
        await eventually(lambda: lab.numbers_are([1, 2]))
        await eventually(lambda: lab.acknowledged(6))
    letters = await lab.letters()
    assert [letter.body for letter in letters] == [value for value, _ in poison]
    assert [letter.reaction for letter in letters] == ["schema", "schema", "envelope", "envelope"]
    assert letters[1].error_message == "/user_id: uuid_parsing; /sid: missing; /revoked_at: missing; /version: missing"
    assert "guest@example.com" not in str(letters[1].document())
    assert (letters[2].headers[0], letters[0].original_offset) == (("ce_id", b"\xff\xfe"), 1)
    assert letters[0].consumer == f"{lab.namespace}lab.{SESSIONS.name}"


async def test_poison_as_large_as_kafka_takes_it_holds_nobody_up(lab: Lab) -> None:
    key = uuid4()
    await lab.produce(key, 1, value=b"x" * 1_048_100, partition=0)
    await lab.produce(key, 2, partition=0)
    async with running(lab.consumers(recording()).run):
        await eventually(lambda: lab.numbers_are([2]))
    [letter] = await lab.letters()
    assert len(letter.body) == 1_048_100


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
        await eventually(lambda: lab.numbers_are([2]))
    [letter] = await lab.letters()
    assert attempts == [3]
    assert (letter.error_type, letter.reaction) == ("RuntimeError", "on_revoked")
    assert "Huber" not in letter.error_message


async def test_a_mended_dead_letter_comes_home_to_the_consumer_that_failed_and_to_no_other(lab: Lab) -> None:
    key = uuid4()
    envelope = await lab.produce(key, 7, value=b'{"user_id": 1}')
    elsewhere = recording()
    async with running(lab.consumers(recording()).run), running(other_service(lab, elsewhere).run):
        await eventually(lambda: lab.dead(2))
        body = json.dumps(
            {"user_id": str(key), "sid": None, "revoked_at": "2026-01-01T00:00:00Z", "version": 7}
        ).encode()
        mine = [letter for letter in await lab.letters() if ".audience." not in letter.consumer]
        await dlq.redrive(lab.parts.kafka_url, lab.namespace, SESSIONS, [mine[0].number], body=body)
        await eventually(lambda: lab.numbers_are([7]))
        await eventually(lambda: lab.acknowledged(2))
    assert [row["event_id"] for row in await lab.effects()] == [envelope.id]
    assert [letter.consumer for letter in await lab.letters()] == [f"{lab.namespace}audience.{SESSIONS.name}"]


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
        await eventually(lambda: lab.dead(3))
        failing[0] = False
        assert len(await dlq.redrive(lab.parts.kafka_url, lab.namespace, SESSIONS)) == 3
        await eventually(lambda: lab.numbers_are([1, 2, 3]))
    assert await lab.letters() == []


async def test_a_record_waits_while_the_dead_letters_cannot_be_written(lab: Lab) -> None:
    await lab.produce(uuid4(), 1, value=b"poison", partition=0)
    consumers = lab.consumers(recording(), max_backoff_seconds=0.05)
    name = f"{lab.topic()}.dlq"
    async with running(consumers.run):
        await eventually(lambda: lab.dead(1))
    original = consumers.kafka_url
    assert original
    await lab.produce(uuid4(), 2, value=b"poison too", partition=0)
    blocked = BlockedDeadLetters(consumers, lab)
    async with running(blocked.run):
        await eventually(lambda: blocked.refused > 1)
        assert not await lab.acknowledged(2)
        blocked.open = True
        await eventually(lambda: lab.dead(2))
        await eventually(lambda: lab.acknowledged(2))
    assert [record.value for record in await lab.records(name, 1)] == [b"poison", b"poison too"]


async def test_a_redriven_letter_never_replaces_the_newest_state_on_a_compacted_topic(lab: Lab) -> None:
    await topics.apply(lab.parts.kafka_url, lab.namespace, [HOTELS])
    reactions = Reactions()
    reactions.on(HotelUpdated)(record)
    producer = Producer(lab.parts.kafka_url, "lab")
    for body in (b"poison", b"the newest state, say"):
        await producer.send(lab.topic(HOTELS), body, key=b"hotel", headers=[], partition=1)
    await producer.close()
    async with running(lab.consumers(reactions).run):
        await eventually(lambda: two_letters(lab))
    [sent, _] = await dlq.redrive(lab.parts.kafka_url, lab.namespace, HOTELS)
    newest = {record.key: record.value for record in await lab.records(lab.topic(HOTELS))}
    redriven = b"redrive:" + sent.consumer.encode() + b":hotel"
    assert newest == {b"hotel": b"the newest state, say", redriven: None}


async def two_letters(lab: Lab) -> bool:
    return len(await lab.letters(HOTELS)) == 2


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

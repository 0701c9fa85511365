"""An erased guest's dead letters go with them: each group takes away its own, and nobody else's."""

import json
from datetime import UTC, datetime
from uuid import UUID, uuid4

from contracts.envelope import Envelope
from contracts.events import GuestErased, GuestUpdated
from contracts.ids import EventId, GuestId, HotelId
from contracts.topics import GUESTS, SESSIONS
from servicekit import topics
from servicekit.consumers import Consumers, Reactions
from servicekit.database import Database, Transaction
from servicekit.deadletters import Producer
from servicekit.testing.lab import Lab, running
from servicekit.testing.parts import eventually

HOTEL = HotelId(uuid4())


async def publish(lab: Lab, producer: Producer, guest: UUID, body: bytes, kind: type = GuestUpdated) -> None:
    envelope = Envelope(EventId(uuid4()), kind.TYPE, "/frontdesk/identity", datetime.now(UTC), str(guest), HOTEL)
    headers = [(name, value.encode()) for name, value in envelope.headers().items()]
    await producer.send(lab.topic(GUESTS), body, key=str(guest).encode(), headers=headers, partition=0)


def follows(handled: list[UUID]) -> Reactions:
    reactions = Reactions()

    @reactions.on(GuestUpdated)
    async def on_updated(event: GuestUpdated, tx: Transaction) -> None:
        raise AssertionError("nothing here fits the schema")

    @reactions.on(GuestErased)
    async def on_erased(event: GuestErased, tx: Transaction) -> None:
        handled.append(event.guest_id)

    return reactions


async def test_an_event_that_erases_takes_the_dead_letters_of_its_key_along(lab: Lab) -> None:
    await topics.apply(lab.parts.kafka_url, lab.namespace, [GUESTS])
    gone, other = GuestId(uuid4()), GuestId(uuid4())
    producer = Producer(lab.parts.kafka_url, "lab")
    for guest in (gone, gone, other):
        await publish(lab, producer, guest, json.dumps({"name": "Clara", "guest_id": 1}).encode())
    erased = GuestErased(guest_id=gone, hotel_id=HOTEL, erased_at=datetime.now(UTC), version=3)
    await publish(lab, producer, gone, erased.model_dump_json().encode(), GuestErased)
    await producer.close()
    handled: list[UUID] = []
    audience = Database(lab.urls.worker, pool_size=2, service="audience")
    lab.databases.append(audience)
    others = Consumers(follows([]), audience, lab.parts.kafka_url, lab.namespace)
    async with running(lab.consumers(follows(handled)).run), running(others.run):

        async def tombstones() -> bool:
            return len(await letters(lab)) == 8

        await eventually(tombstones)
    assert handled == [gone]
    after_compaction = dict(await letters(lab))
    groups = [f"{lab.namespace}{service}.{GUESTS.name}" for service in ("lab", "audience")]
    expected = {f"{guest}@{group}".encode(): guest == other for guest in (gone, other) for group in groups}
    assert {key: value is not None for key, value in after_compaction.items()} == expected
    assert {letter.key for letter in await lab.letters(GUESTS)} >= {f"{other}@{groups[0]}".encode()}


async def letters(lab: Lab) -> list[tuple[bytes, bytes | None]]:
    return [(one.key, one.value) for one in await lab.records(f"{lab.topic(GUESTS)}.dlq", 1)]


def test_dead_letters_of_personal_topics_can_be_taken_away_and_are_kept_for_a_shorter_time() -> None:
    planned = {one.name: one.config for one in topics.plan("", [GUESTS, SESSIONS])}
    assert planned[GUESTS.dlq]["cleanup.policy"] == "compact,delete"
    assert planned[SESSIONS.dlq]["cleanup.policy"] == "delete"
    assert int(planned[GUESTS.dlq]["retention.ms"]) < int(planned[SESSIONS.dlq]["retention.ms"])

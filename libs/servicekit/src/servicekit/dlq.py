"""Dead letters for operators: list them, look at one, and send it back to the consumer that failed on it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.topics import TOPICS, Topic
from servicekit import deadletters
from servicekit.deadletters import Producer, header

PARTITION = 0
"""Dead-letter topics have one partition: order of arrival, and one number names a letter."""


class NoSuchLetter(LookupError):
    """There is no dead letter of that number, or it has been redriven."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a consumer gave up on.

    Attributes:
        number: its offset in the dead-letter topic; names it together with the topic.
        topic: where it came from, without the namespace.
        consumer: the group that failed.
        body: the bytes as they were published.
        redriven: whether it has been sent back.
    """

    number: int
    topic: str
    consumer: str
    reaction: str
    error_type: str
    error_message: str
    failed_at: str
    event_type: str
    event_id: str
    hotel_id: str | None
    original_partition: int
    original_offset: int
    key: bytes | None
    body: bytes
    headers: tuple[tuple[str, bytes], ...]
    redriven: bool = False

    def document(self) -> dict[str, Any]:  # Any: JSON
        """For printing: all but the body and the key, which may hold personal data."""
        names = ("number", "topic", "consumer", "reaction", "error_type", "error_message", "failed_at", "event_type")
        more = ("event_id", "hotel_id", "original_partition", "original_offset", "redriven")
        return {name: getattr(self, name) for name in (*names, *more)}


async def list_dead(
    kafka_url: str, namespace: str = "", *, topics: Sequence[Topic] = TOPICS, redriven: bool = False
) -> list[DeadLetter]:
    """The dead letters of these topics, oldest first; those that were sent back only with `redriven=True`."""
    found: list[DeadLetter] = []
    for topic in topics:
        letters = await _read(kafka_url, namespace, topic)
        found += [letter for letter in letters if redriven or not letter.redriven]
    return found


async def show(kafka_url: str, namespace: str, topic: Topic, number: int) -> DeadLetter:
    """One dead letter.

    Raises:
        NoSuchLetter: there is none of that number.
    """
    for letter in await _read(kafka_url, namespace, topic):
        if letter.number == number:
            return letter
    raise NoSuchLetter(f"{topic.dlq} has no letter {number}")


async def redrive(
    kafka_url: str,
    namespace: str,
    topic: Topic,
    numbers: Iterable[int] | None = None,
    *,
    body: bytes | None = None,
    again: bool = False,
) -> list[DeadLetter]:
    """Send letters back to their topic, for the group that failed on them and for nobody else.

    The id stays, so the inbox keeps the effect single; the partition too. It is late: projections compare versions.

    Args:
        numbers: which; all that were not sent back yet if None.
        body: a mended body, for exactly one letter; must be JSON.
        again: also those that were sent back before.

    Raises:
        NoSuchLetter: a number that is not there, or was sent back.
        ValueError: a mended body that is no JSON, or not for one letter.
    """
    letters = {
        letter.number: letter for letter in await _read(kafka_url, namespace, topic) if again or not letter.redriven
    }
    wanted = sorted(letters) if numbers is None else list(numbers)
    for number in wanted:
        if number not in letters:
            raise NoSuchLetter(f"{topic.dlq} has no letter {number} that waits")
    if body is not None:
        if len(wanted) != 1:
            raise ValueError("a mended body is for exactly one letter")
        json.loads(body)
    producer = Producer(kafka_url, "frontdesk-redrive")
    try:
        for number in wanted:
            await _send_back(producer, namespace, topic, letters[number], body)
    finally:
        await producer.close()
    return [letters[number] for number in wanted]


async def _send_back(producer: Producer, namespace: str, topic: Topic, letter: DeadLetter, body: bytes | None) -> None:
    original = deadletters.without_added(letter.headers)
    key = deadletters.redriven_key(topic, letter.consumer, letter.key)
    headers = [*original, (deadletters.REDRIVE_FOR, letter.consumer.encode())]
    target, partition = namespace + topic.name, letter.original_partition
    value = letter.body if body is None else body
    await producer.send(target, value, key=key, headers=headers, partition=partition)
    if topic.compacted:  # and compaction may take it away again
        await producer.send(target, None, key=key, headers=headers, partition=partition)
    marker = [
        (deadletters.REDRIVEN, str(letter.number).encode()),
        ("x-redriven-at", datetime.now(UTC).isoformat().encode()),
    ]
    await producer.send(namespace + topic.dlq, None, key=letter.key, headers=marker, partition=PARTITION)


async def _read(kafka_url: str, namespace: str, topic: Topic) -> list[DeadLetter]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka_url,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=15_000,
    )
    try:
        await consumer.start()
        partition = TopicPartition(namespace + topic.dlq, PARTITION)
        consumer.assign([partition])
        end: int = (await consumer.end_offsets([partition]))[partition]
        start: int = (await consumer.beginning_offsets([partition]))[partition]
        records: list[Any] = []  # Any: aiokafka's record of bytes
        consumer.seek(partition, start)
        while start < end and await consumer.position(partition) < end:
            for batch in (await consumer.getmany(partition, timeout_ms=1000)).values():
                records += batch
    finally:
        await consumer.stop()
    sent_back = {header(record.headers, deadletters.REDRIVEN) for record in records}
    return [
        _letter(record, topic, redriven=str(record.offset) in sent_back)
        for record in records
        if header(record.headers, deadletters.REDRIVEN) is None and record.value is not None
    ]


def _letter(record: Any, topic: Topic, *, redriven: bool) -> DeadLetter:  # Any: aiokafka's record of bytes
    def word(name: str) -> str:
        return header(record.headers, name) or ""

    return DeadLetter(
        number=record.offset,
        topic=topic.name,
        consumer=word(deadletters.CONSUMER),
        reaction=word(deadletters.REACTION),
        error_type=word(deadletters.ERROR_TYPE),
        error_message=word(deadletters.ERROR_MESSAGE),
        failed_at=word(deadletters.FAILED_AT),
        event_type=word("ce_type"),
        event_id=word("ce_id"),
        hotel_id=word("hotel_id") or None,
        original_partition=int(word(deadletters.ORIGINAL_PARTITION) or 0),
        original_offset=int(word(deadletters.ORIGINAL_OFFSET) or 0),
        key=record.key,
        body=record.value,
        headers=tuple(record.headers),
        redriven=redriven,
    )

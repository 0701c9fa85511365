"""Dead letters: records that a consumer could not handle, kept as they came, with the reason in headers.

A dead letter goes to `<topic>.dlq` with the same key, body and headers, and these more:
`x-consumer` (the group that failed), `x-reaction`, `x-error-type`, `x-error-message` (no personal data), `x-failed-at`,
`x-original-topic`, `x-original-partition`, `x-original-offset`.

The dead letters of a topic that holds personal data are compacted by key and group, so that an event that erases takes them
away: each group writes a tombstone after it has handled it, which is after all the group has put there before.

When it is redriven it returns to its topic and partition with `x-redrive-for: <group>`: only that group handles it, all
others pass it by. On a compacted topic its key is changed, so that the old state never replaces the newest one.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from aiokafka import AIOKafkaProducer

from contracts.topics import Topic
from servicekit.healing import describe
from servicekit.producers import abandon

Headers = Sequence[tuple[str, bytes]]

CONSUMER = "x-consumer"
REACTION = "x-reaction"
ERROR_TYPE = "x-error-type"
ERROR_MESSAGE = "x-error-message"
FAILED_AT = "x-failed-at"
ORIGINAL_TOPIC = "x-original-topic"
ORIGINAL_PARTITION = "x-original-partition"
ORIGINAL_OFFSET = "x-original-offset"
REDRIVE_FOR = "x-redrive-for"
REDRIVEN = "x-redriven"
ADDED = frozenset(
    {
        CONSUMER,
        REACTION,
        ERROR_TYPE,
        ERROR_MESSAGE,
        FAILED_AT,
        ORIGINAL_TOPIC,
        ORIGINAL_PARTITION,
        ORIGINAL_OFFSET,
        REDRIVE_FOR,
        REDRIVEN,
    }
)
SEND_SECONDS = 10.0
MAX_BYTES = 2 * 1024 * 1024
"""A dead letter may be larger than what Kafka takes on the topic it came from (1 MiB): it carries the reason too."""


def header(headers: Headers, name: str) -> str | None:
    """A header's text, or None."""
    for key, value in headers:
        if key == name:
            return value.decode("utf-8", "replace")
    return None


def addressed_to(headers: Headers, group: str | None) -> bool:
    """Whether a reader should handle the record: a redriven one is for the group that failed on it, and for nobody else.

    `group` is None for readers without a group: live feeds and deny lists.
    """
    only = header(headers, REDRIVE_FOR)
    return only is None or only == group


def without_added(headers: Headers) -> list[tuple[str, bytes]]:
    """The headers as they were when the record was published."""
    return [(name, value) for name, value in headers if name not in ADDED]


def reasons(
    error: BaseException, *, group: str, reaction: str, topic: str, partition: int, offset: int, at: datetime
) -> list[tuple[str, bytes]]:
    """The headers that a dead letter gets."""
    words = {
        CONSUMER: group,
        REACTION: reaction,
        ERROR_TYPE: type(error).__name__,
        ERROR_MESSAGE: describe(error),
        FAILED_AT: at.isoformat(),
        ORIGINAL_TOPIC: topic,
        ORIGINAL_PARTITION: str(partition),
        ORIGINAL_OFFSET: str(offset),
    }
    return [(name, value.encode()) for name, value in words.items()]


class Producer:
    """An idempotent producer that starts when first used and starts over after an error."""

    def __init__(self, kafka_url: str, client_id: str) -> None:
        self._kafka_url = kafka_url
        self._client_id = client_id
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None,
        headers: Iterable[tuple[str, bytes]],
        partition: int | None = None,
    ) -> None:
        """Returns once every in-sync replica has it.

        Raises:
            KafkaError, TimeoutError: it may or may not be there.
        """
        async with self._lock:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    producer = await self._ready()
                    await producer.send_and_wait(topic, value, key=key, headers=list(headers), partition=partition)
            except BaseException:
                await self._stop()
                raise

    async def close(self) -> None:
        """Close the connection."""
        async with self._lock:
            await self._stop()

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                bootstrap_servers=self._kafka_url,
                client_id=self._client_id,
                acks="all",
                enable_idempotence=True,
                request_timeout_ms=int(SEND_SECONDS * 1000),
                max_request_size=MAX_BYTES,
            )
            await self._producer.start()
        return self._producer

    async def _stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await abandon(producer)


def letter_key(topic: Topic | None, group: str, key: bytes | None) -> bytes | None:
    """The key of a dead letter: its own, and on a topic of personal data the group's, too, which waits for it alone."""
    if topic is not None and topic.personal and key is not None:
        return key + b"@" + group.encode()
    return key


def redriven_key(topic: Topic | None, group: str, key: bytes | None) -> bytes | None:
    """The key a redriven record travels with: its own, or on a compacted topic one that replaces nobody's state."""
    if topic is not None and topic.compacted:
        return b"redrive:" + group.encode() + b":" + (key or b"")
    return key

"""The watchdog: shows how far consumers lag and whether they wait, and restarts one that lags and does not move."""

import asyncio
import contextlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka.subscriber.usecase import DefaultSubscriber

from servicekit.logging import log
from servicekit.measures import CONSUMER_HEALING, CONSUMER_LAG, CONSUMER_RESTARTS

STALL_SECONDS = 60.0
LOOKS_PER_STALL = 6
MAX_LOOK_SECONDS = 5.0
ASK_SECONDS = 5.0


@dataclass(slots=True)
class Watched:
    """A subscriber and when it last did something.

    Attributes:
        topic: without the namespace.
        active_at: monotonic seconds of the last record begun or ended.
        in_hand: records being handled; waiting for something to heal is being handled.
        measured: partitions whose lag is shown.
        healing: partitions whose record waits for something to heal, and how often it was tried in vain.
    """

    topic: str
    subscriber: DefaultSubscriber
    active_at: float = field(default_factory=monotonic)
    in_hand: int = 0
    restarts: int = 0
    measured: set[int] = field(default_factory=set[int])
    healing: dict[int, int] = field(default_factory=dict[int, int])

    @contextmanager
    def working(self) -> Generator[None]:
        """Around the handling of a record."""
        self.in_hand += 1
        self.active_at = monotonic()
        try:
            yield
        finally:
            self.in_hand -= 1
            self.active_at = monotonic()


async def watch(subscribers: Sequence[Watched], service: str, stall_seconds: float) -> None:
    """Look at every subscriber again and again, until cancelled."""
    while True:
        await asyncio.sleep(min(stall_seconds / LOOKS_PER_STALL, MAX_LOOK_SECONDS))
        for topic in {watched.topic for watched in subscribers}:
            show_healing(subscribers, topic, service)
        await asyncio.gather(*(_look(watched, service, stall_seconds) for watched in subscribers))


def show_healing(subscribers: Sequence[Watched], topic: str, service: str) -> None:
    """Show whether a partition of the topic waits here; one that has moved on is another process's to show."""
    healing = False
    for watched in subscribers:
        if watched.topic == topic:
            for lost in watched.healing.keys() - _assigned(watched):
                del watched.healing[lost]
            healing = healing or bool(watched.healing)
    CONSUMER_HEALING.labels(service, topic).set(1 if healing else 0)


def _assigned(watched: Watched) -> set[int]:
    consumer = watched.subscriber.consumer
    return {partition.partition for partition in consumer.assignment()} if consumer is not None else set()


async def _look(watched: Watched, service: str, stall_seconds: float) -> None:
    try:
        lag = await _lag(watched, service)
    except (KafkaError, TimeoutError, OSError):
        return  # Kafka is away; aiokafka reconnects by itself
    except Exception as error:
        log.warning("watchdog.failed", topic=watched.topic, error=repr(error))
        return
    if not lag:
        watched.active_at = max(watched.active_at, monotonic() - stall_seconds / 2)
        return
    if watched.in_hand == 0 and monotonic() - watched.active_at > stall_seconds:
        log.error(
            "consumer.restarted", topic=watched.topic, lag=lag, stalled_seconds=round(monotonic() - watched.active_at)
        )
        CONSUMER_RESTARTS.labels(service, watched.topic).inc()
        watched.active_at = monotonic()
        watched.restarts += 1
        with contextlib.suppress(KafkaError, TimeoutError, OSError):
            async with asyncio.timeout(stall_seconds):
                await watched.subscriber.stop()
        with contextlib.suppress(KafkaError, TimeoutError, OSError):
            async with asyncio.timeout(stall_seconds):
                await watched.subscriber.start()


async def _lag(watched: Watched, service: str) -> int:
    consumer = watched.subscriber.consumer
    if consumer is None:
        return 1  # a restart that failed half-way: there may well be something to do
    assigned = consumer.assignment()
    for lost in watched.measured - {partition.partition for partition in assigned}:
        watched.measured.discard(lost)  # whoever has it now says how far behind it is
        with contextlib.suppress(KeyError):
            CONSUMER_LAG.remove(service, watched.topic, str(lost))
    if not assigned:
        return 0
    async with asyncio.timeout(ASK_SECONDS):
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(assigned))
    total = 0
    for partition, end in ends.items():
        position = await _position(consumer, partition)
        behind = 0 if position is None else max(end - position, 0)
        CONSUMER_LAG.labels(service, watched.topic, str(partition.partition)).set(behind)
        watched.measured.add(partition.partition)
        total += behind
    return total


async def _position(consumer: AIOKafkaConsumer, partition: TopicPartition) -> int | None:
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return await consumer.position(partition)
    except (TimeoutError, KafkaError):
        return None

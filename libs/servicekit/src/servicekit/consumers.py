"""A service's Kafka consumers: FastStream subscribers, one group per service and topic, started side by side.

FastStream's acknowledgement, as of 0.7.8: an ack commits the positions of all partitions of that member; a nack seeks its
partition back to the record, so that a later ack of another partition commits that record's own offset and not one past
it. After a rebalance in between, seek or commit fail, are logged, and the record comes again from the committed offset:
the inbox keeps its effect single. Every policy but NACK_ON_ERROR commits a failed record.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faststream.exceptions import NackMessage
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.subscriber.usecase import DefaultSubscriber
from faststream.middlewares import AckPolicy

from contracts.topics import Topic
from servicekit.database import Database
from servicekit.deadletters import Producer
from servicekit.delivery import HANDLER_SECONDS, RETRY_SECONDS, Delivery, Healing, Outcome
from servicekit.healing import NotYet
from servicekit.logging import log
from servicekit.measures import CONSUMED
from servicekit.reactions import Reactions
from servicekit.stopping import wait_for_stop
from servicekit.watchdog import STALL_SECONDS, Watched, show_healing, watch

__all__ = ["Consumers", "NotYet", "Reactions"]

FIRST_BACKOFF_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 15.0
ALERT_AFTER = 5
"""Attempts in a row after which waiting for something to heal is an error in the log, not a warning."""
START_BACKOFF_SECONDS = 1.0
PASSED_COMMIT_SECONDS = 1.0
"""How often the position is committed while records are passed by. Passing by has no effect, so doing it again has none:
committing each one cost more than everything else about it."""
SESSION_SECONDS = 10.0
"""After this long without a heartbeat a member that died loses its partitions to the others."""


@dataclass(slots=True)
class Consumers:
    """The consumers of one service in one process.

    Args:
        reactions: what to do.
        db: as the worker role; its `service` names the groups.
        kafka_url: `host:port[,host:port]`.
        namespace: put before topics and groups.
        members: group members per topic in this process. Each handles one record at a time, so a partition's order holds.
        stall_seconds: lag without progress for this long restarts a subscriber.
        session_seconds: how long a member that was killed keeps its partitions; the broker allows 6 at least.
    """

    reactions: Reactions
    db: Database
    kafka_url: str
    namespace: str
    members: int = 1
    retry_seconds: tuple[float, ...] = RETRY_SECONDS
    handler_seconds: float = HANDLER_SECONDS
    max_backoff_seconds: float = MAX_BACKOFF_SECONDS
    stall_seconds: float = STALL_SECONDS
    graceful_seconds: float = 15.0
    session_seconds: float = SESSION_SECONDS
    started: bool = field(default=False, init=False)
    watched: list[Watched] = field(default_factory=list[Watched], init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until `stop`; then finish the records in hand and leave the groups. Kafka may be away at any time."""
        if not self.reactions.topics():
            self.started = True
            await stop.wait()
            return
        dead = Producer(self.kafka_url, f"{self.db.service}-dead-letters")
        watching: asyncio.Task[None] | None = None
        broker: KafkaBroker | None = None
        try:
            broker = await self._start(dead, stop)
            if broker is None:
                return
            self.started = True
            watching = asyncio.create_task(watch(self.watched, self.db.service, self.stall_seconds), name="watchdog")
            await stop.wait()
        finally:
            self.started = False
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            if broker is not None:
                await broker.stop()
            await dead.close()

    async def _start(self, dead: Producer, stop: asyncio.Event) -> KafkaBroker | None:
        failures = 0
        while not stop.is_set():
            broker = self._build(dead, stop)
            try:
                await broker.connect()
                await asyncio.gather(*(watched.subscriber.start() for watched in self.watched))
            except (KafkaError, OSError, TimeoutError) as error:
                failures += 1
                log.warning("consumers.not_started", error=type(error).__name__, failures=failures)
                with contextlib.suppress(Exception):  # half started; the next attempt builds anew
                    await broker.stop()
                await wait_for_stop(stop, min(START_BACKOFF_SECONDS * failures, 5))
            else:
                log.info("consumers.started", topics=[topic.name for topic in self.reactions.topics()])
                return broker
        return None

    def _build(self, dead: Producer, stop: asyncio.Event) -> KafkaBroker:
        broker = KafkaBroker(
            self.kafka_url,
            client_id=self.db.service,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            graceful_timeout=self.graceful_seconds,
            request_timeout_ms=15_000,
            metadata_max_age_ms=30_000,
            logger=_logger(),
        )
        self.watched = []
        for topic in self.reactions.topics():
            for _ in range(self.members):
                self._subscribe(broker, topic, dead, stop)
        return broker

    def _subscribe(self, broker: KafkaBroker, topic: Topic, dead: Producer, stop: asyncio.Event) -> None:
        group = f"{self.namespace}{self.db.service}.{topic.name}"
        delivery = Delivery(
            self.reactions,
            self.db,
            group,
            dead,
            stop,
            retry_seconds=self.retry_seconds,
            handler_seconds=self.handler_seconds,
        )
        subscriber = broker.subscriber(
            self.namespace + topic.name,
            group_id=group,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.NACK_ON_ERROR,
            no_reply=True,
            session_timeout_ms=int(self.session_seconds * 1000),
            heartbeat_interval_ms=int(self.session_seconds * 200),
            parser=_parse,
            decoder=_whole,
        )
        assert isinstance(subscriber, DefaultSubscriber)
        watched = Watched(topic.name, subscriber)
        subscriber.get_msg = _Passing(delivery, watched, self.db.service).next  # type: ignore[method-assign]  # the one seam before FastStream's own pipeline

        async def consume(message: KafkaMessage) -> None:
            record: Any = message.raw_message  # Any: FastStream's union of a record and a batch of them
            with watched.working():
                try:
                    await delivery.deliver(record, topic.name)
                except Healing as healing:
                    CONSUMED.labels(self.db.service, topic.name, "healing").inc()
                    failures = watched.healing[record.partition] = watched.healing.get(record.partition, 0) + 1
                    show_healing(self.watched, topic.name, self.db.service)
                    seconds = min(FIRST_BACKOFF_SECONDS * 2 ** min(failures - 1, 20), self.max_backoff_seconds)
                    say = log.error if failures >= ALERT_AFTER else log.warning
                    say("record.waits", topic=topic.name, partition=record.partition, why=str(healing), seconds=seconds)
                    await wait_for_stop(stop, seconds)
                    raise NackMessage from healing
            if watched.healing.pop(record.partition, 0):
                show_healing(self.watched, topic.name, self.db.service)

        subscriber(consume)
        self.watched.append(watched)


@dataclass(slots=True)
class _Passing:
    """Takes records from Kafka, and passes by those that are not for this service before anything is made of them."""

    delivery: Delivery
    watched: Watched
    service: str
    _passed: int = 0
    _committed_at: float = 0.0

    async def next(self, consumer: AIOKafkaConsumer) -> Any:  # Any: aiokafka's record
        """The next record that is to be handled, or put with the dead letters."""
        while True:
            record = await self._take(consumer)
            if not self.delivery.passes_by(record):
                return record
            self._passed += 1
            self.watched.active_at = monotonic()
            CONSUMED.labels(self.service, self.watched.topic, Outcome.SKIPPED.value).inc()

    async def _take(self, consumer: AIOKafkaConsumer) -> Any:  # Any: aiokafka's record
        """The next record. Everything before it is handled or passed by, so until it is taken the position may be
        committed."""
        if not self._passed:
            return await consumer.getone()
        taken = asyncio.ensure_future(consumer.getone())
        try:
            if monotonic() - self._committed_at < PASSED_COMMIT_SECONDS:
                await asyncio.wait({taken}, timeout=PASSED_COMMIT_SECONDS)
            if not taken.done():
                await self._commit(consumer)
            return await taken
        finally:
            taken.cancel()

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        self._passed, self._committed_at = 0, monotonic()
        with contextlib.suppress(KafkaError):  # the position is committed with the next record, or read again
            await consumer.commit()


async def _parse(record: Any, original: Any) -> Any:  # Any: FastStream's parser protocol
    """FastStream decodes every header as strict UTF-8 and would drop a record where that fails; we read them ourselves."""
    headers, record.headers = record.headers, ()
    try:
        message = await original(record)
    finally:
        record.headers = headers
    return message


async def _whole(message: Any) -> Any:  # Any: FastStream's decoder protocol
    """Hand over the message itself: the body stays bytes, so that a poison one reaches the dead letters as it came."""
    return message


def _logger() -> logging.Logger:
    logger = logging.getLogger("servicekit.faststream")
    logger.setLevel(logging.ERROR)  # it warns at every start that topics are not created by being used
    return logger

"""The relay: takes committed events from the outbox to Kafka, each at least once, those of one key in order.

One process per service database leads. It reads what is pending in `seq` order (never from a remembered position: rows
may commit late), sends waves with at most one event per key in flight, and marks a wave on the connection that holds
the lock before it sends the next, so that a deposed leader neither marks anything nor gets further than one wave.
"""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from servicekit.hints import Hints
from servicekit.leader import RELAY_LOCK, Leadership
from servicekit.logging import log
from servicekit.measures import (
    BACKLOG_SHOWN,
    OUTBOX_BACKLOG,
    OUTBOX_OLDEST_SECONDS,
    RELAY_FAILURES,
    RELAY_LEADER,
    RELAY_PUBLISHED,
)
from servicekit.producers import abandon
from servicekit.stopping import wait_for_stop, woken_or_stopped

if TYPE_CHECKING:
    from asyncpg import Connection

BATCH = 500
"""Rows read at once: the largest wave."""
GATHER_SECONDS = 0.02
"""A wave that was not full is followed by the next after this at the earliest. What is alone is sent at once; under load
a request to Kafka, its answer and every consumer's fetch carry many events instead of one or two."""
POLL_SECONDS = 0.5
MEASURE_SECONDS = 5.0
MEASURE_TIMEOUT_SECONDS = 2.0
"""How long measuring may hold up sending. If that is not enough, the figures stay as they were."""
REQUEST_SECONDS = 30.0
"""How long the producer waits for one answer of Kafka's before it asks again."""
GIVE_UP_SECONDS = 120.0
"""How long a wave may wait for Kafka before the producer is replaced. The producer itself retries without doubling
anything; a new one does not know what the old one got through, so that is the last resort, not the first."""
STOP_SECONDS = 2.0
"""How long a wave that Kafka does not acknowledge may hold up a stop."""
FIRST_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 5.0
ABSENT_TOPIC_SECONDS = 5.0
"""Events of a topic that does not exist wait this long until it is looked up again; other topics go on."""

_PENDING = """
select id, aggregatetype, aggregateid, payload::text as payload, headers::text as headers
from outbox where published_at is null and aggregatetype <> all($2::text[]) order by seq limit $1
"""
_MARK = "update outbox set published_at = now() where id = any($1::uuid[])"
# Both go along outbox_pending and end early: measuring must not cost more the longer Kafka is away.
_BACKLOG = f"""
select
    (select count(*) from (
        select 1 from outbox where published_at is null order by seq limit {BACKLOG_SHOWN}
    ) as pending) as events,
    coalesce(extract(epoch from now() - (
        select created_at from outbox where published_at is null order by seq limit 1
    )), 0)::float8 as oldest
"""  # noqa: S608 - a number of ours


class WaveInterrupted(Exception):
    """Kafka did not acknowledge a part of a wave; what it did is marked, the rest is read again."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that waits in the outbox."""

    id: UUID
    topic: str
    key: str
    payload: bytes | None
    """None: a tombstone."""
    headers: list[tuple[str, bytes]]


@dataclass(slots=True)
class Relay:
    """The relay of one service's outbox.

    Args:
        database_url: of the worker role; a direct connection, no pooler.
        kafka_url: `host:port[,host:port]`.
        namespace: put before every topic's name.
        service: for metrics and logs.
        hints: woken by `outbox`.
    """

    database_url: str
    kafka_url: str
    namespace: str
    service: str
    hints: Hints
    poll_seconds: float = POLL_SECONDS
    gather_seconds: float = GATHER_SECONDS
    batch: int = BATCH
    absent_topic_seconds: float = ABSENT_TOPIC_SECONDS
    leading: bool = field(default=False, init=False)
    _producer: AIOKafkaProducer | None = field(default=None, init=False)
    _absent: dict[str, float] = field(default_factory=dict[str, float], init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Relay whenever this process leads, until `stop`; the wave in hand is finished and marked first."""
        await Leadership(self.database_url, RELAY_LOCK, f"{self.service} relay").run(
            lambda connection: self._lead(connection, stop), stop
        )

    async def _lead(self, connection: "Connection", stop: asyncio.Event) -> None:
        self.leading = True
        RELAY_LEADER.labels(self.service).set(1)
        failures = 0
        loop = asyncio.get_running_loop()
        measured = -MEASURE_SECONDS
        try:
            with self.hints.subscribe("outbox") as woken:
                while not stop.is_set():
                    woken.drain()
                    began = loop.time()
                    try:
                        sent = await self._send_pending(connection, stop)
                        failures = 0
                    except (KafkaError, WaveInterrupted) as error:
                        sent, failures = 0, failures + 1
                        await self._interrupted(error, failures)
                    if loop.time() - measured > MEASURE_SECONDS:
                        measured = loop.time()
                        await self._measure(connection)
                    if failures:
                        await wait_for_stop(
                            stop, min(FIRST_BACKOFF_SECONDS * 2 ** min(failures - 1, 10), MAX_BACKOFF_SECONDS)
                        )
                    elif not sent:
                        await woken_or_stopped(woken, self.poll_seconds, stop)
                    elif sent < self.batch:
                        await wait_for_stop(stop, began + self.gather_seconds - loop.time())
        finally:
            self.leading = False
            RELAY_LEADER.labels(self.service).set(0)
            await self._close_producer()  # whoever leads next sends what it still holds

    async def _send_pending(self, connection: "Connection", stop: asyncio.Event) -> int:
        """Send what is pending, wave by wave. Returns how many events were acknowledged and marked."""
        now = asyncio.get_running_loop().time()
        absent = [topic for topic, until in self._absent.items() if until > now]
        rows = [_pending(row) for row in await connection.fetch(_PENDING, self.batch, absent)]
        if not rows:
            return 0
        producer = await self._ready_producer()
        rows = [row for row in rows if await self._exists(producer, row.topic)]
        lanes: dict[tuple[str, str], deque[Pending]] = {}
        for row in rows:
            lanes.setdefault((row.topic, row.key), deque()).append(row)
        sent = 0
        while lanes and not stop.is_set():
            wave = [lane[0] for lane in lanes.values()]
            outcomes = await self._send_wave(producer, wave, connection, stop)
            acked = [event for event, outcome in zip(wave, outcomes, strict=True) if outcome is None]
            if acked:
                await connection.execute(_MARK, [event.id for event in acked])
            for event in acked:
                RELAY_PUBLISHED.labels(self.service, event.topic).inc()
            for outcome in outcomes:
                if outcome is not None:
                    raise WaveInterrupted(type(outcome).__name__) from outcome
            sent += len(acked)
            for event in acked:
                lane = lanes[event.topic, event.key]
                lane.popleft()
                if not lane:
                    del lanes[event.topic, event.key]
        return sent

    async def _send_wave(
        self, producer: AIOKafkaProducer, wave: list[Pending], connection: "Connection", stop: asyncio.Event
    ) -> list[BaseException | None]:
        """Send one event per key; what became of each. While Kafka is away the backlog is still measured, and the
        connection that holds the lock asked for an answer, so that losing it is noticed."""
        loop = asyncio.get_running_loop()
        sends = [asyncio.create_task(self._send(producer, event)) for event in wave]
        started = loop.time()
        try:
            waiting = (await asyncio.wait(sends, timeout=STOP_SECONDS))[1]
            while waiting and not stop.is_set() and loop.time() - started < GIVE_UP_SECONDS:
                await connection.execute("select 1")
                await self._measure(connection)
                waiting = (await asyncio.wait(waiting, timeout=STOP_SECONDS))[1]
        finally:
            for send in sends:
                send.cancel()
        return await asyncio.gather(*sends, return_exceptions=True)

    async def _send(self, producer: AIOKafkaProducer, event: Pending) -> None:
        await producer.send_and_wait(
            self.namespace + event.topic, event.payload, key=event.key.encode(), headers=event.headers
        )

    async def _ready_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self.kafka_url,
                client_id=f"{self.service}-relay",
                acks="all",
                enable_idempotence=True,
                request_timeout_ms=int(REQUEST_SECONDS * 1000),
                metadata_max_age_ms=30_000,
            )
            try:
                await producer.start()
            except BaseException:
                await abandon(producer)
                raise
            self._producer = producer
        return self._producer

    async def _exists(self, producer: AIOKafkaProducer, topic: str) -> bool:
        if producer.client.cluster.partitions_for_topic(self.namespace + topic):
            return True
        loop = asyncio.get_running_loop()
        if self._absent.get(topic, 0) > loop.time():
            return False
        try:
            async with asyncio.timeout(1):
                await producer.partitions_for(self.namespace + topic)
        except (TimeoutError, KafkaError):
            self._absent[topic] = loop.time() + self.absent_topic_seconds
            log.error("relay.topic_absent", topic=self.namespace + topic, hint="run topics apply")
            RELAY_FAILURES.labels(self.service, "topic_absent").inc()
            return False
        self._absent.pop(topic, None)
        return True

    async def _interrupted(self, error: Exception, failures: int) -> None:
        """A producer that failed starts over: its sequence numbers and what is still in its buffers are void."""
        RELAY_FAILURES.labels(self.service, type(error).__name__).inc()
        log.warning("relay.interrupted", error=str(error) or type(error).__name__, failures=failures)
        await self._close_producer()

    async def _close_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await abandon(producer)

    async def _measure(self, connection: "Connection") -> None:
        """Show how much waits. Without the lock's connection there is nothing to do; a figure can wait."""
        try:
            row = await connection.fetchrow(_BACKLOG, timeout=MEASURE_TIMEOUT_SECONDS)
        except (TimeoutError, asyncpg.PostgresError) as error:
            if connection.is_closed():
                raise
            log.warning("relay.not_measured", error=type(error).__name__)
            return
        OUTBOX_BACKLOG.labels(self.service).set(row["events"] if row else 0)
        OUTBOX_OLDEST_SECONDS.labels(self.service).set(max(row["oldest"], 0) if row else 0)


def _pending(row: Any) -> Pending:  # Any: asyncpg's record has no types
    headers: dict[str, str] = json.loads(row["headers"])
    return Pending(
        id=row["id"],
        topic=row["aggregatetype"],
        key=row["aggregateid"],
        payload=None if row["payload"] == "null" else row["payload"].encode(),
        headers=[(name, value.encode()) for name, value in headers.items()],
    )

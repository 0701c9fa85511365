"""A laboratory for outbox, consumers and jobs: publishes, relays, consumes and counts against the real parts."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text

from contracts.envelope import Envelope
from contracts.events import SessionRevoked
from contracts.ids import EventId, HotelId, UserId
from contracts.topics import SESSIONS, Topic
from servicekit import dlq
from servicekit.consumers import Consumers, Reactions
from servicekit.database import Database, Transaction
from servicekit.deadletters import Producer
from servicekit.hints import Hints
from servicekit.ids import new_id
from servicekit.provision import DatabaseUrls
from servicekit.relay import Relay
from servicekit.testing.parts import Parts

EFFECT = """
create table effect (
    hotel_id uuid not null, event_id uuid not null, key text not null, number int not null,
    at timestamptz not null default clock_timestamp(), position bigint generated always as identity
)
"""
SERVICE = "lab"


@dataclass
class Lab:
    """What a test of messages needs. Numbers travel as the version of SessionRevoked, keys as its user."""

    parts: Parts
    urls: DatabaseUrls
    namespace: str
    hotel: UUID = field(default_factory=uuid4)
    databases: list[Database] = field(default_factory=list[Database])

    def database(self, role: str = "worker", *, hints: Hints | None = None, pool_size: int = 4) -> Database:
        made = Database(getattr(self.urls, role), pool_size=pool_size, service=SERVICE, hints=hints)
        self.databases.append(made)
        return made

    async def sql(self, statement: str, *values: object) -> list[Any]:
        connection = await asyncpg.connect(self.urls.owner)
        try:
            await connection.execute("select set_config('app.hotel_id', $1, false)", str(self.hotel))
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def superuser(self, statement: str, *values: object) -> list[Any]:
        """In the lab's database, for what only a superuser may: cutting others' connections."""
        name = urlsplit(self.urls.owner).path
        connection = await asyncpg.connect(urlunsplit(urlsplit(self.parts.postgres_url)._replace(path=name)))
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def cut_connections(self, application: str) -> int:
        """Cut the connections that call themselves so, as a dying or failing-over server does. Returns how many."""
        cut = await self.superuser(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and application_name = $1",
            application,
        )
        return len(cut)

    async def publish(self, key: UUID, *numbers: int, db: Database | None = None) -> list[Envelope]:
        """As a command would: one transaction, through the outbox."""
        async with (db or self.database("app")).transaction(self.hotel) as tx:
            return [tx.publish(event(key, number)) for number in numbers]

    async def produce(
        self,
        key: UUID,
        number: int,
        *,
        value: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
        traceparent: str | None = None,
    ) -> Envelope:
        """As another service's relay would: straight to the topic."""
        fact = event(key, number)
        envelope = Envelope.of(
            fact,
            id=EventId(new_id()),
            service="elsewhere",
            time=datetime.now(UTC),
            hotel_id=HotelId(self.hotel),
            traceparent=traceparent,
        )
        mine = [(name, words.encode()) for name, words in envelope.headers().items()] if headers is None else headers
        producer = Producer(self.parts.kafka_url, "lab")
        body = fact.model_dump_json().encode() if value is None else value
        await producer.send(self.topic(), body, key=str(key).encode(), headers=mine, partition=partition)
        await producer.close()
        return envelope

    def topic(self, topic: Topic = SESSIONS) -> str:
        return self.namespace + topic.name

    async def records(self, name: str | None = None, partitions: int = 3) -> list[Any]:
        """Everything in a topic, partition by partition."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.parts.kafka_url, group_id=None, auto_offset_reset="earliest")
        await consumer.start()
        try:
            places = [TopicPartition(name or self.topic(), number) for number in range(partitions)]
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            found: list[Any] = []
            await consumer.seek_to_beginning()
            for place in places:
                while await consumer.position(place) < ends[place]:
                    for batch in (await consumer.getmany(place, timeout_ms=1000)).values():
                        found += batch
            return found
        finally:
            await consumer.stop()

    async def committed(self, group_topic: Topic = SESSIONS) -> int:
        """How many records the lab's group has acknowledged, over all partitions."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.parts.kafka_url, group_id=f"{self.namespace}{SERVICE}.{group_topic.name}"
        )
        places = [TopicPartition(self.topic(group_topic), number) for number in range(group_topic.partitions)]
        consumer.assign(places)
        await consumer.start()
        try:
            return sum([(await consumer.committed(place)) or 0 for place in places])
        finally:
            await consumer.stop()

    def relay(self, *, hints: Hints | None = None, **settings: Any) -> Relay:
        return Relay(
            self.urls.worker,
            self.parts.kafka_url,
            self.namespace,
            SERVICE,
            hints or Hints(None, "lab", SERVICE),
            **settings,
        )

    def consumers(self, reactions: Reactions, *, db: Database | None = None, **settings: Any) -> Consumers:
        settings = {"retry_seconds": (0.01, 0.01), "max_backoff_seconds": 0.3, **settings}
        return Consumers(reactions, db or self.database(), self.parts.kafka_url, self.namespace, **settings)

    async def effects(self) -> list[Any]:
        return await self.sql("select key, number, event_id from effect order by position")

    async def numbers(self) -> list[int]:
        """The numbers of the effects, in the order in which they took effect."""
        return [row["number"] for row in await self.effects()]

    async def numbers_are(self, expected: list[int]) -> bool:
        """For `eventually`: says what they are instead."""
        found = await self.numbers()
        assert found == expected
        return True

    async def acknowledged(self, count: int) -> bool:
        """Whether the lab's group has acknowledged exactly `count` records."""
        return await self.committed() == count

    async def letters(self, topic: Topic = SESSIONS) -> list[dlq.DeadLetter]:
        """The dead letters that wait."""
        return await dlq.list_dead(self.parts.kafka_url, self.namespace, topics=[topic])

    async def dead(self, count: int) -> bool:
        """Whether exactly `count` dead letters wait."""
        return len(await self.letters()) == count

    async def unpublished(self) -> int:
        return (await self.sql("select count(*) from outbox where published_at is null"))[0][0]


def event(key: UUID, number: int) -> SessionRevoked:
    return SessionRevoked(user_id=UserId(key), sid=None, revoked_at=datetime.now(UTC), version=number)


@asynccontextmanager
async def running(run: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncGenerator[asyncio.Event]:
    """Run a part while the block runs; stop it gracefully afterwards."""
    stop = asyncio.Event()
    task = asyncio.ensure_future(run(stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await task


RECORD = text("insert into effect (hotel_id, event_id, key, number) values (:hotel, :event, :key, :number)")


async def record(event: SessionRevoked, tx: Transaction) -> None:
    """A reaction whose effect can be counted."""
    assert tx.envelope is not None
    await tx.execute(
        RECORD,
        {"hotel": tx.hotel_id, "event": tx.envelope.id, "key": str(event.user_id), "number": event.version},
    )


def recording() -> Reactions:
    """A service that reacts with `record`."""
    reactions = Reactions()
    reactions.on(SessionRevoked)(record)
    return reactions

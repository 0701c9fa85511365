"""Reads databases and topics from outside, as superuser and as a consumer of its own: nothing a service says is believed."""

import asyncio
import contextlib
import json
import logging
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

import contracts.events
from chaos.facts import Conversation, Due, Entry, Escalation, Event, Facts, Json, Message, Record, Turn
from contracts.envelope import Envelope
from contracts.event import event_types
from contracts.permissions import ROLE_PERMISSIONS, Role
from contracts.topics import TOPICS, Topic, topic_by_name
from devstack.stack import Stack
from gateway.domain.live import LIVE_TOPICS, may_see
from servicekit.leader import JOBS_LOCK, RELAY_LOCK

assert contracts.events.MessageSent.TYPE  # importing the module registers the event types

DATABASES = ("identity", "conversation", "escalation")
WAITING = "select count(*) from outbox where published_at is null"
LOCKS = {RELAY_LOCK: "relay", JOBS_LOCK: "jobs"}


T = TypeVar("T")
AWAY = (OSError, TimeoutError, KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError)
ANSWER_SECONDS = 20.0
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it says every tenth of a second that a broker is away
_ASK = """
import importlib, json, sys
known = importlib.import_module(sys.argv[1] + ".reactions").reactions
from contracts.event import event_types
names = {type: [reaction.name for reaction in known.to(type)] for type in event_types()}
print(json.dumps({"names": names, "topics": [topic.name for topic in known.topics()]}))
"""


@cache
def reactions_of(service: str) -> Json:
    """What the service reacts to: names of reactions by CloudEvents type, and topics.

    Asked of a process of its own: two services' tables cannot be in one.
    """
    done = subprocess.run([sys.executable, "-c", _ASK, service], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


async def learn() -> None:
    """Ask all services, side by side; once, since it takes a second or more."""
    await asyncio.gather(*(asyncio.to_thread(reactions_of, service) for service in DATABASES))


def consumers() -> dict[str, list[str]]:
    """By CloudEvents type who must have handled it, as the inbox names them."""
    return {
        kind: [f"{service}.{name}" for service in DATABASES for name in reactions_of(service)["names"][kind]]
        for kind in event_types()
    }


def shown_to_staff() -> frozenset[str]:
    """The CloudEvents types that a member of staff sees live."""
    topics = {topic.name for topic in LIVE_TOPICS}
    scopes = [permission.value for permission in ROLE_PERMISSIONS[Role.STAFF]]
    return frozenset(
        kind for kind, event in event_types().items() if event.TOPIC.name in topics and may_see(kind, scopes)
    )


@dataclass(frozen=True, slots=True)
class Baseline:
    """Where everything stood before the round."""

    outbox: dict[str, int]
    ends: dict[TopicPartition, int]


class Witness:
    """Connections of the harness's own into a stack; made anew when a fault has cut one."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._held = AsyncExitStack()
        self._databases: dict[str, Any] = {}  # Any: asyncpg's connection is generic in its record
        self._consumer: AIOKafkaConsumer | None = None
        self._admin: AIOKafkaAdminClient | None = None

    async def close(self) -> None:
        """Let go of everything."""
        self._databases, self._consumer, self._admin = {}, None, None
        held, self._held = self._held, AsyncExitStack()
        with contextlib.suppress(*AWAY):
            await held.aclose()

    async def insist(self, ask: Callable[[], Awaitable[T]], seconds: float) -> T:
        """Ask until the parts answer: right after a fault they may not.

        Raises:
            TimeoutError: they don't come back.
        """
        async with asyncio.timeout(seconds):
            while True:
                try:
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await self._connect()
                        return await ask()
                except AWAY:
                    await self.close()
                    await asyncio.sleep(0.2)

    async def _connect(self) -> None:
        if not self._databases:
            base = self._stack.part_urls.postgres.rpartition("/")[0]
            for service in DATABASES:
                name = self._stack.database_urls(service)["app"].rpartition("/")[2].partition("?")[0]
                connection = await asyncpg.connect(f"{base}/{name}", timeout=10, command_timeout=30)
                self._held.push_async_callback(connection.close, timeout=2)
                self._databases[service] = connection
        if self._consumer is None:
            consumer = AIOKafkaConsumer(bootstrap_servers=self._stack.part_urls.kafka, enable_auto_commit=False)
            self._held.push_async_callback(consumer.stop)
            await consumer.start()
            self._consumer = consumer
        if self._admin is None:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._stack.part_urls.kafka)
            self._held.push_async_callback(admin.close)
            await admin.start()
            self._admin = admin

    @property
    def _topics(self) -> AIOKafkaConsumer:
        assert self._consumer is not None, "only `insist` asks"
        return self._consumer

    def _partitions(self, topics: Iterable[Topic], suffix: str = "") -> list[TopicPartition]:
        namespace = self._stack.namespace
        return [TopicPartition(namespace + t.name + suffix, n) for t in topics for n in range(t.partitions)]

    async def baseline(self) -> Baseline:
        """Where everything stands now, once what the round before did last has been published, and what that led to.

        The topics first: what is written and published in between is then among the records, and its row is found by
        the record. The other way round it would count as lost.
        """
        still = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                while still < 5:
                    waiting = [await connection.fetchval(WAITING) for connection in self._databases.values()]
                    still = 0 if any(waiting) else still + 1
                    await asyncio.sleep(0.1)
        ends = await self._topics.end_offsets(self._partitions(TOPICS))
        dead = await self._topics.end_offsets(await self._dead())
        outbox = {
            service: int(await connection.fetchval("select coalesce(max(seq), 0) from outbox"))
            for service, connection in self._databases.items()
        }
        return Baseline(outbox, {**ends, **dead})

    async def _dead(self) -> list[TopicPartition]:
        """The partitions of the dead-letter topics: they may be fewer than those of what they are for."""
        there = await self._topics.topics()
        return [
            p
            for p in self._partitions(TOPICS, ".dlq")
            if p.topic in there and p.partition in (self._topics.partitions_for_topic(p.topic) or ())
        ]

    async def unquiet(self, guests: list[str]) -> list[str]:
        """What is still going on, in words; empty when everything has settled."""
        found: list[str] = []
        for service, connection in self._databases.items():
            if waiting := await connection.fetchval(WAITING):
                found.append(f"{waiting} events in {service}'s outbox")
        desk = self._databases["conversation"]
        rows = await desk.fetch(
            "select status, count(*) from conversations where guest_id = any($1::uuid[])"
            " and status in ('waiting_for_staff', 'with_staff') group by 1",
            guests,
        )
        found += [f"{count} conversations {status}" for status, count in rows]
        if open_turns := await desk.fetchval(
            "select count(*) from turns join conversations on conversations.id = conversation_id"
            " where state = 'open' and guest_id = any($1::uuid[])",
            guests,
        ):
            found.append(f"{open_turns} open turns")
        if working := await self._databases["escalation"].fetchval(
            "select count(*) from escalations where guest_id = any($1::uuid[]) and status not in ('resolved', 'closed')",
            guests,
        ):
            found.append(f"{working} escalations not over")
        if not found:  # asked last: it costs most
            found += await self._lags()
        return found

    async def _lags(self) -> list[str]:
        namespace = self._stack.namespace
        groups = {
            f"{namespace}{service}.{name}": [topic_by_name(name)]
            for service in DATABASES
            for name in reactions_of(service)["topics"]
        }
        groups[f"{namespace}gateway.live"] = list(LIVE_TOPICS)
        found: list[str] = []
        assert self._admin is not None, "only `insist` asks"
        ends = await self._topics.end_offsets(self._partitions(TOPICS))
        for group, topics in groups.items():
            committed = await self._admin.list_consumer_group_offsets(group)
            at = {p: max(0, committed[p].offset) if p in committed else 0 for p in self._partitions(topics)}
            if lag := sum(ends[p] - offset for p, offset in at.items()):
                found.append(f"{group} is {lag} behind")
        return found

    async def facts(self, base: Baseline, guests: list[str]) -> Facts:
        """Everything since the baseline."""
        records = await self._records(base)
        dead = {
            p.topic: end - base.ends.get(p, 0)
            for p, end in (await self._topics.end_offsets(await self._dead())).items()
            if end > base.ends.get(p, 0)
        }
        return await _rows(self._databases, base, guests, records, dead)

    async def _records(self, base: Baseline) -> list[Record]:
        consumer, partitions = self._topics, self._partitions(TOPICS)
        ends = await consumer.end_offsets(partitions)
        grown = [p for p in partitions if ends[p] > base.ends[p]]
        found: list[Record] = []
        if not grown:
            return found
        consumer.assign(grown)
        for partition in grown:
            consumer.seek(partition, base.ends[partition])
        while any([await consumer.position(p) < ends[p] for p in grown]):
            for batch in (await consumer.getmany(timeout_ms=300)).values():
                for raw in batch:
                    envelope = Envelope.from_headers(raw.headers)
                    body = json.loads(raw.value or b"{}")
                    found.append(
                        Record(
                            topic=raw.topic.removeprefix(self._stack.namespace),
                            partition=raw.partition,
                            offset=raw.offset,
                            key=(raw.key or b"").decode(),
                            id=str(envelope.id),
                            type=envelope.type,
                            version=body.get("version"),
                            at=raw.timestamp / 1000,
                        )
                    )
        return found


async def _rows(
    databases: dict[str, Any],  # Any: see `Witness`
    base: Baseline,
    guests: list[str],
    records: list[Record],
    dead: dict[str, int],
) -> Facts:
    facts = Facts(records=records, dead=dead, reactions=consumers(), shown=shown_to_staff())
    desk, escalations, identity_db = databases["conversation"], databases["escalation"], databases["identity"]
    ids = [record.id for record in records]
    locks: dict[str, int] = {}
    for service, connection in databases.items():
        facts.events += [
            Event(
                service=service,
                seq=row["seq"],
                id=str(row["id"]),
                topic=row["aggregatetype"],
                key=row["aggregateid"],
                type=row["type"],
                hotel=str(row["hotel_id"]) if row["hotel_id"] else None,
                payload=json.loads(row["payload"]),
                published=row["published_at"] is not None,
            )
            for row in await connection.fetch(
                "select * from outbox where seq > $1 or id = any($2::uuid[]) order by seq", base.outbox[service], ids
            )
        ]
        facts.due += [
            Due(service, row["kind"], str(row["object_id"]), row["past"])
            for row in await connection.fetch(
                "select kind, object_id, coalesce(lease is not null and lease_until < now(), false) as past from due"
            )
        ]
        for lock, count in await connection.fetch(
            "select objid::bigint as lock, count(*) from pg_locks where locktype = 'advisory' and granted"
            " and database = (select oid from pg_database where datname = current_database()) group by 1"
        ):
            locks[f"{service} {LOCKS.get(lock, lock)}"] = count
    facts.locks = locks
    everything = [event.id for event in facts.events]
    for connection in databases.values():
        for row in await connection.fetch(
            "select consumer, event_id from inbox where event_id = any($1::uuid[])", everything
        ):
            facts.handled.setdefault(row["consumer"], set()).add(str(row["event_id"]))
    facts.conversations = [
        Conversation(str(row["id"]), str(row["hotel_id"]), str(row["guest_id"]), row["status"])
        for row in await desk.fetch("select * from conversations where guest_id = any($1::uuid[])", guests)
    ]
    of = [conversation.id for conversation in facts.conversations]
    facts.messages = [
        Message(
            str(r["conversation_id"]), r["seq"], str(r["id"]), r["sender"], str(r["turn_id"]) if r["turn_id"] else None
        )
        for r in await desk.fetch(
            "select * from messages where conversation_id = any($1::uuid[]) order by conversation_id, seq", of
        )
    ]
    facts.turns = [
        Turn(str(r["id"]), str(r["conversation_id"]), r["state"], str(r["message_id"]) if r["message_id"] else None)
        for r in await desk.fetch("select * from turns where conversation_id = any($1::uuid[])", of)
    ]
    facts.escalations = [
        Escalation(str(row["id"]), str(row["conversation_id"]), row["status"])
        for row in await escalations.fetch("select * from escalations where conversation_id = any($1::uuid[])", of)
    ]
    facts.timeline = [
        Entry(str(r["escalation_id"]), r["version"], r["what"], str(r["because_id"]) if r["because_id"] else None)
        for r in await escalations.fetch(
            "select * from timeline where escalation_id = any($1::uuid[]) order by escalation_id, version",
            [escalation.id for escalation in facts.escalations],
        )
    ]
    facts.audited = [
        str(row["event_id"])
        for row in await identity_db.fetch(
            "select event_id from audit_entries where event_id = any($1::uuid[])", everything
        )
    ]
    return facts

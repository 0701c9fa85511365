"""What a service keeps of the directory, and how all of it is made again from the compacted topics.

    STAFF = Projection(StaffRow, (MembershipGranted, MembershipChanged, MembershipRevoked), staff_of)

`Projection.follow` is what the service's reaction does with each event; `rebuild` reads the topics from their start.
The service goes on serving meanwhile: reading goes on, and the consumers wait only while what is wrong is put right. That
is one transaction under a lock that keeps writers out, and under it the topics are read up to their present end: whatever
the consumers had taken in by then is in it. A rebuild that is killed has changed nothing.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from aiokafka import AIOKafkaConsumer
from pydantic import ValidationError
from sqlalchemy import CursorResult, Table, delete, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from contracts.envelope import BadEnvelope, Envelope
from contracts.event import Event
from contracts.topics import Topic
from servicekit.deadletters import addressed_to
from servicekit.logging import log
from servicekit.rows import Row
from servicekit.transaction import Transaction

if TYPE_CHECKING:
    from servicekit.runtime import Runtime

READ_SECONDS = 60.0
"""Kafka is away when it gives nothing for so long; consumers do not wait longer for a rebuild that cannot end."""
BATCH = 500
_STAMPS = ("created_at", "updated_at")
_HOTEL = text("select set_config('app.hotel_id', :hotel_id, true)")
Values = Mapping[str, Any]  # Any: columns


@dataclass(frozen=True, slots=True)
class Projection:
    """A table that holds what one compacted topic says: one row a key, of the newest version.

    Attributes:
        row: the table, with `hotel_id` and `version`.
        events: the full-state events of the topic that have a row; after any other the key has none.
        values: the row that an event makes: all columns, those of the primary key included, but `created_at` and
            `updated_at`.
        again: take the same version again, so that a replay fills columns that a newer release has added.
    """

    row: type[Row]
    events: tuple[type[Event], ...]
    values: Callable[[Any], Values]  # Any: one of `events`
    again: bool = False

    @property
    def table(self) -> Table:
        """The table."""
        return cast("Table", self.row.__table__)  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue] # SQLModel's own

    @property
    def topic(self) -> Topic:
        """The topic that is projected."""
        return self.events[0].TOPIC

    async def follow(self, event: Event, tx: Transaction) -> bool:
        """Take the event in. False if a newer one is known: nothing changed."""
        written = insert(self.table).values(self._stamped(self.values(event), tx.now))
        known, new = self.table.c.version, written.excluded.version
        newer = written.on_conflict_do_update(
            index_elements=list(self.table.primary_key),
            set_=self._set(written),
            where=known <= new if self.again else known < new,
        ).returning(known)
        return await tx.scalar(newer) is not None

    async def put_right(self, rows: Sequence[tuple[Values, datetime]], tx: Transaction) -> int:
        """Make the table hold these rows of the transaction's hotel and no others. How many were not right."""
        wrong = 0
        keys = list(self.table.primary_key)
        for start in range(0, len(rows), BATCH):
            written = insert(self.table).values([self._stamped(*row) for row in rows[start : start + BATCH]])
            compared = self._set(written).keys() - set(_STAMPS)
            changed = or_(*(self.table.c[name].is_distinct_from(written.excluded[name]) for name in compared))
            mended = written.on_conflict_do_update(index_elements=keys, set_=self._set(written), where=changed)
            wrong += _count(await tx.execute(mended))
        wanted = {tuple(values[key.name] for key in keys) for values, _ in rows}
        there = {tuple(found) for found in (await tx.execute(select(*keys))).all()}
        for key in there - wanted:
            wrong += _count(await tx.execute(delete(self.table).where(tuple_(*keys) == key)))
        return wrong

    def _stamped(self, values: Values, at: datetime) -> dict[str, Any]:  # Any: columns
        return {**values, **{name: at for name in _STAMPS if name in self.table.c}}

    def _set(self, written: Any) -> dict[str, Any]:  # Any: PostgreSQL's insert
        never = {"created_at", *(key.name for key in self.table.primary_key)}
        return {name: column for name, column in written.excluded.items() if name in self.table.c and name not in never}


@dataclass(slots=True)
class _Directory:
    """What the newest record of each key says, as far as the topics were read."""

    projections: Mapping[str, Projection]
    """By topic, without the namespace."""
    hotels: set[UUID] = field(default_factory=set[UUID])
    rows: dict[tuple[str, bytes], tuple[UUID, Values, datetime]] = field(
        default_factory=dict[tuple[str, bytes], tuple[UUID, Values, datetime]]
    )

    def take(self, topic: str, record: Any) -> None:  # Any: aiokafka's record
        """Take a record in. One that cannot be read is passed by, as the consumer did that put it with the dead letters;
        so is one that was sent back from there, which comes late."""
        if not addressed_to(record.headers, None):
            return
        projection = self.projections[topic]
        try:
            envelope = Envelope.from_headers(record.headers)
            kind = next((kind for kind in projection.events if envelope.type == kind.TYPE), None)
            if envelope.hotel_id is None:
                return
            self.hotels.add(envelope.hotel_id)
            if record.value is None or kind is None:
                self.rows.pop((topic, record.key), None)
                return
            values = projection.values(kind.model_validate_json(record.value))
        except (BadEnvelope, ValidationError) as error:
            log.warning("rebuild.unreadable", topic=topic, offset=record.offset, error=type(error).__name__)
            return
        known = self.rows.get((topic, record.key))
        if known is None or known[1]["version"] <= values["version"]:  # a replay sends old ones again
            self.rows[topic, record.key] = envelope.hotel_id, values, envelope.time

    def by_hotel(self, projection: Projection) -> dict[UUID, list[tuple[Values, datetime]]]:
        """The rows that the projection's table should hold."""
        found: dict[UUID, list[tuple[Values, datetime]]] = {}
        for (topic, _), (hotel_id, values, at) in self.rows.items():
            if topic == projection.topic.name:
                found.setdefault(hotel_id, []).append((values, at))
        return found


async def rebuild(rt: "Runtime", projections: Sequence[Projection]) -> dict[str, int]:
    """Make every projection again. Returns how many rows of each table were not right.

    Raises:
        TimeoutError, KafkaError: Kafka is away; nothing has changed.
    """
    settings, directory = rt.base_settings, _Directory({one.topic.name: one for one in projections})
    topics = {settings.kafka_namespace + one.topic.name: one.topic.name for one in projections}
    async with _reading(settings.kafka_url, topics) as consumer:
        await _read_to_the_end(consumer, topics, directory)
        async with rt.worker_db.transaction(None) as tx:
            for name in sorted(one.table.name for one in projections):
                await tx.execute(text(f'lock table "{name}" in share row exclusive mode'))  # readers go on
            await _read_to_the_end(consumer, topics, directory)
            wrong: dict[str, int] = {}
            for projection in projections:
                rows = directory.by_hotel(projection)
                wrong[projection.table.name] = 0
                for hotel_id in sorted(directory.hotels):
                    await tx.execute(_HOTEL, {"hotel_id": str(hotel_id)})
                    wrong[projection.table.name] += await projection.put_right(rows.get(hotel_id, []), tx)
    return wrong


@asynccontextmanager
async def _reading(kafka_url: str, topics: Iterable[str]) -> AsyncGenerator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=kafka_url, group_id=None, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def _read_to_the_end(consumer: AIOKafkaConsumer, topics: Mapping[str, str], directory: _Directory) -> None:
    async with asyncio.timeout(READ_SECONDS) as limit:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                limit.reschedule(asyncio.get_running_loop().time() + READ_SECONDS)
                for record in records:
                    directory.take(topics[partition.topic], record)


def _count(result: Any) -> int:  # Any: SQLAlchemy's result of an insert or delete
    return cast("CursorResult[Any]", result).rowcount  # Any: no rows

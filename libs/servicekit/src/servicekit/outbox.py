"""The outbox: events leave a service as rows of the transaction that made them true.

Columns carry the names that Debezium's outbox router expects, so that Debezium can replace the relay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Envelope
from contracts.event import Event
from contracts.ids import EventId, HotelId
from contracts.topics import Topic
from servicekit.ids import new_id
from servicekit.tracing import current_traceparent

MAX_PAYLOAD_BYTES = 900_000
"""Larger events are refused when they are published: Kafka would refuse them for ever (`max.message.bytes`, 1 MiB)."""

outbox = Table(
    "outbox",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("seq", BigInteger, Identity(always=True)),
    Column("aggregatetype", Text),
    Column("aggregateid", Text),
    Column("type", Text),
    Column("payload", JSONB),
    Column("headers", JSONB),
    Column("hotel_id", Uuid),
    Column("created_at", DateTime(timezone=True)),
    Column("published_at", DateTime(timezone=True)),
)


TOMBSTONE = "frontdesk.record.removed.v1"
"""Type of a record without a body; readers look at the missing body, not at this."""


class TooLarge(ValueError):
    """The event is larger than a Kafka record may be."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event on its way into the outbox."""

    envelope: Envelope
    topic: str
    payload: dict[str, Any] | None  # Any: JSON; None: a tombstone

    def row(self, created_at: datetime) -> dict[str, object]:
        """The outbox row. `created_at`: the transaction's moment."""
        return {
            "id": self.envelope.id,
            "aggregatetype": self.topic,
            "aggregateid": self.envelope.subject,
            "type": self.envelope.type,
            "payload": self.payload,
            "headers": self.envelope.headers(),
            "hotel_id": self.envelope.hotel_id,
            "created_at": created_at,
        }


def outgoing(event: Event, *, service: str, time: datetime, hotel_id: UUID | None) -> Outgoing:
    """The outbox entry of `event`, as `service` publishes it now, with the trace of the current span.

    Raises:
        TooLarge: the event has more than MAX_PAYLOAD_BYTES as JSON.
    """
    size = len(event.model_dump_json().encode())
    if size > MAX_PAYLOAD_BYTES:
        raise TooLarge(f"{event.TYPE} has {size} bytes, {MAX_PAYLOAD_BYTES} are allowed")
    envelope = Envelope.of(
        event,
        id=EventId(new_id()),
        service=service,
        time=time,
        hotel_id=None if hotel_id is None else HotelId(hotel_id),
        traceparent=current_traceparent(),
    )
    return Outgoing(envelope, event.TOPIC.name, event.model_dump(mode="json"))


def tombstone(topic: Topic, key: str, *, service: str, time: datetime, hotel_id: UUID | None) -> Outgoing:
    """The outbox entry of a record without a body: from a compacted topic everything under `key` goes.

    Its payload is JSON's null, for which Debezium's router has `route.tombstone.on.empty.payload`.
    """
    hotel = None if hotel_id is None else HotelId(hotel_id)
    envelope = Envelope(EventId(new_id()), TOMBSTONE, f"/frontdesk/{service}", time, key, hotel, current_traceparent())
    return Outgoing(envelope, topic.name, None)


async def write(session: AsyncSession, events: Sequence[Outgoing], created_at: datetime) -> None:
    """Insert `events` in order; `seq` keeps that order. The app role may insert into the outbox and nothing else."""
    await session.execute(outbox.insert().inline(), [event.row(created_at) for event in events])

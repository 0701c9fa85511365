"""The audit trail on its way to identity: one event per command of any service."""

from datetime import datetime

from contracts import topics
from contracts.actor import ActorRef
from contracts.event import Event
from contracts.ids import HotelId


class AuditRecorded(Event, type="audit.recorded", topic=topics.AUDIT):
    """A command was carried out. Keyed by its own event id: no row lock is needed to publish it."""

    service: str
    action: str
    """`resource.verb`, e.g. `escalation.assign`."""
    actor: ActorRef
    acting_for: ActorRef | None = None
    """Whom a service acted for, when it did."""
    hotel_id: HotelId | None
    object_type: str
    object_id: str
    at: datetime
    trace_id: str | None = None

"""The audit trail on its way to identity: one event per command of any service."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from contracts import topics
from contracts.actor import ActorRef
from contracts.event import Event
from contracts.ids import HotelId
from contracts.values import Word


class AuditRecorded(Event, type="audit.recorded", topic=topics.AUDIT):
    """A command was carried out. Keyed by its own event id: no row lock is needed to publish it."""

    service: Word
    action: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$", max_length=80)]
    """`resource.verb`, e.g. `escalation.assign`."""
    actor: ActorRef
    acting_for: ActorRef | None = None
    """Whom a service acted for, when it did."""
    hotel_id: HotelId | None
    object_type: Word
    object_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9:._-]{1,100}$")]
    """Its id as text; composed ids are joined by a colon."""
    at: AwareDatetime
    trace_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    """W3C Trace Context's trace id."""

"""The audit log, newest first: a hotel's own for its admins, all of it for the platform."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field
from sqlmodel import col, select

from contracts.actor import ActorRef
from contracts.ids import EventId, HotelId
from identity.queries.cursors import before_number
from identity.tables import AuditEntryRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest


class AuditEntryView(BaseModel):
    """Who did what to which object. Names and contents are not in the log; ids lead to them."""

    id: EventId
    seq: int = Field(description="order of arrival")
    hotel_id: HotelId | None = Field(description="null: platform work")
    service: str
    action: str = Field(description="`resource.verb`, e.g. `escalation.assign`")
    actor: ActorRef
    acting_for: ActorRef | None = Field(description="for whom a service acted")
    object_type: str
    object_id: str
    at: datetime = Field(description="when it was done")
    trace_id: str | None
    recorded_at: datetime = Field(description="when it arrived here")


class AuditFilter(BaseModel):
    """Which entries."""

    hotel_id: HotelId | None = None
    actor: UUID | None = None
    action: str | None = None
    object_id: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


async def list_entries(wanted: AuditFilter, page: PageRequest, tx: Transaction) -> Page[AuditEntryView]:
    """The entries that match all that is wanted; `action` may be a whole one or end in `.*`: `session.*`."""
    row = AuditEntryRow
    query = select(row).order_by(col(row.seq).desc()).limit(page.limit + 1)
    if wanted.hotel_id is not None:
        query = query.where(col(row.hotel_id) == wanted.hotel_id)
    if wanted.actor is not None:
        query = query.where(col(row.actor_id) == wanted.actor)
    if wanted.action is not None:
        resource, star, _ = wanted.action.partition(".*")
        action = col(row.action)
        query = query.where(action.startswith(resource + ".", autoescape=True) if star else action == wanted.action)
    if wanted.object_id is not None:
        query = query.where(col(row.object_id) == wanted.object_id)
    if wanted.since is not None:
        query = query.where(col(row.at) >= wanted.since)
    if wanted.until is not None:
        query = query.where(col(row.at) < wanted.until)
    before = before_number(page)
    if before is not None:
        query = query.where(col(row.seq) < before)
    rows: list[AuditEntryRow] = await tx.scalars(query)
    return page.page([_view(entry) for entry in rows], *(entry.seq for entry in rows[: page.limit][-1:]))


def _view(row: AuditEntryRow) -> AuditEntryView:
    assert row.seq is not None  # identity column
    return AuditEntryView(
        id=EventId(row.event_id),
        seq=row.seq,
        hotel_id=None if row.hotel_id is None else HotelId(row.hotel_id),
        service=row.service,
        action=row.action,
        actor=row.actor(),
        acting_for=row.acting_for(),
        object_type=row.object_type,
        object_id=row.object_id,
        at=row.at,
        trace_id=row.trace_id,
        recorded_at=row.recorded_at,
    )

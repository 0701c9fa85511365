"""The audit log: a hotel's own for its admins, all of it for the platform. Newest first in pages, in chain order to export."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import ColumnElement, tuple_
from sqlmodel import col, select

from contracts.actor import ActorRef
from contracts.ids import EventId, HotelId
from identity.queries.cursors import before_number
from identity.tables import AuditEntryRow, AuditLinkRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest

EXPORT_PAGE = 1000
"""Entries that an export reads at a time."""


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
    position: int | None = Field(
        description="its place in the hotel's chain; null only where somebody went past the chain"
    )
    hash: str | None = Field(description="SHA-256 over the hash before and this entry, hex")


class AuditFilter(BaseModel):
    """Which entries: those that match all that is given."""

    hotel_id: HotelId | None = None
    actor: UUID | None = None
    action: str | None = None
    """A whole one, or one that ends in `.*`: `session.*`."""
    object_type: str | None = None
    object_id: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What it asks of an entry."""
        row = AuditEntryRow
        wanted: list[ColumnElement[bool]] = []
        if self.hotel_id is not None:
            wanted.append(col(row.hotel_id) == self.hotel_id)
        if self.actor is not None:
            wanted.append(col(row.actor_id) == self.actor)
        if self.action is not None:
            resource, star, _ = self.action.partition(".*")
            action = col(row.action)
            wanted.append(action.startswith(resource + ".", autoescape=True) if star else action == self.action)
        if self.object_type is not None:
            wanted.append(col(row.object_type) == self.object_type)
        if self.object_id is not None:
            wanted.append(col(row.object_id) == self.object_id)
        if self.since is not None:
            wanted.append(col(row.at) >= self.since)
        if self.until is not None:
            wanted.append(col(row.at) < self.until)
        return wanted


async def list_entries(wanted: AuditFilter, page: PageRequest, tx: Transaction) -> Page[AuditEntryView]:
    """The entries that match, newest first."""
    row, link = AuditEntryRow, AuditLinkRow
    query = (
        select(row, link)
        .outerjoin(link, col(link.event_id) == col(row.event_id))
        .where(*wanted.conditions())
        .order_by(col(row.seq).desc())
        .limit(page.limit + 1)
    )
    before = before_number(page)
    if before is not None:
        query = query.where(col(row.seq) < before)
    found = [_view(entry, place) for entry, place in (await tx.session.execute(query)).tuples()]
    return page.page(found, *(entry.seq for entry in found[: page.limit][-1:]))


async def export_entries(
    wanted: AuditFilter, after: tuple[UUID, int] | None, tx: Transaction
) -> list[tuple[tuple[UUID, int], AuditEntryView]]:
    """The next `EXPORT_PAGE` entries that match, chain by chain, each with what to give as `after` for those behind it."""
    row, link = AuditEntryRow, AuditLinkRow
    query = (
        select(row, link)
        .join(link, col(link.event_id) == col(row.event_id))
        .where(*wanted.conditions())
        .order_by(col(link.hotel_id), col(link.position))
        .limit(EXPORT_PAGE)
    )
    hotel_id = tx.hotel_id or wanted.hotel_id
    if hotel_id is not None:
        query = query.where(col(link.hotel_id) == hotel_id)
    if after is not None:
        query = query.where(tuple_(col(link.hotel_id), col(link.position)) > tuple_(*after))
    rows = (await tx.session.execute(query)).tuples()
    return [((place.hotel_id, place.position), _view(entry, place)) for entry, place in rows]


def _view(row: AuditEntryRow, link: AuditLinkRow | None) -> AuditEntryView:
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
        position=link.position if link else None,
        hash=link.hash.hex() if link else None,
    )

"""How far an export is, and what identity itself keeps of a person."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field
from sqlalchemy import or_
from sqlmodel import col, select

from contracts.actor import ActorRef
from contracts.ids import GuestId
from identity.queries.guests import GuestView
from identity.tables import HotelRow
from identity.tables_guests import GuestRow
from identity.tables_privacy import ExportRow
from servicekit import Transaction


class ExportState(StrEnum):
    """Of an export."""

    GATHERING = "gathering"
    READY = "ready"


class ExportView(BaseModel):
    """A person's export, under the id of the record that goes on."""

    guest_id: GuestId
    state: ExportState
    waiting_for: list[str] = Field(description="services that have not answered yet; one that is down is asked again")
    asked_by: ActorRef
    asked_at: datetime
    ready_at: datetime | None
    expires_at: datetime | None = Field(description="when it is deleted")

    @classmethod
    def of(cls, row: ExportRow) -> Self:
        """The view of a row."""
        return cls(
            guest_id=GuestId(row.guest_id),
            state=ExportState.GATHERING if row.archive is None else ExportState.READY,
            waiting_for=row.waiting_for,
            asked_by=row.asked_by(),
            asked_at=row.asked_at,
            ready_at=row.ready_at,
            expires_at=row.expires_at,
        )


class OwnPart(BaseModel):
    """What identity keeps of a person: each of their records."""

    hotel: str = Field(exclude=True)
    guests: list[GuestView]


async def own_part(guest_id: GuestId, tx: Transaction) -> OwnPart:
    """What identity keeps of the person whose record that is."""
    assert tx.hotel_id is not None
    theirs = select(GuestRow).where(
        or_(col(GuestRow.id) == guest_id, col(GuestRow.merged_into) == guest_id), col(GuestRow.erased_at).is_(None)
    )
    rows: list[GuestRow] = await tx.scalars(theirs.order_by(col(GuestRow.id)))
    hotel = await tx.get(HotelRow, tx.hotel_id)
    return OwnPart(hotel=hotel.name, guests=[GuestView.of(row) for row in rows])

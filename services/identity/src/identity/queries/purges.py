"""How far the end of a deleted hotel is, and whose turn it is."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.holders import HOTEL_HOLDERS
from contracts.ids import HotelId
from identity.tables import HotelRow
from identity.tables_hotels import HotelConfirmationRow
from servicekit import Transaction


class PurgeState(StrEnum):
    """How far the end of a hotel is."""

    RESTORABLE = "restorable"
    PURGING = "purging"
    PURGED = "purged"


class ConfirmationView(BaseModel):
    """A service's word that it holds nothing of the hotel any more."""

    service: str
    forgotten_at: datetime
    counts: dict[str, int] = Field(description="rows that were deleted, by table", examples=[{"messages": 1200}])


class PurgeView(BaseModel):
    """How far the end of a deleted hotel is."""

    hotel_id: HotelId
    slug: str = Field(description="not given to another hotel")
    state: PurgeState
    deleted_at: datetime
    purge_after: datetime
    purging_at: datetime | None = Field(description="when the services were told to forget it")
    purged_at: datetime | None = Field(description="when the last of them had confirmed that")
    confirmations: list[ConfirmationView]
    missing: list[str] = Field(
        description="services that hold hotels' data and have not confirmed", examples=[["escalation"]]
    )


async def purge_of(hotel_id: HotelId, tx: Transaction) -> PurgeView:
    """How far the end of a deleted hotel is.

    Raises:
        NotFound: there is no such hotel, or it is not deleted.
    """
    row = await tx.get(HotelRow, hotel_id)
    if row.deleted_at is None or row.purge_after is None:
        raise NotFound("This hotel is not deleted")
    said = await _confirmations([hotel_id], tx)
    going = PurgeState.RESTORABLE if row.purging_at is None else PurgeState.PURGING
    return PurgeView(
        hotel_id=hotel_id,
        slug=row.slug,
        state=going if row.purged_at is None else PurgeState.PURGED,
        deleted_at=row.deleted_at,
        purge_after=row.purge_after,
        purging_at=row.purging_at,
        purged_at=row.purged_at,
        confirmations=[ConfirmationView.model_validate(one, from_attributes=True) for one in said],
        missing=_missing(said),
    )


async def due_purges(now: datetime, tx: Transaction) -> list[HotelId]:
    """Deleted hotels whose grace period is over and whose purge has not begun."""
    over = col(HotelRow.purge_after) <= now, col(HotelRow.deleted_at).is_not(None), col(HotelRow.purging_at).is_(None)
    return await tx.scalars(select(HotelRow.id).where(*over).order_by(col(HotelRow.id)))


async def late_purges(before: datetime, tx: Transaction) -> dict[HotelId, list[str]]:
    """Hotels whose purge began before that moment and is not over, with the services that have not confirmed."""
    begun = col(HotelRow.purging_at) < before, col(HotelRow.purged_at).is_(None)
    late: list[HotelId] = await tx.scalars(select(HotelRow.id).where(*begun).order_by(col(HotelRow.id)))
    said = await _confirmations(late, tx)
    return {hotel_id: _missing([one for one in said if one.hotel_id == hotel_id]) for hotel_id in late}


async def _confirmations(hotels: Sequence[HotelId], tx: Transaction) -> list[HotelConfirmationRow]:
    query = select(HotelConfirmationRow).where(col(HotelConfirmationRow.hotel_id).in_(hotels))
    return await tx.scalars(query.order_by(col(HotelConfirmationRow.service)))


def _missing(said: Sequence[HotelConfirmationRow]) -> list[str]:
    return [service for service in HOTEL_HOLDERS if service not in {one.service for one in said}]

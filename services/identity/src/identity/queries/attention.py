"""Which hotels need attention, and why. Only hotels that are served do."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlmodel import col, select

from contracts.statuses import HotelStatus
from identity.domain.attention import SIGNS, AttentionReason, Sign, reasons
from identity.tables import HotelRow
from identity.tables_hotels import AttentionSignRow
from servicekit import Transaction


def needs_attention() -> ColumnElement[bool]:
    """SQL: whether a row of `hotels` needs attention."""
    return and_(col(HotelRow.status) == HotelStatus.ACTIVE, or_(*map(_applies, SIGNS)))


def _applies(sign: Sign) -> ColumnElement[bool]:
    held = exists().where(
        col(AttentionSignRow.hotel_id) == col(HotelRow.id),
        col(AttentionSignRow.reason) == sign.reason,
        col(AttentionSignRow.holds),
    )
    return ~held if sign.wanted else held


async def attention_of(hotels: Collection[HotelRow], tx: Transaction) -> dict[UUID, list[AttentionReason]]:
    """Why each of the hotels needs attention."""
    served = {row.id for row in hotels if row.status == HotelStatus.ACTIVE}
    query = (
        select(AttentionSignRow.hotel_id, AttentionSignRow.reason)
        .where(col(AttentionSignRow.hotel_id).in_(served), col(AttentionSignRow.holds))
        .distinct()
    )
    held: dict[UUID, set[AttentionReason]] = {hotel_id: set() for hotel_id in served}
    for found in await tx.execute(query):
        held[found.hotel_id].add(AttentionReason(found.reason))
    return {row.id: reasons(held[row.id]) if row.id in held else [] for row in hotels}

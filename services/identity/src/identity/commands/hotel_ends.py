"""The end of a hotel: deleted, restored within the grace period, or forgotten by every service, one after the other confirmed.

The row stays when the hotel is purged, with its slug and dates and nothing else: the slug is not given again.
"""

from datetime import timedelta

from sqlalchemy import CursorResult, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from contracts.events import HotelForgotten, HotelPurged, HotelPurging
from contracts.holders import HOTEL_HOLDERS
from contracts.ids import HotelId
from contracts.statuses import HOTEL_MOVES, HotelStatus, move
from contracts.topics import GUESTS, MEMBERSHIPS
from identity.domain.hotels import PurgeBegun
from identity.tables import HotelRow, MembershipRow
from identity.tables_guests import GuestRow
from identity.tables_hotels import HotelConfirmationRow
from servicekit import Transaction, check_version

_PLATFORM = text("select set_config('app.platform', :platform, true)")
_SESSIONS = text("delete from sessions where hotel_id = :hotel_id")


async def delete_hotel(hotel_id: HotelId, if_match: int | None, grace: timedelta, tx: Transaction) -> HotelRow:
    """Delete a hotel: it stops as a suspended one does, and is purged after the grace period unless it is restored.

    Raises:
        MoveNotAllowed: it is deleted already.
        PreconditionFailed: somebody else changed the hotel since.
    """
    row = await tx.lock(HotelRow, hotel_id)
    check_version(row, if_match)
    row.status = move(HOTEL_MOVES, HotelStatus(row.status), HotelStatus.DELETED)
    row.deleted_at, row.purge_after = tx.now, tx.now + grace
    row.version += 1
    await tx.flush()
    tx.publish(row.deleted(), hotel_id=hotel_id)
    tx.audit("hotel.delete", "hotel", hotel_id)
    return row


async def restore_hotel(hotel_id: HotelId, if_match: int | None, tx: Transaction) -> HotelRow:
    """Take a deleted hotel back. It stays suspended until it is activated.

    Raises:
        MoveNotAllowed: it is not deleted.
        PurgeBegun: its data is gone, or going.
        PreconditionFailed: somebody else changed the hotel since.
    """
    row = await tx.lock(HotelRow, hotel_id)
    check_version(row, if_match)
    if row.purging_at is not None:
        raise PurgeBegun
    if row.status != HotelStatus.DELETED:
        move(HOTEL_MOVES, HotelStatus(row.status), HotelStatus(row.status))  # refused, in the table's words
    row.status, row.deleted_at, row.purge_after = HotelStatus.INACTIVE, None, None
    row.version += 1
    await tx.flush()
    tx.publish(row.restored(), hotel_id=hotel_id)
    tx.audit("hotel.restore", "hotel", hotel_id)
    return row


async def begin_purge(hotel_id: HotelId, tx: Transaction) -> bool:
    """Have every service forget a deleted hotel whose grace period is over. False if it was restored meanwhile.

    Asked again for one that is being purged, every service is told again.
    """
    row = await tx.lock(HotelRow, hotel_id)
    if row.deleted_at is None or row.purge_after is None or row.purge_after > tx.now or row.purged_at is not None:
        return False
    row.purging_at = row.purging_at or tx.now
    row.version += 1
    tx.publish(HotelPurging(hotel_id=hotel_id, deleted_at=row.deleted_at, version=row.version))
    tx.audit("hotel.purge", "hotel", hotel_id)
    return True


async def forget_directory(hotel_id: HotelId, tx: Transaction) -> dict[str, int]:
    """Identity's own part, before its rows of the hotel are deleted: members and guests go from their topics, the sessions
    in this hotel end for good, and of the hotel itself id, slug and dates stay."""
    row = await tx.lock(HotelRow, hotel_id)
    for user_id in await tx.scalars(select(MembershipRow.user_id)):
        tx.tombstone(MEMBERSHIPS, f"{hotel_id}:{user_id}")
    for guest_id in await tx.scalars(select(GuestRow.id)):
        tx.tombstone(GUESTS, str(guest_id))
    row.name, row.consent_text, row.clerk_organisation_id = "", "", None
    row.brand, row.business_hours, row.allowed_origins = {}, None, []
    await tx.flush()
    await tx.execute(_PLATFORM, {"platform": "on"})  # sessions belong to people; a hotel does not see them
    ended = await tx.execute(_SESSIONS, {"hotel_id": hotel_id})
    await tx.execute(_PLATFORM, {"platform": ""})
    assert isinstance(ended, CursorResult)
    return {"sessions": ended.rowcount}


async def record_confirmation(event: HotelForgotten, tx: Transaction) -> None:
    """Keep a service's word that it holds nothing of the hotel any more. With the last one the hotel is purged."""
    row = await tx.lock(HotelRow, event.hotel_id)
    counts = {count.table: count.rows for count in event.counts}
    said = {"counts": counts, "forgotten_at": event.forgotten_at}
    kept = insert(HotelConfirmationRow).values(hotel_id=event.hotel_id, service=event.service, **said)
    await tx.execute(kept.on_conflict_do_update(index_elements=["hotel_id", "service"], set_=said))
    confirmed: list[str] = await tx.scalars(
        select(HotelConfirmationRow.service).where(col(HotelConfirmationRow.hotel_id) == event.hotel_id)
    )
    if row.deleted_at is None or row.purged_at is not None or not set(HOTEL_HOLDERS) <= set(confirmed):
        return
    row.purged_at = tx.now
    row.version += 1
    tx.publish(HotelPurged(hotel_id=event.hotel_id, deleted_at=row.deleted_at, purged_at=tx.now, version=row.version))
    tx.audit("hotel.purged", "hotel", event.hotel_id)

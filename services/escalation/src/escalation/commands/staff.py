"""What we keep of the hotel's staff: the names shown, and who may be given an escalation."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from contracts.ids import UserId
from contracts.statuses import MembershipStatus
from escalation.tables import StaffRow
from servicekit import Transaction


async def record_member(
    user_id: UserId, display_name: str, status: MembershipStatus, version: int, tx: Transaction
) -> bool:
    """Keep a membership as identity says it is. False if a newer version is known: nothing changed."""
    known = insert(StaffRow).values(
        hotel_id=tx.hotel_id, user_id=user_id, display_name=display_name, status=status.value, version=version
    )
    new = known.excluded
    newer = known.on_conflict_do_update(
        index_elements=["hotel_id", "user_id"],
        set_={"display_name": new.display_name, "status": new.status, "version": new.version},
        where=col(StaffRow.version) < new.version,
    ).returning(col(StaffRow.version))
    return await tx.scalar(newer) is not None


async def is_active_member(user_id: UserId, tx: Transaction) -> bool:
    """Whether somebody works for the hotel; the answer holds until the transaction ends (share lock)."""
    return await _status_of(user_id, tx) == MembershipStatus.ACTIVE


async def has_left(user_id: UserId, tx: Transaction) -> bool:
    """Whether somebody is known to work for the hotel no more; the answer holds until the transaction ends."""
    return await _status_of(user_id, tx) == MembershipStatus.REVOKED


async def _status_of(user_id: UserId, tx: Transaction) -> str | None:
    return await tx.scalar(select(StaffRow.status).where(col(StaffRow.user_id) == user_id).with_for_update(read=True))

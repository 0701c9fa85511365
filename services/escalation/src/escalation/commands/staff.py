"""What we keep of the hotel's staff: the names shown, and who may be given an escalation."""

from sqlmodel import col, select

from contracts.ids import UserId
from contracts.statuses import MembershipStatus
from escalation.tables import StaffRow
from servicekit import Transaction


async def is_active_member(user_id: UserId, tx: Transaction) -> bool:
    """Whether somebody works for the hotel; the answer holds until the transaction ends (share lock)."""
    return await _status_of(user_id, tx) == MembershipStatus.ACTIVE


async def has_left(user_id: UserId, tx: Transaction) -> bool:
    """Whether somebody is known to work for the hotel no more; the answer holds until the transaction ends."""
    return await _status_of(user_id, tx) == MembershipStatus.REVOKED


async def _status_of(user_id: UserId, tx: Transaction) -> str | None:
    return await tx.scalar(select(StaffRow.status).where(col(StaffRow.user_id) == user_id).with_for_update(read=True))

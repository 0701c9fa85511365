"""What people and roles of a hotel hold at this moment, read afresh: for those who give, and for what was given before."""

from uuid import UUID

from sqlmodel import col, select

from contracts.permissions import Permission
from contracts.statuses import MembershipStatus, UserStatus
from identity.accounts import account_scope
from identity.domain.roles import GRANTABLE, is_built_in, may_invite, permissions_of
from identity.tables import MembershipRow, UserRow
from identity.tables_people import RoleRow
from servicekit import Transaction


async def role_permissions(role: str, tx: Transaction) -> frozenset[Permission]:
    """What a role of the transaction's hotel brings at this moment; nothing where the hotel has none of that name."""
    if is_built_in(role):
        return permissions_of(role)
    return permissions_of(role, await _on_record(role, tx) or ())


async def has_role(role: str, tx: Transaction) -> bool:
    """Whether people can be in that role in the transaction's hotel."""
    return is_built_in(role) or await _on_record(role, tx) is not None


async def permissions_of_member(user_id: UUID, tx: Transaction) -> frozenset[Permission]:
    """What somebody may do in the transaction's hotel at this moment, as one of its people; nothing for others."""
    mine = await tx.scalar(
        select(MembershipRow)
        .where(col(MembershipRow.hotel_id) == tx.hotel_id, col(MembershipRow.user_id) == user_id)
        .where(col(MembershipRow.status) == MembershipStatus.ACTIVE)
        .execution_options(populate_existing=True)
    )
    return await role_permissions(mine.role, tx) if mine is not None else frozenset()


async def backs(sender: UUID | None, role: str, tx: Transaction) -> bool:
    """Whether whoever sent an invitation to `role` may do so at this moment: a member by their role, the platform's people
    as long as they are; what the service itself sent (None) stands. An account that is switched off backs nothing."""
    if sender is None:
        return True
    async with account_scope(tx, sender):
        user = await tx.find(UserRow, sender)
        active = user is not None and user.status == UserStatus.ACTIVE
        superadmin = user is not None and user.superadmin
    if not active:
        return False
    held = GRANTABLE if superadmin else await permissions_of_member(sender, tx)
    return may_invite(held, await role_permissions(role, tx))


async def _on_record(role: str, tx: Transaction) -> list[str] | None:
    listed = select(col(RoleRow.permissions)).where(col(RoleRow.hotel_id) == tx.hotel_id, col(RoleRow.name) == role)
    return await tx.scalar(listed)

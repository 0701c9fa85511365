"""Memberships that nobody here asked for: people whom a trusted directory brings, changes or takes away.

The hotel is locked first, as everybody does; the rule of the last admin does not hold here, since the directory decides
about its people, and whoever runs the platform can appoint another admin.
"""

from uuid import UUID

from sqlmodel import col, select

from contracts.ids import HotelId, UserId
from contracts.statuses import HotelStatus, MembershipStatus, UserStatus
from identity.accounts import account_scope
from identity.commands.accounts import mark_ended
from identity.commands.grants import grant_membership, hold_hotel
from identity.commands.users import end_membership
from identity.domain.members import HotelRole
from identity.domain.sessions import EndReason
from identity.tables import HotelRow, MembershipRow, UserRow
from servicekit import Transaction


async def find_membership(hotel_id: UUID, user_id: UUID, tx: Transaction) -> MembershipRow | None:
    """The account's present or former membership of the hotel."""
    mine = col(MembershipRow.hotel_id) == hotel_id, col(MembershipRow.user_id) == user_id
    return await tx.scalar(select(MembershipRow).where(*mine))


async def join(user_id: UUID, name: str, role: HotelRole, tx: Transaction) -> MembershipRow:
    """A new member of the transaction's hotel, which is locked, in a built-in role: nobody takes that away meanwhile.

    Raises:
        AlreadyMember: somebody was faster.
        AccountDeleted: it was deleted meanwhile.
    """
    row = await grant_membership(UserId(user_id), role, name, [], tx)
    tx.audit("membership.grant", "user", user_id)
    return row


async def set_membership(hotel_id: HotelId, user_id: UserId, role: HotelRole | None, tx: Transaction) -> None:
    """Make the account a member in that role, or no longer one (None). Platform scope, in that hotel. Nobody joins a
    deleted hotel, and nobody whose account is deleted joins any."""
    await hold_hotel(hotel_id, tx)  # no stronger: sign-ins lock the account and then the key of the hotel
    hotel = await tx.get(HotelRow, hotel_id)
    user = await tx.lock(UserRow, user_id)
    found = await find_membership(hotel_id, user_id, tx)
    may_join = hotel.status != HotelStatus.DELETED and user.status != UserStatus.DELETED
    if found is None:
        if role is not None and may_join:
            await join(user_id, user.name, role, tx)
        return
    row = await tx.lock(MembershipRow, found.id)
    active = row.status == MembershipStatus.ACTIVE
    if role is None:
        if active:
            await _leave(row, tx)
    elif (active and row.role != role) or (not active and may_join):
        row.status, row.role, row.changed_at = MembershipStatus.ACTIVE, role, tx.moment()
        row.version += 1
        tx.publish(row.changed() if active else row.granted(), hotel_id=hotel_id)
        tx.audit("user.change_role" if active else "user.activate", "user", user_id)


async def _leave(row: MembershipRow, tx: Transaction) -> None:
    await end_membership(row, tx)
    async with account_scope(tx, row.user_id):
        await mark_ended(UserId(row.user_id), EndReason.ACCESS_REMOVED, tx, HotelId(row.hotel_id))
    tx.audit("user.deactivate", "user", row.user_id)

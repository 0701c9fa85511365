"""The people of a hotel: who joins, in which role, under which name, and who leaves.

A hotel decides about its memberships. An account, which may serve other hotels too, is the platform's (commands.accounts).
"""

from uuid import UUID

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from contracts.errors import Conflict, NotFound
from contracts.ids import HotelId, UserId
from contracts.statuses import MembershipStatus, UserStatus
from identity.accounts import account_of_email, account_scope
from identity.adapters.hashing import Passwords
from identity.commands.accounts import NewAccount, UpdateUser, create_account, mark_ended
from identity.domain.hotels import HotelDeleted
from identity.domain.members import AlreadyMember, HotelRole, check_admins_remain
from identity.domain.sessions import EndReason
from identity.tables import HotelRow, MembershipRow, UserRow
from servicekit import Command, Transaction, check_version


class CreateUser(NewAccount):
    """Let a person work for a hotel. An address that has an account joins with it and keeps its password."""

    role: HotelRole


class ChangeRole(Command):
    """Give a member another role."""

    role: HotelRole


async def create_user(
    command: CreateUser, hotel_id: HotelId, tx: Transaction, hasher: Passwords, user_id: UUID | None = None
) -> MembershipRow:
    """Add a person to the hotel, with a new account where the address has none.

    Raises:
        WeakPassword: the password of a new account would be guessed.
        AlreadyMember: they belong to the hotel; a former member is activated instead.
        NotFound: there is no such hotel.
        HotelDeleted: it is deleted.
    """
    hotel = await tx.get(HotelRow, hotel_id)
    if hotel.deleted_at is not None:
        raise HotelDeleted
    account = await account_of_email(tx, command.email)
    if account is None:
        account = (await create_account(command, tx, hasher, user_id, context=(hotel.name,))).id
    elif await _membership(account, hotel_id, tx) is not None:
        raise AlreadyMember
    row = MembershipRow(
        hotel_id=hotel_id,
        user_id=account,
        display_name=command.name,
        role=command.role,
        languages=list(command.languages),
        changed_at=tx.now,
    )
    tx.add(row)
    try:
        await tx.flush()
    except IntegrityError:
        raise AlreadyMember from None
    tx.publish(row.granted(), hotel_id=hotel_id)
    tx.audit("user.create", "user", account)
    return row


async def update_member(user_id: UserId, command: UpdateUser, if_match: int | None, tx: Transaction) -> MembershipRow:
    """Change the name and languages under which this hotel shows a member. Their tokens hold.

    Raises:
        PreconditionFailed: somebody else changed them since.
    """
    row = await _locked_membership(user_id, tx)
    check_version(row, if_match)
    row.display_name = command.name or row.display_name
    row.languages = list(command.languages) if command.languages is not None else row.languages
    row.version += 1
    tx.publish(row.changed())
    tx.audit("user.update", "user", user_id)
    return row


async def change_role(user_id: UserId, command: ChangeRole, if_match: int | None, tx: Transaction) -> MembershipRow:
    """Give a member another role. Access tokens with the former one no longer hold; a refresh brings the new one.

    Raises:
        LastAdmin: nobody would be left to run the hotel.
        Conflict: they no longer work here.
        PreconditionFailed: somebody else changed them since.
    """
    row = await _locked_membership(user_id, tx, hotel_too=True)
    check_version(row, if_match)
    if row.status != MembershipStatus.ACTIVE:
        raise Conflict("this person no longer works here")
    if row.role == command.role:
        return row
    check_admins_remain(HotelRole(row.role), command.role, await _other_admins(row, tx))
    row.role, row.changed_at = command.role, tx.now
    row.version += 1
    tx.publish(row.changed())
    tx.audit("user.change_role", "user", user_id)
    return row


async def deactivate_member(user_id: UserId, tx: Transaction) -> MembershipRow:
    """End a membership: their sessions in this hotel end, their tokens for it no longer hold.

    Raises:
        LastAdmin: nobody would be left to run the hotel.
    """
    row = await _locked_membership(user_id, tx, hotel_too=True)
    if row.status == MembershipStatus.REVOKED:
        return row
    check_admins_remain(HotelRole(row.role), None, await _other_admins(row, tx))
    row.status, row.changed_at = MembershipStatus.REVOKED, tx.now
    row.version += 1
    async with account_scope(tx, user_id):
        await mark_ended(user_id, EndReason.ACCESS_REMOVED, tx, tx.hotel_id)
    tx.publish(row.revoked())
    tx.audit("user.deactivate", "user", user_id)
    return row


async def activate_member(user_id: UserId, tx: Transaction) -> MembershipRow:
    """Take a former member back, in the role they had."""
    row = await _locked_membership(user_id, tx)
    if row.status == MembershipStatus.ACTIVE:
        return row
    row.status, row.changed_at = MembershipStatus.ACTIVE, tx.now
    row.version += 1
    tx.publish(row.granted())
    tx.audit("user.activate", "user", user_id)
    return row


async def _membership(user_id: UUID, hotel_id: UUID, tx: Transaction) -> MembershipRow | None:
    mine = col(MembershipRow.hotel_id) == hotel_id, col(MembershipRow.user_id) == user_id
    return await tx.scalar(select(MembershipRow).where(*mine))


async def _locked_membership(user_id: UserId, tx: Transaction, *, hotel_too: bool = False) -> MembershipRow:
    """Lock the membership; the hotel first where admins are counted, so that two cannot leave at once."""
    if tx.hotel_id is None:
        raise NotFound("No such user")
    if hotel_too:
        await tx.lock(HotelRow, tx.hotel_id)
    found = await _membership(user_id, tx.hotel_id, tx)
    if found is None:
        raise NotFound("No such user")
    return await tx.lock(MembershipRow, found.id)


async def _other_admins(row: MembershipRow, tx: Transaction) -> int:
    others = (
        select(func.count())
        .select_from(MembershipRow)
        .join(UserRow, col(UserRow.id) == col(MembershipRow.user_id))
        .where(
            col(MembershipRow.hotel_id) == row.hotel_id,
            col(MembershipRow.user_id) != row.user_id,
            col(MembershipRow.role) == HotelRole.ADMIN,
            col(MembershipRow.status) == MembershipStatus.ACTIVE,
            col(UserRow.status) == UserStatus.ACTIVE,
        )
    )
    return await tx.scalar(others)

"""The people of a hotel: who joins, in which role, under which name, and who leaves.

A hotel decides about its memberships. An account, which may serve other hotels too, is the platform's (commands.accounts).
What nobody may give or take is in commands.grants.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlmodel import col, delete, select

from contracts.errors import Conflict, NotFound
from contracts.ids import HotelId, UserId
from contracts.statuses import MembershipStatus
from identity.accounts import account_of_email, account_scope
from identity.adapters.hashing import Passwords
from identity.commands.accounts import Languages, NewAccount, UpdateUser, create_account, mark_ended
from identity.commands.grants import (
    check_account_lives,
    check_gives,
    check_last_admin,
    check_takes,
    grant_membership,
    hold_hotel,
    hold_open_hotel,
)
from identity.domain.contact import PersonName
from identity.domain.members import AlreadyMember
from identity.domain.roles import RoleName
from identity.domain.sessions import EndReason
from identity.tables import MembershipRow, UserRow
from identity.tables_people import SavedViewRow
from servicekit import Command, Transaction, check_version


class CreateUser(NewAccount):
    """Let a person work for a hotel. An address that has an account joins with it and keeps its password."""

    role: RoleName


class ChangeRole(Command):
    """Give a member another role."""

    role: RoleName


class AddToHotel(Command):
    """Let an account work for a hotel, in a role. Name and languages are the account's own where they are left out."""

    role: RoleName
    name: PersonName | None = None
    languages: Annotated[Languages | None, Field(description="languages the person works in here")] = None


async def create_user(
    command: CreateUser, hotel_id: HotelId, tx: Transaction, hasher: Passwords, user_id: UUID | None = None
) -> MembershipRow:
    """Add a person to the transaction's hotel, with a new account where the address has none.

    Raises:
        WeakPassword: the password of a new account would be guessed.
        AlreadyMember: they belong to the hotel; a former member is activated instead.
        UnknownRole, BeyondOwnPermissions: the actor cannot give that role.
        NotFound: there is no such hotel.
        HotelDeleted: it is deleted.
    """
    hotel = await hold_open_hotel(hotel_id, tx)
    await check_gives(command.role, tx)
    account = await account_of_email(tx, command.email)
    if account is None:
        account = (await create_account(command, tx, hasher, user_id, context=(hotel.name,))).id
    elif await _membership(account, hotel_id, tx) is not None:
        raise AlreadyMember
    row = await grant_membership(UserId(account), command.role, command.name, list(command.languages), tx)
    tx.audit("user.create", "user", account)
    return row


async def add_to_hotel(user_id: UserId, hotel_id: HotelId, command: AddToHotel, tx: Transaction) -> MembershipRow:
    """Let an account work for the transaction's hotel, or have it do so in another role. A former member comes back.

    A hotel's own people find the accounts that work or worked for it, the platform's all of them.

    Raises:
        NotFound: there is no such hotel or account.
        HotelDeleted: the hotel is deleted.
        AccountDeleted: the account was deleted.
        UnknownRole, BeyondOwnPermissions: the actor cannot give that role, or take the one they have.
        LastAdmin: nobody would be left to run the hotel.
    """
    await hold_open_hotel(hotel_id, tx)
    found = await _membership(user_id, hotel_id, tx)
    if found is None:
        account = await tx.find(UserRow, user_id)
        if account is None:
            raise NotFound("No such user")
        await check_gives(command.role, tx)
        languages = account.languages if command.languages is None else command.languages
        row = await grant_membership(user_id, command.role, command.name or account.name, list(languages), tx)
        tx.audit("user.add_to_hotel", "user", user_id)
        return row
    row = await tx.lock(MembershipRow, found.id)
    await check_account_lives(user_id, tx)
    was_active, before = row.status == MembershipStatus.ACTIVE, row.role
    await check_gives(command.role, tx, before=before if was_active else None)
    if was_active:
        await check_last_admin(row, command.role, tx)
    row.display_name = command.name or row.display_name
    row.languages = list(command.languages) if command.languages is not None else row.languages
    row.role, row.status = command.role, MembershipStatus.ACTIVE
    if not was_active or before != command.role:
        row.changed_at = tx.moment()
    row.version += 1
    tx.publish(row.changed() if was_active else row.granted())
    tx.audit("user.add_to_hotel", "user", user_id)
    return row


async def update_member(user_id: UserId, command: UpdateUser, if_match: int | None, tx: Transaction) -> MembershipRow:
    """Change the name and languages under which this hotel shows a member. Their tokens hold.

    Raises:
        PreconditionFailed: somebody else changed them since.
        AccountDeleted: there is nobody to name any more.
    """
    row = await _locked_membership(user_id, tx)
    await check_account_lives(user_id, tx)
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
        UnknownRole, BeyondOwnPermissions: the actor cannot give that role, or take the one they have.
        Conflict: they no longer work here.
        PreconditionFailed: somebody else changed them since.
    """
    row = await _locked_membership(user_id, tx, hotel_too=True)
    check_version(row, if_match)
    if row.status != MembershipStatus.ACTIVE:
        raise Conflict("this person no longer works here")
    await check_gives(command.role, tx, before=row.role)
    if row.role == command.role:
        return row
    await check_last_admin(row, command.role, tx)
    row.role, row.changed_at = command.role, tx.moment()
    row.version += 1
    tx.publish(row.changed())
    tx.audit("user.change_role", "user", user_id)
    return row


async def deactivate_member(user_id: UserId, tx: Transaction) -> MembershipRow:
    """End a membership: their sessions in this hotel end, their tokens for it no longer hold, their saved views go.

    Raises:
        LastAdmin: nobody would be left to run the hotel.
        BeyondOwnPermissions: they may do more than the actor.
    """
    row = await _locked_membership(user_id, tx, hotel_too=True)
    if row.status == MembershipStatus.REVOKED:
        return row
    await check_takes(row.role, tx)
    await check_last_admin(row, None, tx)
    await end_membership(row, tx)
    async with account_scope(tx, user_id):
        await mark_ended(user_id, EndReason.ACCESS_REMOVED, tx, tx.hotel_id)
    tx.audit("user.deactivate", "user", user_id)
    return row


async def activate_member(user_id: UserId, tx: Transaction) -> MembershipRow:
    """Take a former member back, in the role they had.

    Raises:
        UnknownRole: that role is gone; add them to the hotel in another.
        BeyondOwnPermissions: it brings more than the actor has.
        AccountDeleted: there is nobody to take back.
        HotelDeleted: the hotel is deleted.
    """
    if tx.hotel_id is not None:
        await hold_open_hotel(tx.hotel_id, tx)
    row = await _locked_membership(user_id, tx)
    if row.status == MembershipStatus.ACTIVE:
        return row
    await check_account_lives(user_id, tx)
    await check_gives(row.role, tx)
    row.status, row.changed_at = MembershipStatus.ACTIVE, tx.moment()
    row.version += 1
    tx.publish(row.granted())
    tx.audit("user.activate", "user", user_id)
    return row


async def end_membership(row: MembershipRow, tx: Transaction) -> None:
    """Write and tell that a locked membership is over; what the person saved for their lists goes with it."""
    row.status, row.changed_at = MembershipStatus.REVOKED, tx.moment()
    row.version += 1
    mine = col(SavedViewRow.hotel_id) == row.hotel_id, col(SavedViewRow.user_id) == row.user_id
    await tx.execute(delete(SavedViewRow).where(*mine))
    tx.publish(row.revoked(), hotel_id=row.hotel_id)


async def _membership(user_id: UUID, hotel_id: UUID, tx: Transaction) -> MembershipRow | None:
    mine = col(MembershipRow.hotel_id) == hotel_id, col(MembershipRow.user_id) == user_id
    return await tx.scalar(select(MembershipRow).where(*mine))


async def _locked_membership(user_id: UserId, tx: Transaction, *, hotel_too: bool = False) -> MembershipRow:
    """Lock the membership; the hotel first where admins are counted, so that two cannot leave at once."""
    if tx.hotel_id is None:
        raise NotFound("No such user")
    if hotel_too:
        await hold_hotel(tx.hotel_id, tx)
    found = await _membership(user_id, tx.hotel_id, tx)
    if found is None:
        raise NotFound("No such user")
    return await tx.lock(MembershipRow, found.id)

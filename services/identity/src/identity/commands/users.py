"""People who work for hotels: accounts of the platform, and their memberships in a hotel.

A hotel decides about its memberships: who joins, in which role, under which name, and who leaves. An account, which may
serve other hotels too, is switched off by the platform alone.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select, update

from contracts.errors import Conflict, NotFound
from contracts.ids import HotelId, UserId
from contracts.statuses import USER_MOVES, MembershipStatus, UserStatus, move
from contracts.values import Email, LanguageTag
from identity.accounts import account_of_email, account_scope
from identity.adapters.hashing import Passwords
from identity.domain import passwords
from identity.domain.contact import PersonName
from identity.domain.members import AlreadyMember, HotelRole, check_admins_remain
from identity.domain.sessions import EndReason
from identity.tables import CredentialRow, HotelRow, MembershipRow, SessionRow, UserRow
from servicekit import Command, Transaction, check_version, new_id

Languages = Annotated[list[LanguageTag], Field(max_length=20, description="languages the person works in")]


class EmailTaken(Conflict):
    """The address has an account."""

    slug, title = "email-taken", "This e-mail address has an account already"


class OwnAccount(Conflict):
    """Nobody locks themselves out."""

    slug, title = "own-account", "You cannot switch off your own account"


class NewAccount(Command):
    """A person's account."""

    email: Email
    name: PersonName
    password: Annotated[SecretStr, Field(description="of a new account; 12 to 128 characters")]
    languages: Languages = Field(default_factory=list)


class CreateUser(NewAccount):
    """Let a person work for a hotel. An address that has an account joins with it and keeps its password."""

    role: HotelRole


class UpdateUser(Command):
    """Change how a person is shown; what is left out stays. In a hotel it concerns that hotel's view of them."""

    name: PersonName | None = None
    languages: Languages | None = None


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
    """
    await tx.get(HotelRow, hotel_id)
    account = await account_of_email(tx, command.email)
    if account is None:
        account = (await create_account(command, tx, hasher, user_id)).id
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


async def create_account(
    command: NewAccount, tx: Transaction, hasher: Passwords, user_id: UUID | None = None, *, superadmin: bool = False
) -> UserRow:
    """A new account with its password.

    Raises:
        WeakPassword: it would be guessed.
        EmailTaken: somebody was faster.
    """
    chosen = passwords.check(command.password.get_secret_value(), command.email)
    row = UserRow(
        id=user_id or new_id(),
        email=command.email,
        name=command.name,
        superadmin=superadmin,
        languages=list(command.languages),
        created_at=tx.now,
        updated_at=tx.now,
    )
    password_hash = await hasher.hash(chosen)
    async with account_scope(tx, row.id):
        tx.add(row)
        try:
            await tx.flush()
        except IntegrityError:
            raise EmailTaken(pointer="/email") from None
        tx.add(CredentialRow(user_id=row.id, password_hash=password_hash, changed_at=tx.now))
    tx.publish(row.created())
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
        await tx.execute(_ending(user_id, EndReason.ACCESS_REMOVED, tx).where(col(SessionRow.hotel_id) == row.hotel_id))
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


async def update_account(user_id: UserId, command: UpdateUser, if_match: int | None, tx: Transaction) -> UserRow:
    """Change an account's own name and languages; hotels keep showing theirs. Platform scope.

    Raises:
        PreconditionFailed: somebody else changed it since.
    """
    row = await tx.lock(UserRow, user_id)
    check_version(row, if_match)
    row.name = command.name or row.name
    row.languages = list(command.languages) if command.languages is not None else row.languages
    _account_changed(row, tx)
    tx.audit("account.update", "user", user_id)
    return row


async def deactivate_account(user_id: UserId, tx: Transaction) -> UserRow:
    """Switch an account off in every hotel; all its sessions end. Platform scope.

    The rule of the last admin does not hold here: whoever runs the platform can appoint another.

    Raises:
        OwnAccount: it is the actor's.
    """
    if user_id == tx.actor.id:
        raise OwnAccount
    row = await tx.lock(UserRow, user_id)
    if row.status == UserStatus.INACTIVE:
        return row
    row.status = move(USER_MOVES, UserStatus(row.status), UserStatus.INACTIVE)
    _account_changed(row, tx)
    await end_sessions(row, EndReason.ACCESS_REMOVED, tx)
    tx.audit("account.deactivate", "user", user_id)
    return row


async def activate_account(user_id: UserId, tx: Transaction) -> UserRow:
    """Switch an account on again. Platform scope.

    Raises:
        MoveNotAllowed: it was deleted.
    """
    row = await tx.lock(UserRow, user_id)
    if row.status == UserStatus.ACTIVE:
        return row
    row.status = move(USER_MOVES, UserStatus(row.status), UserStatus.ACTIVE)
    _account_changed(row, tx)
    tx.audit("account.activate", "user", user_id)
    return row


async def end_sessions(user: UserRow, reason: EndReason, tx: Transaction) -> None:
    """End every session of a locked account, in the account's or the platform's scope, and say so."""
    await tx.execute(_ending(UserId(user.id), reason, tx))
    tx.publish(user.sessions_revoked(None, tx.now))


def _ending(user_id: UserId, reason: EndReason, tx: Transaction):
    open_ones = update(SessionRow).where(col(SessionRow.user_id) == user_id, col(SessionRow.ended_at).is_(None))
    return open_ones.values(ended_at=tx.now, end_reason=reason)


def _account_changed(row: UserRow, tx: Transaction) -> None:
    row.version += 1
    row.updated_at = tx.now
    tx.publish(row.updated())


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

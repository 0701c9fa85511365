"""Accounts: one person, one address, on the whole platform. A hotel's view of a person is a membership (commands.users)."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, update

from contracts.errors import Conflict
from contracts.ids import HotelId, SessionId, UserId
from contracts.statuses import USER_MOVES, UserStatus, move
from contracts.values import Email, LanguageTag
from identity.accounts import account_scope
from identity.adapters.hashing import Passwords
from identity.domain import passwords
from identity.domain.contact import PersonName
from identity.domain.members import AccountDeleted
from identity.domain.sessions import EndReason, WrongPassword
from identity.tables import CredentialRow, SessionRow, UserRow
from servicekit import Command, Transaction, check_version, new_id

Password = Annotated[SecretStr, Field(max_length=512)]
Languages = Annotated[list[LanguageTag], Field(max_length=20, description="languages the person works in")]


class EmailTaken(Conflict):
    """The address has an account."""

    slug, title = "email-taken", "This e-mail address has an account already"


class OwnAccount(Conflict):
    """Nobody locks themselves out, and one of the platform's own people remains."""

    slug, title = "own-account", "A colleague who runs the platform has to do this"


class NewAccount(Command):
    """A person's account."""

    email: Email
    name: PersonName
    password: Annotated[SecretStr, Field(description="of a new account; 12 to 128 characters")]
    languages: Languages = Field(default_factory=list)


class UpdateUser(Command):
    """Change how a person is shown; what is left out stays. In a hotel it concerns that hotel's view of them."""

    name: PersonName | None = None
    languages: Languages | None = None


async def create_account(
    command: NewAccount,
    tx: Transaction,
    hasher: Passwords,
    user_id: UUID | None = None,
    *,
    superadmin: bool = False,
    context: Collection[str] = (),
) -> UserRow:
    """A new account with its password, which is not made of the person's name and other words of the `context`.

    Raises:
        WeakPassword: it would be guessed.
        EmailTaken: somebody was faster.
    """
    chosen = passwords.check(command.password.get_secret_value(), command.email, (command.name, *context))
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


async def update_account(user_id: UserId, command: UpdateUser, if_match: int | None, tx: Transaction) -> UserRow:
    """Change an account's own name and languages; hotels keep showing theirs. Platform scope.

    Raises:
        PreconditionFailed: somebody else changed it since.
        AccountDeleted: there is nobody to name any more.
    """
    row = await tx.lock(UserRow, user_id)
    if row.status == UserStatus.DELETED:
        raise AccountDeleted
    check_version(row, if_match)
    row.name = command.name or row.name
    row.languages = list(command.languages) if command.languages is not None else row.languages
    account_changed(row, tx)
    tx.audit("account.update", "user", user_id)
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
    account_changed(row, tx)
    tx.audit("account.activate", "user", user_id)
    return row


async def check_password(user_id: UserId, given: SecretStr, hasher: Passwords, tx: Transaction) -> CredentialRow:
    """The locked password of an account whose owner is signed in and typed it once more. In the account's scope.

    Raises:
        WrongPassword: it is another; points at `/current_password`.
    """
    credential = await tx.lock(CredentialRow, user_id)
    if not await hasher.verify(credential.password_hash, given.get_secret_value()):
        raise WrongPassword(pointer="/current_password")
    return credential


async def end_sessions(user: UserRow, reason: EndReason, tx: Transaction) -> None:
    """End every session of a locked account, in the account's or the platform's scope, and say so. From this moment: whoever
    had the lock before may have got a token while it was waited for."""
    await mark_ended(UserId(user.id), reason, tx)
    tx.publish(user.sessions_revoked(None, tx.moment()))


async def end_other_sessions(
    user: UserRow, kept: SessionId | None, reason: EndReason, tx: Transaction, hotel_id: UUID | None = None
) -> None:
    """End the sessions of a locked account, or those in one hotel, but the one that it is done from, and say so, in the
    account's scope."""
    others = update(SessionRow).where(col(SessionRow.user_id) == user.id, col(SessionRow.ended_at).is_(None))
    if kept is not None:
        others = others.where(col(SessionRow.id) != kept)
    if hotel_id is not None:
        others = others.where(col(SessionRow.hotel_id) == hotel_id)
    ended = await tx.scalars(others.values(ended_at=tx.now, end_reason=reason).returning(col(SessionRow.id)))
    for sid in sorted(ended):
        tx.publish(user.sessions_revoked(sid, tx.now))


async def mark_ended(user_id: UserId, reason: EndReason, tx: Transaction, hotel_id: HotelId | None = None) -> None:
    """End the account's open sessions, or those in one hotel, without saying so: something else denies their tokens."""
    open_ones = update(SessionRow).where(col(SessionRow.user_id) == user_id, col(SessionRow.ended_at).is_(None))
    if hotel_id is not None:
        open_ones = open_ones.where(col(SessionRow.hotel_id) == hotel_id)
    await tx.execute(open_ones.values(ended_at=tx.now, end_reason=reason))


def account_changed(row: UserRow, tx: Transaction) -> None:
    """Count and tell a change of a locked account."""
    row.version += 1
    row.updated_at = tx.now
    tx.publish(row.updated())

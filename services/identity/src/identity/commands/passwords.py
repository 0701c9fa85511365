"""Another password for an account, whichever way it was allowed; and the reset by a link in a mail."""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete

from contracts.actor import ActorKind
from contracts.ids import UserId
from contracts.statuses import UserStatus
from contracts.values import Email
from identity.accounts import account_of_email, account_scope
from identity.adapters.hashing import Passwords
from identity.commands.accounts import end_sessions
from identity.commands.mail import NEWS_HOLD, Contents, drop_resets_of, queue_mail, seal
from identity.domain import passwords
from identity.domain.letters import chosen_language
from identity.domain.links import TOKEN_BYTES, LinkVoid, Opens, hash_of, token_of
from identity.domain.mail import MailKind, MailStatus
from identity.domain.sessions import EndReason
from identity.tables import CredentialRow, UserRow
from identity.tables_mail import MailRow, PasswordResetRow
from servicekit import Actor, Command, Transaction
from servicekit.vault import Vault

LinkToken = Annotated[
    SecretStr,
    Field(
        min_length=16,
        max_length=200,
        description="what stands behind `#` in the link",
        examples=["fdi_Zm9yIGV4YW1wbGUsIDMyIHJhbmRvbSBieXRlcyAgICA"],
    ),
]
_ACCOUNT_OF_RESET = text("select account_of_reset(:hash)")
_HOTELS = text(
    "select h.name, h.default_language from memberships m join hotels h on h.id = m.hotel_id"
    " where m.user_id = :user_id order by m.created_at"
)


class RequestPasswordReset(Command):
    """Ask for a link to choose a new password."""

    email: Annotated[Email, Field(examples=["noor.neumann@example.com"])]


class ConfirmPasswordReset(Command):
    """Choose a new password with the link's token. Every session ends; the second factor stays."""

    token: LinkToken
    password: Annotated[SecretStr, Field(description="12 to 128 characters")]


async def set_password(
    user: UserRow, chosen: SecretStr, reason: EndReason, hasher: Passwords, vault: Vault, tx: Transaction
) -> None:
    """Another password for the locked account, in its scope: all its sessions end, links to choose one are void, and a
    mail says so.

    Raises:
        WeakPassword: it would be guessed.
    """
    hotels = (await tx.execute(_HOTELS, {"user_id": user.id})).all()
    good = passwords.check(chosen.get_secret_value(), user.email, (user.name, *(hotel.name for hotel in hotels)))
    credential = await tx.lock(CredentialRow, user.id)
    credential.password_hash, credential.changed_at = await hasher.hash(good), tx.now
    await end_sessions(user, reason, tx)
    await tx.execute(delete(PasswordResetRow).where(col(PasswordResetRow.user_id) == user.id))
    await drop_resets_of(user.id, tx)
    await queue_mail(
        MailKind.PASSWORD_CHANGED,
        Contents(to=user.email, name=user.name),
        tx.now + NEWS_HOLD,
        vault,
        tx,
        language=chosen_language([*user.languages, *(hotel.default_language for hotel in hotels)]),
        user_id=user.id,
    )


async def request_reset(command: RequestPasswordReset, lasting: timedelta, vault: Vault, tx: Transaction) -> None:
    """Note the request. Whether the address has an account is looked at later, so that no answer tells."""
    mail = await queue_mail(MailKind.PASSWORD_RESET, Contents(to=command.email), tx.now + lasting, vault, tx)
    tx.audit("password_reset.request", "mail", mail)


async def issue_reset(mail: MailRow, contents: Contents, vault: Vault, tx: Transaction) -> Contents | None:
    """Make the link of a locked request that has none yet; the account's former link is void. None: there is no such
    account, or it is switched off, and the mail is dropped. Platform scope."""
    user_id = await account_of_email(tx, contents.to)
    user = None if user_id is None else await tx.get(UserRow, user_id)
    if user is None or user.status != UserStatus.ACTIVE:
        mail.settle(MailStatus.DROPPED, tx.now)
        return None
    hotels = (await tx.execute(_HOTELS, {"user_id": user.id})).all()
    token = token_of(Opens.PASSWORD_RESET, secrets.token_bytes(TOKEN_BYTES))
    made = {"user_id": user.id, "token_hash": hash_of(token), "expires_at": mail.valid_until}
    newest = insert(PasswordResetRow).values(made)
    await tx.execute(newest.on_conflict_do_update(index_elements=["user_id"], set_=made))
    mail.user_id = user.id
    mail.language = chosen_language([*user.languages, *(hotel.default_language for hotel in hotels)])
    minutes = round((mail.valid_until - mail.created_at).total_seconds() / 60)
    complete = replace(contents, name=user.name, token=token, lasting=minutes)
    seal(mail, complete, vault)
    await drop_resets_of(user.id, tx, but=mail.id)
    tx.audit("password_reset.issue", "user", user.id)
    return complete


async def account_of_reset(token: SecretStr, tx: Transaction) -> UserId | None:
    """Whose link it is; None: nobody's."""
    found: UUID | None = await tx.scalar(_ACCOUNT_OF_RESET, {"hash": hash_of(token.get_secret_value())})
    return None if found is None else UserId(found)


def owner(user_id: UserId) -> Actor:
    """Who has the link, as the actor of choosing the password."""
    return Actor(kind=ActorKind.USER, id=user_id, subject=str(user_id))


async def confirm_reset(
    user_id: UserId, command: ConfirmPasswordReset, hasher: Passwords, vault: Vault, tx: Transaction
) -> None:
    """A new password for whoever has the link; all sessions end, the second factor stays.

    Raises:
        LinkVoid: it was used, replaced, or its time is over.
        WeakPassword: the password would be guessed; the link holds on.
    """
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        reset = await tx.find_locked(PasswordResetRow, user_id)
        given = hash_of(command.token.get_secret_value())
        if reset is None or reset.token_hash != given or tx.now >= reset.expires_at or user.status != UserStatus.ACTIVE:
            raise LinkVoid
        if await tx.find(CredentialRow, user_id) is None:
            raise LinkVoid  # there is no password to choose another for
        await set_password(user, command.password, EndReason.PASSWORD_RESET, hasher, vault, tx)
    tx.audit("password_reset.confirm", "user", user_id)

"""The second factor of an account: enrolled, confirmed, asked for, switched off, reset. The rules are the domain's.

Wherever a code is looked at, the account is locked, so of two requests with the same code one finds it used. A refusal is
returned: what was tried must be committed.
"""

import secrets
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import LargeBinary, func
from sqlmodel import col, delete, select

from contracts.ids import SessionId, UserId
from identity.accounts import account_scope
from identity.adapters.hashing import Passwords
from identity.commands.accounts import Password, check_password, end_other_sessions, end_sessions
from identity.domain import second_factor as rules
from identity.domain.second_factor import (
    BadSecondFactor,
    NoEnrolment,
    OwnSecondFactor,
    SecondFactorLocked,
    SecondFactorOff,
    SecondFactorOn,
    SecondFactorRefused,
    SecondFactorRequired,
    Tries,
)
from identity.domain.sessions import EndReason
from identity.tables import UserRow
from identity.tables_second_factor import RecoveryCodeRow, TotpRow
from servicekit import Command, Transaction
from servicekit.vault import KEY_ID_AT, KEY_ID_BYTES, CannotOpen, Vault

Code = Annotated[SecretStr, Field(max_length=64, description="the six digits of the authenticator app")]
Given = Annotated[SecretStr, Field(max_length=64, description="the authenticator app's six digits, or a recovery code")]
BATCH = 100


class EnrolTotp(Command):
    """Begin with a new secret for an authenticator app. Asked for at sign-in once it is confirmed."""

    current_password: Password


class ConfirmTotp(Command):
    """The app shows the right codes: ask for them from now on. Every other session ends."""

    code: Code


class DisableTotp(Command):
    """Do without a second factor. Every other session ends."""

    current_password: Password
    second_factor: Given


class RenewRecoveryCodes(Command):
    """New recovery codes; the former ones are void."""

    code: Code


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the app needs; said once."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What became of one batch of secrets: how many are under the newest key now, whose cannot be opened, and the last."""

    count: int
    lost: tuple[UUID, ...]
    last: UUID | None


async def enrol_totp(
    user_id: UserId, command: EnrolTotp, hasher: Passwords, vault: Vault, issuer: str, tx: Transaction
) -> Enrolment:
    """A new secret, instead of one that was begun with and never confirmed. Wrong codes stay counted.

    Raises:
        WrongPassword: the current password is wrong.
        SecondFactorOn: there is one.
    """
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        await check_password(user_id, command.current_password, hasher, tx)
        row = await tx.find_locked(TotpRow, user_id)
        if row is not None and row.confirmed_at is not None:
            raise SecondFactorOn
        secret = secrets.token_bytes(rules.SECRET_BYTES)
        if row is None:
            row = TotpRow(user_id=user_id, secret=b"")
            tx.add(row)
        row.secret, row.started_at = vault.seal(secret, *row.place), tx.now
    tx.audit("second_factor.enrol", "user", user_id)
    return Enrolment(rules.written(secret), rules.enrolment_uri(secret, user.email, issuer))


async def confirm_totp(
    user_id: UserId, command: ConfirmTotp, session: SessionId | None, vault: Vault, tx: Transaction
) -> list[str] | SecondFactorRefused:
    """Ask for the second factor from now on; the recovery codes, said once. Every session but `session` ends.

    Raises:
        NoEnrolment: nothing was begun with in the last 15 minutes.
        SecondFactorOn: it was confirmed before.
    """
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        row = await tx.find_locked(TotpRow, user_id)
        if row is not None and row.confirmed_at is not None:
            raise SecondFactorOn
        if row is None or tx.now - row.started_at > rules.ENROLMENT:
            raise NoEnrolment
        refused = _try_app_code(row, command.code.get_secret_value(), vault, tx)
        if refused is not None:
            return refused
        row.confirmed_at = tx.now
        codes = await _new_recovery_codes(user_id, tx)
        await end_other_sessions(user, session, EndReason.SECOND_FACTOR_CHANGED, tx)
    tx.audit("second_factor.enable", "user", user_id)
    return codes


async def check_second_factor(
    user_id: UserId, given: SecretStr | None, vault: Vault, tx: Transaction
) -> SecondFactorRefused | None:
    """Whether the locked account's second factor was given, and use it up; None: it was, or there is none to give.

    A recovery code is accepted while codes of the app are not looked at, so whoever guesses keeps nobody out. In the
    account's scope.
    """
    row = await tx.find_locked(TotpRow, user_id)
    if row is None or row.confirmed_at is None:
        return None
    if given is None:
        return SecondFactorRequired()
    presented = given.get_secret_value()
    recovery_code = rules.recovery_code_in(presented)
    if recovery_code is None:
        return _try_app_code(row, presented, vault, tx)
    used = delete(RecoveryCodeRow).where(
        col(RecoveryCodeRow.user_id) == user_id, col(RecoveryCodeRow.code_hash) == rules.hash_of(recovery_code)
    )
    if await tx.scalar(used.returning(col(RecoveryCodeRow.user_id))) is None:
        tx.audit("second_factor.refuse", "user", user_id)
        return BadSecondFactor()
    row.count(Tries())
    tx.audit("second_factor.use_recovery_code", "user", user_id)
    return None


async def has_second_factor(user_id: UUID, tx: Transaction) -> bool:
    """Whether the account has one that is asked for, in the account's scope."""
    row = await tx.find(TotpRow, user_id)
    return row is not None and row.confirmed_at is not None


async def renew_recovery_codes(
    user_id: UserId, command: RenewRecoveryCodes, vault: Vault, tx: Transaction
) -> list[str] | SecondFactorRefused:
    """Other recovery codes, said once.

    Raises:
        SecondFactorOff: there is no second factor.
    """
    async with account_scope(tx, user_id):
        await tx.lock(UserRow, user_id)
        row = await tx.find_locked(TotpRow, user_id)
        if row is None or row.confirmed_at is None:
            raise SecondFactorOff
        refused = _try_app_code(row, command.code.get_secret_value(), vault, tx)
        if refused is not None:
            return refused
        codes = await _new_recovery_codes(user_id, tx)
    tx.audit("second_factor.renew_codes", "user", user_id)
    return codes


async def disable_totp(
    user_id: UserId, command: DisableTotp, session: SessionId | None, hasher: Passwords, vault: Vault, tx: Transaction
) -> SecondFactorRefused | None:
    """No second factor any more, and no recovery codes. Every session but `session` ends.

    Raises:
        WrongPassword: the current password is wrong.
        SecondFactorOff: there is none.
    """
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        await check_password(user_id, command.current_password, hasher, tx)
        row = await tx.find_locked(TotpRow, user_id)
        if row is None or row.confirmed_at is None:
            raise SecondFactorOff
        refused = await check_second_factor(user_id, command.second_factor, vault, tx)
        if refused is not None:
            return refused
        await tx.delete(row)
        await end_other_sessions(user, session, EndReason.SECOND_FACTOR_CHANGED, tx)
    tx.audit("second_factor.disable", "user", user_id)
    return None


async def reset_second_factor(user_id: UserId, tx: Transaction) -> bool:
    """Take somebody's second factor away, who lost it; all their sessions end. Whether there was one. Platform scope.

    Raises:
        OwnSecondFactor: it is the actor's.
        NotFound: there is no such account.
    """
    if user_id == tx.actor.id:
        raise OwnSecondFactor
    user = await tx.lock(UserRow, user_id)
    row = await tx.find_locked(TotpRow, user_id)
    if row is None or row.confirmed_at is None:
        return False
    await tx.delete(row)
    await end_sessions(user, EndReason.SECOND_FACTOR_RESET, tx)
    tx.audit("second_factor.reset", "user", user_id)
    return True


async def rewrap_totp(after: UUID, vault: Vault, tx: Transaction) -> Rewrapped:
    """Wrap the next secrets, in the order of their accounts, with the newest key. Platform scope."""
    key_id = func.substring(col(TotpRow.secret), KEY_ID_AT + 1, KEY_ID_BYTES, type_=LargeBinary)
    older = select(TotpRow).where(key_id != vault.key_id, col(TotpRow.user_id) > after)
    rows: list[TotpRow] = await tx.scalars(older.order_by(col(TotpRow.user_id)).limit(BATCH).with_for_update())
    lost: list[UUID] = []
    for row in rows:
        try:
            row.secret = vault.rewrap(row.secret, *row.place)
        except CannotOpen:
            lost.append(row.user_id)
    return Rewrapped(len(rows) - len(lost), tuple(lost), rows[-1].user_id if rows else None)


def _try_app_code(row: TotpRow, given: str, vault: Vault, tx: Transaction) -> SecondFactorRefused | None:
    pause = row.tries.pause(tx.now)
    if pause is not None:
        return SecondFactorLocked(pause)
    code = rules.app_code_in(given)
    secret = vault.open(row.secret, *row.place)
    step = None if code is None else rules.accepted_step(secret, code, tx.now, row.last_step)
    if step is None:
        row.count(row.tries.after_failure(tx.now))
        tx.audit("second_factor.refuse", "user", row.user_id)
        return BadSecondFactor()
    row.last_step = step
    row.count(Tries())
    return None


async def _new_recovery_codes(user_id: UserId, tx: Transaction) -> list[str]:
    await tx.execute(delete(RecoveryCodeRow).where(col(RecoveryCodeRow.user_id) == user_id))
    codes = [rules.recovery_code(secrets.token_bytes(rules.RECOVERY_BYTES)) for _ in range(rules.RECOVERY_CODES)]
    for code in codes:
        plain = rules.recovery_code_in(code)
        assert plain is not None
        tx.add(RecoveryCodeRow(user_id=user_id, code_hash=rules.hash_of(plain)))
    return codes

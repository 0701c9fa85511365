"""The end of an account: by its owner, or by the platform. And what it shares with switching one off: no hotel loses its
last admin by it, no matter how many of them go at once.

Locks are taken as everywhere: every hotel that the account works or worked for, in the order of their ids, the account,
its memberships.
"""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy import func
from sqlmodel import col, delete, select, update

from contracts.errors import Conflict, Forbidden
from contracts.ids import SessionId, UserId
from contracts.statuses import USER_MOVES, MembershipStatus, UserStatus, move
from identity.accounts import account_scope, hotel_scope
from identity.adapters.hashing import Passwords
from identity.commands.accounts import OwnAccount, Password, account_changed, end_sessions
from identity.commands.grants import check_last_admin, hold_hotel
from identity.commands.invitations import forget_invitations
from identity.commands.mail import drop_mails_of
from identity.commands.proof import check_owner
from identity.commands.second_factor import Given, check_second_factor
from identity.commands.users import end_membership
from identity.domain.second_factor import SecondFactorRefused
from identity.domain.sessions import EndReason, SessionConfined
from identity.tables import CredentialRow, MembershipRow, SessionRow, UserRow
from identity.tables_mail import PasswordResetRow
from identity.tables_oidc import OidcCodeRow, OidcIdentityRow
from identity.tables_people import PreferencesRow
from identity.tables_second_factor import TotpRow
from servicekit import Command, Transaction
from servicekit.vault import Vault

_NOWHERE: dict[str, None] = dict.fromkeys(("browser", "system", "network"))
"""What a session says of a person's devices and places, forgotten."""


class DeleteOwnAccount(Command):
    """Delete one's account for good, in every hotel. There is no way back."""

    current_password: Annotated[
        Password | None,
        Field(
            description="without it, the session must come of `GET /oidc/{connection_id}/start?fresh=true` in the last"
            " ten minutes"
        ),
    ] = None
    second_factor: Annotated[Given | None, Field(description="where the account has one")] = None


async def delete_account(user_id: UserId, tx: Transaction) -> None:
    """Delete somebody's account; once is enough. Platform scope.

    Raises:
        OwnAccount: it is the actor's.
        LastAdmin: a hotel would be left without anybody to run it.
        NotFound: there is no such account.
    """
    if user_id == tx.actor.id:
        raise OwnAccount
    async with account_scope(tx, user_id):
        memberships = await hold_workplaces(user_id, tx)
        await check_actor_remains(user_id, tx)
        row = await tx.lock(UserRow, user_id)
        if row.status == UserStatus.DELETED:
            return
        await _delete(row, memberships, tx)
    tx.audit("account.delete", "user", user_id)


async def delete_own_account(
    user_id: UserId,
    command: DeleteOwnAccount,
    session: SessionId | None,
    hasher: Passwords,
    vault: Vault,
    tx: Transaction,
) -> SecondFactorRefused | None:
    """Delete the actor's own account, by its password or a fresh `session`. A refusal of the second factor must be
    committed: it was counted.

    Raises:
        OwnAccount: it runs the platform; a colleague there deletes it, so that one remains.
        WrongPassword: the current password is wrong.
        FreshSignInNeeded: there is none, and nothing that stands in for it.
        SessionConfined: a hotel's issuer stands in for it, and they work for another hotel, too.
        LastAdmin: a hotel would be left without anybody to run it.
    """
    async with account_scope(tx, user_id):
        memberships = await hold_workplaces(user_id, tx)
        row = await tx.lock(UserRow, user_id)
        stood_in = await check_owner(user_id, command.current_password, session, hasher, tx)
        if stood_in is not None and stood_in.confined:
            await _check_works_nowhere_else(user_id, stood_in, tx)
        if row.superadmin:
            raise OwnAccount
        refused = await check_second_factor(user_id, command.second_factor, vault, tx)
        if refused is not None:
            return refused
        await _delete(row, memberships, tx)
    tx.audit("account.delete", "user", user_id)
    return None


async def deactivate_account(user_id: UserId, tx: Transaction) -> UserRow:
    """Switch an account off in every hotel; all its sessions end. Platform scope.

    Raises:
        OwnAccount: it is the actor's.
        LastAdmin: a hotel would be left without anybody to run it; appoint another first.
    """
    if user_id == tx.actor.id:
        raise OwnAccount
    async with account_scope(tx, user_id):
        memberships = await hold_workplaces(user_id, tx)
        await check_actor_remains(user_id, tx)
        row = await tx.lock(UserRow, user_id)
        if row.status == UserStatus.INACTIVE:
            return row
        await check_admin_stays_everywhere(user_id, memberships, tx)
        row.status = move(USER_MOVES, UserStatus(row.status), UserStatus.INACTIVE)
        account_changed(row, tx)
        await end_sessions(row, EndReason.ACCESS_REMOVED, tx)
    tx.audit("account.deactivate", "user", user_id)
    return row


async def hold_workplaces(user_id: UserId, tx: Transaction) -> list[UUID]:
    """Hold every hotel that the account works or worked for. The memberships' ids, in the order of their hotels. In the
    account's scope, before it is locked."""
    held: list[UUID] = []
    mine = select(MembershipRow).where(col(MembershipRow.user_id) == user_id).order_by(col(MembershipRow.hotel_id))
    for membership in await tx.scalars(mine):
        async with hotel_scope(tx, membership.hotel_id):
            await hold_hotel(membership.hotel_id, tx)
        held.append(membership.id)
    return held


async def check_admin_stays_everywhere(user_id: UserId, memberships: list[UUID], tx: Transaction) -> None:
    """No hotel is left without an admin when the locked account does not work any more.

    Raises:
        LastAdmin: one would be.
        Conflict: as `check_workplaces`.
    """
    await check_workplaces(user_id, memberships, tx)
    for membership_id in memberships:
        found = await tx.get(MembershipRow, membership_id)
        async with hotel_scope(tx, found.hotel_id):
            row = await tx.lock(MembershipRow, membership_id)
            if row.status == MembershipStatus.ACTIVE:
                await check_last_admin(row, None, tx)


async def check_workplaces(user_id: UserId, memberships: list[UUID], tx: Transaction) -> None:
    """The locked account works and worked where it did before it was locked.

    Raises:
        Conflict: a hotel took them on just now; the same again may work.
    """
    now = select(col(MembershipRow.id)).where(col(MembershipRow.user_id) == user_id)
    if set(await tx.scalars(now)) != set(memberships):
        raise Conflict("a hotel has just taken this person on, try again")


async def check_actor_remains(user_id: UserId, tx: Transaction) -> None:
    """Of two of the platform's people who switch each other off at once, one is too late. Locks both accounts.

    Raises:
        Forbidden: the actor does not run the platform any more.
    """
    if tx.actor.id is None:
        return
    actor_id = UserId(tx.actor.id)
    rows = {each: await tx.lock(UserRow, each) for each in sorted({user_id, actor_id})}
    actor = rows[actor_id]
    if actor.status != UserStatus.ACTIVE or not actor.superadmin:
        raise Forbidden("you do not run the platform any more")


async def _check_works_nowhere_else(user_id: UserId, session: SessionRow, tx: Transaction) -> None:
    """A hotel's issuer vouched, and for all that is deleted. In the account's scope, with its hotels held."""
    elsewhere = select(func.count()).where(
        col(MembershipRow.user_id) == user_id,
        col(MembershipRow.status) == MembershipStatus.ACTIVE,
        col(MembershipRow.hotel_id) != session.hotel_id,
    )
    if await tx.scalar(elsewhere):
        raise SessionConfined


async def _delete(row: UserRow, memberships: list[UUID], tx: Transaction) -> None:
    """What deleting is: hotels lose the membership and the name, the database the person, everybody else hears of it."""
    user_id = UserId(row.id)
    await check_workplaces(user_id, memberships, tx)
    if row.status == UserStatus.ACTIVE:
        await check_admin_stays_everywhere(user_id, memberships, tx)
    for membership_id in memberships:
        membership = await tx.get(MembershipRow, membership_id)
        async with hotel_scope(tx, membership.hotel_id):
            membership = await tx.lock(MembershipRow, membership_id)
            membership.display_name, membership.languages = "", []
            await end_membership(membership, tx)
            await forget_invitations(row, membership.hotel_id, tx)
    for table in (CredentialRow, TotpRow, PreferencesRow, PasswordResetRow, OidcIdentityRow, OidcCodeRow):
        await tx.execute(delete(table).where(col(table.user_id) == user_id))
    await tx.execute(update(SessionRow).where(col(SessionRow.user_id) == user_id).values(_NOWHERE))
    await drop_mails_of(user_id, tx)
    move(USER_MOVES, UserStatus(row.status), UserStatus.DELETED)
    row.blank()
    row.version += 1
    row.updated_at = tx.now
    await end_sessions(row, EndReason.ACCOUNT_DELETED, tx)
    tx.publish(row.deleted())

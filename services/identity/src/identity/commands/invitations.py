"""Invitations: somebody is asked to work for a hotel, and joins by a link in a mail, with a password of their own."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import ColumnElement, or_, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from contracts.actor import ActorKind
from contracts.errors import Forbidden, Invalid
from contracts.ids import HotelId, UserId
from contracts.statuses import HotelStatus, MembershipStatus, UserStatus
from contracts.values import Email
from identity.accounts import account_of_email, account_scope
from identity.adapters.hashing import Passwords
from identity.commands.accounts import EmailTaken, Languages, NewAccount, Password, create_account
from identity.commands.grants import check_gives, check_takes, grant_membership, hold_hotel, hold_open_hotel
from identity.commands.mail import NEWS_HOLD, Contents, drop_mails_about, queue_mail
from identity.commands.passwords import LinkToken
from identity.domain.contact import PersonName
from identity.domain.letters import chosen_language
from identity.domain.links import (
    TOKEN_BYTES,
    AlreadyInvited,
    InvitationStatus,
    LinkVoid,
    Opens,
    hash_of,
    token_of,
)
from identity.domain.mail import MailKind
from identity.domain.members import AlreadyMember
from identity.domain.roles import RoleName
from identity.holdings import backs, has_role
from identity.tables import CredentialRow, HotelRow, MembershipRow, UserRow
from identity.tables_mail import InvitationRow
from servicekit import Actor, Command, Transaction
from servicekit.vault import Vault

_HOTEL_OF = text("select hotel_of_invitation(:hash)")


class InvitedSomebodyElse(Forbidden):
    """The invitation is for another address than that of the account that is signed in."""

    slug, title = "invited-somebody-else", "This invitation is for another account; sign out first"


class Invite(Command):
    """Ask somebody to work for the hotel. They choose their password themselves, or have an account already."""

    email: Annotated[Email, Field(examples=["noor.neumann@example.com"])]
    name: Annotated[PersonName, Field(examples=["Noor Neumann"])]
    role: RoleName
    languages: Languages = Field(default_factory=list)


class ShowInvitation(Command):
    """What the link is for."""

    token: LinkToken


class AcceptInvitation(Command):
    """Join. With the password of one's account, or one for the new account; signed in, without."""

    token: LinkToken
    password: Annotated[Password | None, Field(description="the account's; of a new one, 12 to 128 characters")] = None
    name: PersonName | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a link invites, and their account, if the address has one that is in use."""

    hotel: str
    email: str
    name: str
    role: str
    user_id: UserId | None
    password_hash: str | None

    @property
    def has_account(self) -> bool:
        """Whether the address has an account."""
        return self.user_id is not None


async def invite(
    command: Invite, hotel_id: HotelId, lasting: timedelta, vault: Vault, tx: Transaction
) -> InvitationRow:
    """Invite somebody by mail.

    Raises:
        UnknownRole, BeyondOwnPermissions: whoever invites cannot give that role, or take back one that is void.
        AlreadyMember: they work here.
        AlreadyInvited: an invitation of the address waits; it can be sent again. One that ran out, or whose sender may no
            longer give its role, is withdrawn for this one.
        NotFound: there is no such hotel.
        HotelDeleted: it is deleted.
    """
    hotel = await hold_open_hotel(hotel_id, tx)
    await check_gives(command.role, tx)
    account = await account_of_email(tx, command.email)
    found = None if account is None else await _membership(account, hotel_id, tx)
    if found is not None and found.status == MembershipStatus.ACTIVE:
        raise AlreadyMember
    await _make_room(command.email, hotel_id, tx)
    token = token_of(Opens.INVITATION, secrets.token_bytes(TOKEN_BYTES))
    row = InvitationRow(
        hotel_id=hotel_id,
        email=command.email,
        name=command.name,
        role=command.role,
        languages=list(command.languages),
        token_hash=hash_of(token),
        expires_at=tx.now + lasting,
        invited_by=tx.actor.id,
    )
    tx.add(row)
    try:
        await tx.flush()
    except IntegrityError:
        raise AlreadyInvited(pointer="/email") from None
    await _send(row, hotel, token, lasting, vault, tx)
    tx.audit("invitation.create", "invitation", row.id)
    return row


async def resend_invitation(invitation_id: UUID, lasting: timedelta, vault: Vault, tx: Transaction) -> InvitationRow:
    """Send another link, which holds as long as the first did; the former one is void. From now on the actor stands for it.

    Raises:
        InvitationClosed: it was accepted or withdrawn.
        UnknownRole, BeyondOwnPermissions: whoever sends cannot give its role, or it is gone.
        HotelDeleted: the hotel is deleted.
    """
    assert tx.hotel_id is not None  # Tx lets nobody in without one
    hotel = await hold_open_hotel(tx.hotel_id, tx)
    row = await tx.lock(InvitationRow, invitation_id)
    await check_gives(row.role, tx)
    row.take(row.state.renewed(tx.now, lasting))
    token = token_of(Opens.INVITATION, secrets.token_bytes(TOKEN_BYTES))
    row.token_hash = hash_of(token)
    row.invited_by = tx.actor.id
    await drop_mails_about(row.id, tx)
    await _send(row, hotel, token, lasting, vault, tx)
    tx.audit("invitation.resend", "invitation", row.id)
    return row


async def withdraw_invitation(invitation_id: UUID, tx: Transaction) -> InvitationRow:
    """Take it back: the link is void.

    Raises:
        InvitationClosed: it was accepted.
        BeyondOwnPermissions: its role brings more than the actor has.
    """
    assert tx.hotel_id is not None  # Tx lets nobody in without one
    await hold_hotel(tx.hotel_id, tx)
    row = await tx.lock(InvitationRow, invitation_id)
    await check_takes(row.role, tx)
    if row.status == InvitationStatus.WITHDRAWN:
        return row
    await _withdraw(row, tx)
    return row


async def forget_invitations(user: UserRow, hotel_id: UUID, tx: Transaction) -> None:
    """An account is deleted: the hotel keeps neither address nor name in its invitations, and those that are open are void.
    In the hotel's scope, before the account is blanked."""
    theirs = or_(col(InvitationRow.email) == user.email, col(InvitationRow.accepted_by) == user.id)
    mine = select(InvitationRow).where(col(InvitationRow.hotel_id) == hotel_id, theirs)
    for row in await tx.scalars(mine.order_by(col(InvitationRow.id)).with_for_update()):
        if row.status == InvitationStatus.OPEN:
            row.status = InvitationStatus.WITHDRAWN
            await drop_mails_about(row.id, tx)
        row.version += 1
        row.email, row.name, row.languages = f"{user.id}@deleted.invalid", "", []
    await tx.flush()


async def void_invitations(role: str, tx: Transaction) -> None:
    """A role is deleted, in the transaction's hotel, which is held: open invitations into it are void, so that none leads
    into another role that gets the name later."""
    named = col(InvitationRow.hotel_id) == tx.hotel_id, col(InvitationRow.role) == role
    open_ones = select(InvitationRow).where(*named, col(InvitationRow.status) == InvitationStatus.OPEN)
    for row in await tx.scalars(open_ones.order_by(col(InvitationRow.id)).with_for_update()):
        await _withdraw(row, tx)


async def hotel_of_invitation(token: SecretStr, tx: Transaction) -> HotelId:
    """Which hotel the link is from, whatever its state.

    Raises:
        LinkVoid: from none.
    """
    found: UUID | None = await tx.scalar(_HOTEL_OF, {"hash": hash_of(token.get_secret_value())})
    if found is None:
        raise LinkVoid
    return HotelId(found)


async def invited(token: SecretStr, tx: Transaction) -> Invited:
    """Whom the link invites, in its hotel's scope.

    Raises:
        LinkVoid: it does not hold.
        InvitationUnbacked: nor may whoever sent it send it any more.
    """
    row = await tx.scalar(select(InvitationRow).where(_of(token)))
    if row is None:
        raise LinkVoid
    row.state.accepted(tx.now, backed=await backs(row.invited_by, row.role, tx))
    hotel = await tx.get(HotelRow, row.hotel_id)
    account = await account_of_email(tx, row.email)
    password_hash: str | None = None
    if account is not None:
        async with account_scope(tx, account):
            user, credential = await tx.get(UserRow, account), await tx.find(CredentialRow, account)
            usable = user.status == UserStatus.ACTIVE and credential is not None
            password_hash = credential.password_hash if usable and credential is not None else None
    user_id = None if account is None else UserId(account)
    return Invited(hotel.name, row.email, row.name, row.role, user_id, password_hash)


def joining(user_id: UserId, hotel_id: HotelId) -> Actor:
    """Whoever accepts, as the actor of it."""
    return Actor(kind=ActorKind.USER, id=user_id, hotel_id=hotel_id, subject=str(user_id))


async def accept_invitation(
    command: AcceptInvitation, proven: UserId | None, hasher: Passwords, tx: Transaction
) -> MembershipRow:
    """Join the hotel in the role of the invitation; `proven` is the account whose owner it is, None for a new one, which
    the actor becomes. Who worked here before comes back in this role.

    Raises:
        LinkVoid: it was used, withdrawn or replaced, its time is over, or its role or hotel is gone.
        InvitationUnbacked: whoever sent it may no longer give the role.
        AlreadyMember: they work here.
        EmailTaken: the address got an account meanwhile: accept with its password.
        WeakPassword: the password of a new account would be guessed; the link holds on.
    """
    assert tx.hotel_id is not None  # the caller opened the invitation's
    # The hotel is held, so that the role, and what its sender may give, stay as they are while it is given.
    await hold_hotel(tx.hotel_id, tx)
    hotel = await tx.get(HotelRow, tx.hotel_id)
    if proven is not None:
        async with account_scope(tx, proven):
            if (await tx.lock(UserRow, proven)).status != UserStatus.ACTIVE:
                raise LinkVoid
    row = await tx.scalar(select(InvitationRow).where(_of(command.token)).with_for_update())
    if row is None or hotel.status == HotelStatus.DELETED or not await has_role(row.role, tx):
        raise LinkVoid
    row.take(row.state.accepted(tx.now, backed=await backs(row.invited_by, row.role, tx)))
    user_id = proven or await _new_account(command, row, hotel, hasher, tx)
    row.accepted_by = user_id
    membership = await _join(row, user_id, tx)
    tx.audit("invitation.accept", "invitation", row.id)
    return membership


async def _new_account(
    command: AcceptInvitation, row: InvitationRow, hotel: HotelRow, hasher: Passwords, tx: Transaction
) -> UserId:
    if await account_of_email(tx, row.email) is not None:
        raise EmailTaken
    if command.password is None:
        raise Invalid("choose a password", pointer="/password")
    account = NewAccount(
        email=row.email, name=command.name or row.name, password=command.password, languages=row.languages
    )
    return UserId((await create_account(account, tx, hasher, tx.actor.id, context=(hotel.name,))).id)


async def _join(row: InvitationRow, user_id: UserId, tx: Transaction) -> MembershipRow:
    found = await _membership(user_id, row.hotel_id, tx)
    if found is not None:
        member = await tx.lock(MembershipRow, found.id)
        if member.status == MembershipStatus.ACTIVE:
            raise AlreadyMember
        member.status, member.role, member.changed_at = MembershipStatus.ACTIVE, row.role, tx.moment()
        member.version += 1
        tx.publish(member.granted())
        return member
    return await grant_membership(user_id, row.role, row.name, list(row.languages), tx)


async def _make_room(email: str, hotel_id: HotelId, tx: Transaction) -> None:
    """Withdraw an invitation of the address that opens nothing at present. Whoever runs the platform reaches it by no other
    way, and the hotel may have nobody yet."""
    mine = col(InvitationRow.hotel_id) == hotel_id, col(InvitationRow.email) == email
    still = select(InvitationRow).where(*mine, col(InvitationRow.status) == InvitationStatus.OPEN)
    row = await tx.scalar(still.with_for_update())
    if row is None:
        return
    if row.state.at(tx.now, backed=await backs(row.invited_by, row.role, tx)) is not InvitationStatus.OPEN:
        await check_takes(row.role, tx)
        await _withdraw(row, tx)
        await tx.flush()


async def _withdraw(row: InvitationRow, tx: Transaction) -> None:
    row.take(row.state.withdrawn())
    await drop_mails_about(row.id, tx)
    tx.audit("invitation.withdraw", "invitation", row.id)


async def _send(
    row: InvitationRow, hotel: HotelRow, token: str, lasting: timedelta, vault: Vault, tx: Transaction
) -> None:
    await queue_mail(
        MailKind.INVITATION,
        Contents(to=row.email, name=row.name, hotel=hotel.name, token=token, lasting=lasting.days),
        min(row.expires_at, tx.now + NEWS_HOLD),
        vault,
        tx,
        language=chosen_language([*row.languages, hotel.default_language]),
        hotel_id=row.hotel_id,
        about=row.id,
    )


def _of(token: SecretStr) -> ColumnElement[bool]:
    return col(InvitationRow.token_hash) == hash_of(token.get_secret_value())


async def _membership(user_id: UUID, hotel_id: UUID, tx: Transaction) -> MembershipRow | None:
    mine = col(MembershipRow.hotel_id) == hotel_id, col(MembershipRow.user_id) == user_id
    return await tx.scalar(select(MembershipRow).where(*mine))

"""Invitations: a hotel asks people to work for it, and they join by the link in their mail.

The two routes for whoever has the link are public and open their own transactions: the token is the permission, and a
password is checked between two of them.
"""

import hashlib
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from contracts.actor import ActorKind
from contracts.errors import Invalid, NotFound, Unauthenticated
from contracts.ids import HotelId, UserId
from identity.commands.accounts import EmailTaken
from identity.commands.invitations import (
    AcceptInvitation,
    Invite,
    Invited,
    InvitedSomebodyElse,
    ShowInvitation,
    accept_invitation,
    hotel_of_invitation,
    invite,
    invited,
    joining,
    resend_invitation,
    withdraw_invitation,
)
from identity.domain.hotels import HotelDeleted
from identity.domain.links import AlreadyInvited, InvitationClosed, InvitationStatus, InvitationUnbacked, LinkVoid
from identity.domain.members import AlreadyMember
from identity.domain.passwords import WeakPassword
from identity.domain.roles import BeyondOwnPermissions, UnknownRole
from identity.domain.sessions import WrongPassword
from identity.queries.invitations import InvitationView, invitation_view, list_invitations
from identity.resources import resources_of
from identity.routes.tokens import try_of
from identity.settings import settings_of
from servicekit import Actor, HotelTx, Page, PageQuery, Rt, Runtime, Tx, edge_router, may, new_id, problems, public
from servicekit.access import Access, AccessKind, NotYourAccount, SecondFactorNeeded, check, maybe_actor
from servicekit.addresses import whose
from servicekit.problems import TooManyRequests

router = edge_router(tags=["invitations"])
Writer = Annotated[Actor, Depends(may("user:write"))]
OPEN = Depends(public("whoever has the link of the mail proves it here"))
REFUSALS = problems(
    NotFound, UnknownRole, BeyondOwnPermissions, AlreadyMember, AlreadyInvited, HotelDeleted, TooManyRequests
)


class InvitedView(BaseModel):
    """Who is invited where, for the page that the link opens."""

    hotel: str
    email: str
    name: str
    role: str
    has_account: bool = Field(description="accept with the account's password; otherwise choose one")


class JoinedView(BaseModel):
    """Whoever accepted; sign in now."""

    user_id: UserId
    hotel_id: HotelId
    role: str


@router.post("/invitations", status_code=201, responses=REFUSALS)
async def invite_route(command: Invite, actor: Writer, rt: Rt, tx: Tx) -> InvitationView:
    """Ask somebody to work for one's hotel. A mail brings them the link."""
    assert actor.hotel_id is not None  # Tx lets nobody in without one
    await _limit_mails(command.email, rt)
    row = await invite(command, actor.hotel_id, settings_of(rt).invitation_lasts, resources_of(rt).vault, tx)
    return await invitation_view(row, tx)


@router.post("/hotels/{hotel_id}/invitations", status_code=201, responses=REFUSALS)
async def invite_to_hotel_route(hotel_id: HotelId, command: Invite, _: Writer, rt: Rt, tx: HotelTx) -> InvitationView:
    """Ask somebody to work for the hotel; how a superadmin invites a new hotel's first admin."""
    await _limit_mails(command.email, rt)
    row = await invite(command, hotel_id, settings_of(rt).invitation_lasts, resources_of(rt).vault, tx)
    return await invitation_view(row, tx)


@router.get("/invitations")
async def list_invitations_route(
    _: Writer, page: PageQuery, tx: Tx, status: Annotated[InvitationStatus | None, Query()] = None
) -> Page[InvitationView]:
    """The hotel's invitations, the newest first; those that are over for 30 days."""
    return await list_invitations(status, page, tx)


@router.post(
    "/invitations/{invitation_id}/resend",
    responses=problems(NotFound, InvitationClosed, UnknownRole, BeyondOwnPermissions, HotelDeleted, TooManyRequests),
)
async def resend_invitation_route(invitation_id: UUID, _: Writer, rt: Rt, tx: Tx) -> InvitationView:
    """Send another link, which holds as long as the first did. The former one is void. It is the caller's invitation then: one
    that was `unbacked` is open again."""
    await _limit_mails(str(invitation_id), rt)
    row = await resend_invitation(invitation_id, settings_of(rt).invitation_lasts, resources_of(rt).vault, tx)
    return await invitation_view(row, tx)


@router.post(
    "/invitations/{invitation_id}/withdraw", responses=problems(NotFound, InvitationClosed, BeyondOwnPermissions)
)
async def withdraw_invitation_route(invitation_id: UUID, _: Writer, tx: Tx) -> InvitationView:
    """Take an invitation back: its link is void."""
    return await invitation_view(await withdraw_invitation(invitation_id, tx), tx)


@router.post(
    "/invitations/show", responses=problems(LinkVoid, InvitationUnbacked, TooManyRequests), dependencies=[OPEN]
)
async def show_invitation_route(command: ShowInvitation, request: Request, rt: Rt) -> InvitedView:
    """What the link is for. An unknown, used, withdrawn, replaced or expired one gives one and the same answer."""
    await limit_links(request, rt)
    async with rt.db.transaction(None, read_only=True) as tx:
        hotel_id = await hotel_of_invitation(command.token, tx)
    async with rt.db.transaction(hotel_id, read_only=True) as tx:
        found = await invited(command.token, tx)
    return InvitedView.model_validate(found, from_attributes=True)


@router.post(
    "/invitations/accept",
    status_code=201,
    responses=problems(
        LinkVoid,
        InvitationUnbacked,
        WrongPassword,
        WeakPassword,
        AlreadyMember,
        EmailTaken,
        InvitedSomebodyElse,
        Unauthenticated,
        NotYourAccount,
        SecondFactorNeeded,
        TooManyRequests,
    ),
    dependencies=[OPEN],
)
async def accept_invitation_route(
    command: AcceptInvitation, request: Request, rt: Rt, caller: Annotated[Actor | None, Depends(maybe_actor)]
) -> JoinedView:
    """Join the hotel: with a password for the new account, with the password of the account that the address has, or
    signed in with that account. Nobody is signed in by it."""
    await limit_links(request, rt)
    async with rt.db.transaction(None, read_only=True) as tx:
        hotel_id = await hotel_of_invitation(command.token, tx)
    async with rt.db.transaction(hotel_id, read_only=True) as tx:
        found = await invited(command.token, tx)
    proven = await _proven(found, command, caller, request, rt)
    async with rt.db.transaction(hotel_id, actor=joining(proven or UserId(new_id()), hotel_id)) as tx:
        row = await accept_invitation(command, proven, resources_of(rt).passwords, tx)
    return JoinedView(user_id=UserId(row.user_id), hotel_id=hotel_id, role=row.role)


async def _proven(
    found: Invited, command: AcceptInvitation, caller: Actor | None, request: Request, rt: Runtime
) -> UserId | None:
    """The account that accepts, proven by a session or its password; None: the address has none.

    Raises:
        NotYourAccount, SecondFactorNeeded: the session does not open the account, or nothing yet but a second factor.
        InvitedSomebodyElse, WrongPassword, TooManyRequests: as they say.
    """
    if caller is not None and caller.kind is ActorKind.USER:
        check(caller, Access(AccessKind.SIGNED_IN))
        if caller.id != found.user_id:
            raise InvitedSomebodyElse
        return found.user_id
    if found.user_id is None:
        return None
    if command.password is None:
        raise Invalid("type the password of your account", pointer="/password")
    # The same counts as at the sign-in: this is no second place to guess at.
    limits, tried = resources_of(rt).sign_in_limits, try_of(found.email, None, request, rt)
    await limits.admit(tried)
    if not await resources_of(rt).passwords.verify(found.password_hash, command.password.get_secret_value()):
        await limits.failed(tried)
        raise WrongPassword(pointer="/password")
    return found.user_id


async def limit_links(request: Request, rt: Runtime) -> None:
    """One count per client address for all that is asked without a token.

    Raises:
        TooManyRequests: over the limit.
    """
    await rt.limits.check(
        settings_of(rt).link_limit, "links", whose(request.client.host) if request.client else "unknown"
    )


async def _limit_mails(whom: str, rt: Runtime) -> None:
    await rt.limits.check(settings_of(rt).mail_limit, "invitation-mails", hashlib.sha256(whom.encode()).hexdigest())

"""One's own identities: the sign-ins at issuers that open one's account."""

from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, Field

from contracts.errors import NotFound
from identity.commands.identities import LinkIdentity, check_may_link, check_owner_links, unlink_identity
from identity.domain.oidc import BadReturn, IssuerUnavailable
from identity.domain.second_factor import SecondFactorLocked, WrongSecondFactor
from identity.domain.sessions import FreshSignInNeeded, SessionConfined, SessionOver, WrongPassword
from identity.queries.oidc import Identities, identities
from identity.resources import resources_of
from identity.routes.account import SignedIn, check_password_limit
from identity.routes.oidc import begin, keep_binder
from identity.routes.scopes import OwnTx, own_id
from identity.routes.tokens import check_token_limit
from servicekit import Rt, edge_router, problems
from servicekit.problems import TooManyRequests

router = edge_router("/me/identities", tags=["own account"])


class LinkView(BaseModel):
    """Where the browser goes next."""

    url: str = Field(description="at the issuer; the browser comes back to `return_to`")


@router.get("")
async def identities_route(actor: SignedIn, tx: OwnTx) -> Identities:
    """The sign-ins that open one's account beside the password; to a session that a hotel's own connection opened, those
    of that hotel's issuers."""
    return await identities(own_id(actor), actor.sid, tx)


@router.post(
    "",
    responses=problems(
        SessionOver,
        SessionConfined,
        WrongPassword,
        FreshSignInNeeded,
        WrongSecondFactor,
        SecondFactorLocked,
        NotFound,
        BadReturn,
        IssuerUnavailable,
        TooManyRequests,
    ),
)
async def link_identity_route(
    command: LinkIdentity, actor: SignedIn, request: Request, rt: Rt, response: Response
) -> LinkView:
    """Begin to link: sign in there with this browser, and the identity is one's own. It takes the password, or a fresh
    sign-in (`fresh=true`), and the second factor, as deleting the account does: what is linked opens the account for good.
    Not from a session that a hotel's own connection opened: it opens the account everywhere."""
    await check_token_limit(request, rt)
    async with rt.db.transaction(None, actor=actor, read_only=True) as tx:
        await check_may_link(own_id(actor), actor.sid, tx)
    url, binder = await begin(command.connection_id, command.return_to, actor, request, rt)
    await check_password_limit(actor, rt)
    kept = resources_of(rt)
    async with rt.db.transaction(actor.hotel_id, actor=actor) as tx:
        refused = await check_owner_links(own_id(actor), command, actor.sid, kept.passwords, kept.vault, tx)
    if refused is not None:  # after the commit: a wrong code stays counted
        raise refused if isinstance(refused, SecondFactorLocked) else WrongSecondFactor(pointer="/second_factor")
    keep_binder(response, binder, rt)
    return LinkView(url=url)


@router.delete("/{identity_id}", status_code=204, responses=problems(SessionConfined, NotFound))
async def unlink_identity_route(identity_id: UUID, actor: SignedIn, tx: OwnTx) -> None:
    """Take an identity away: that sign-in opens one's account no longer. Not from a session that a hotel's own
    connection opened."""
    await unlink_identity(identity_id, own_id(actor), actor.sid, tx)

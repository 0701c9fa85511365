"""One's own identities: the sign-ins at issuers that open one's account."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from contracts.errors import NotFound
from identity.commands.oidc import check_may_link, unlink_identity
from identity.domain.oidc import BadReturn, IssuerUnavailable
from identity.domain.sessions import SessionConfined, SessionOver
from identity.queries.oidc import Identities, identities
from identity.routes.oidc import begin, keep_binder
from identity.routes.scopes import OwnTx, own_id
from identity.routes.tokens import check_token_limit
from servicekit import Actor, Command, Rt, edge_router, problems, signed_in
from servicekit.problems import TooManyRequests

router = edge_router("/me/identities", tags=["own account"])
SignedIn = Annotated[Actor, Depends(signed_in())]


class LinkIdentity(Command):
    """Link a sign-in at an issuer to one's account."""

    connection_id: UUID
    return_to: Annotated[str, Field(max_length=1000, description="a page of the dashboard")] = "/"


class LinkView(BaseModel):
    """Where the browser goes next."""

    url: str = Field(description="at the issuer; the browser comes back to `return_to`")


@router.get("")
async def identities_route(actor: SignedIn, tx: OwnTx) -> Identities:
    """The sign-ins that open one's account beside the password."""
    return await identities(own_id(actor), tx)


@router.post(
    "",
    responses=problems(SessionOver, SessionConfined, NotFound, BadReturn, IssuerUnavailable, TooManyRequests),
)
async def link_identity_route(
    command: LinkIdentity, actor: SignedIn, request: Request, rt: Rt, response: Response
) -> LinkView:
    """Begin to link: sign in there with this browser, and the identity is one's own. Not from a session that a
    hotel's own connection opened: what is linked opens the account everywhere."""
    await check_token_limit(request, rt)
    async with rt.db.transaction(None, actor=actor, read_only=True) as tx:
        await check_may_link(own_id(actor), actor.sid, tx)
    url, binder = await begin(command.connection_id, command.return_to, actor, request, rt)
    keep_binder(response, binder, rt)
    return LinkView(url=url)


@router.delete("/{identity_id}", status_code=204, responses=problems(NotFound))
async def unlink_identity_route(identity_id: UUID, actor: SignedIn, tx: OwnTx) -> None:
    """Take an identity away: that sign-in opens one's account no longer."""
    await unlink_identity(identity_id, own_id(actor), tx)

"""Connections: a hotel's admins run their own, the platform's operators theirs and confirm domains."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from contracts.errors import NotFound, PreconditionFailed
from identity.commands.oidc_connections import (
    ConfirmDomains,
    CreateConnection,
    NotItsDomain,
    TooManyConnections,
    UpdateConnection,
    confirm_domains,
    create_connection,
    delete_connection,
    update_connection,
)
from identity.domain.roles import BeyondOwnPermissions
from identity.queries.oidc import Connections, ConnectionView, connection, list_connections
from identity.resources import resources_of
from identity.routes.scopes import AnyTx
from identity.tables_oidc import OidcConnectionRow
from servicekit import Actor, IfMatch, PlatformTx, Rt, edge_router, may, problems, set_etag

router = edge_router("/oidc-connections", tags=["sign-in"])
Admin = Annotated[Actor, Depends(may("hotel:write"))]


@router.post("", status_code=201, responses=problems(TooManyConnections, NotItsDomain, BeyondOwnPermissions))
async def create_connection_route(
    command: CreateConnection, _: Admin, rt: Rt, tx: AnyTx, response: Response
) -> ConnectionView:
    """Let people sign in by an issuer: one's hotel's, or for a superadmin the platform's.

    A hotel's connection vouches for no address before the platform has confirmed that its domains are the hotel's; until
    then it signs in those who linked their account to it. Register `/api/oidc/callback` of the gateway with the issuer.
    """
    row = await create_connection(command, resources_of(rt).vault, tx)
    response.headers["Location"] = f"/oidc-connections/{row.id}"
    return _shown(row, response)


@router.get("")
async def list_connections_route(_: Admin, tx: AnyTx) -> Connections:
    """The hotel's connections; all of them for a superadmin."""
    return await list_connections(tx)


@router.get("/{connection_id}", responses=problems(NotFound))
async def connection_route(connection_id: UUID, _: Admin, tx: AnyTx, response: Response) -> ConnectionView:
    """A connection, without its secret."""
    return _shown(await connection(connection_id, tx), response)


@router.patch("/{connection_id}", responses=problems(NotFound, PreconditionFailed, NotItsDomain, BeyondOwnPermissions))
async def update_connection_route(
    connection_id: UUID, command: UpdateConnection, _: Admin, if_match: IfMatch, rt: Rt, tx: AnyTx, response: Response
) -> ConnectionView:
    """Change a connection; what is left out stays. With another issuer or client its secret is forgotten."""
    return _shown(await update_connection(connection_id, command, if_match, resources_of(rt).vault, tx), response)


@router.post("/{connection_id}/confirm-domains", responses=problems(NotFound, NotItsDomain))
async def confirm_domains_route(
    connection_id: UUID, command: ConfirmDomains, _: Admin, tx: PlatformTx, response: Response
) -> ConnectionView:
    """Say which of its domains are really the hotel's: whoever controls the issuer opens every account with an address
    there. Superadmins only."""
    return _shown(await confirm_domains(connection_id, command, tx), response)


@router.delete("/{connection_id}", status_code=204, responses=problems(NotFound))
async def delete_connection_route(connection_id: UUID, _: Admin, tx: AnyTx) -> None:
    """Nobody signs in by it any more. Sessions go on."""
    await delete_connection(connection_id, tx)


def _shown(row: OidcConnectionRow, response: Response) -> ConnectionView:
    set_etag(response, row.version)
    return ConnectionView.of(row)

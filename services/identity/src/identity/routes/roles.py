"""The roles of the caller's hotel: the built-in ones, and its own."""

from typing import Annotated

from fastapi import Depends, Path, Response

from contracts.errors import NotFound, PreconditionFailed
from contracts.ids import HotelId
from identity.commands.roles import CreateRole, UpdateRole, create_role, delete_role, update_role
from identity.domain.hotels import HotelDeleted
from identity.domain.roles import (
    BeyondOwnPermissions,
    BuiltInRole,
    NotForHotels,
    RoleInUse,
    RoleTaken,
    TooManyRoles,
)
from identity.queries.roles import Roles, RoleView, list_roles, role, role_view
from servicekit import Actor, IfMatch, Tx, edge_router, may, problems, set_etag

router = edge_router("/roles", tags=["roles"])
Reader = Annotated[Actor, Depends(may("role:read"))]
Writer = Annotated[Actor, Depends(may("role:write"))]
Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_-]{1,39}$")]


@router.get("")
async def list_roles_route(_: Reader, tx: Tx) -> Roles:
    """What people can be in this hotel, and what that allows them."""
    return await list_roles(tx)


@router.post(
    "",
    status_code=201,
    responses=problems(NotForHotels, BeyondOwnPermissions, BuiltInRole, RoleTaken, TooManyRoles, HotelDeleted),
)
async def create_role_route(command: CreateRole, actor: Writer, tx: Tx, response: Response) -> RoleView:
    """Make a role of permissions that one has oneself."""
    row = await create_role(command, _hotel(actor), tx)
    response.headers["Location"] = f"/roles/{row.name}"
    return shown(await role_view(row, tx), response)


@router.get("/{role_name}", responses=problems(NotFound))
async def role_route(role_name: Name, _: Reader, tx: Tx, response: Response) -> RoleView:
    """A role and what it allows."""
    return shown(await role(role_name, tx), response)


@router.patch(
    "/{role_name}",
    responses=problems(NotFound, NotForHotels, BeyondOwnPermissions, BuiltInRole, PreconditionFailed),
)
async def update_role_route(
    role_name: Name, command: UpdateRole, actor: Writer, if_match: IfMatch, tx: Tx, response: Response
) -> RoleView:
    """Change a role, by who has all that it brings before and after. Tokens with what it brought are refused within seconds."""
    return shown(await role_view(await update_role(role_name, _hotel(actor), command, if_match, tx), tx), response)


@router.delete(
    "/{role_name}",
    status_code=204,
    responses=problems(NotFound, BeyondOwnPermissions, BuiltInRole, RoleInUse, PreconditionFailed),
)
async def delete_role_route(role_name: Name, actor: Writer, if_match: IfMatch, tx: Tx) -> None:
    """Delete a role that nobody works in; the refusal says how many do."""
    await delete_role(role_name, _hotel(actor), if_match, tx)


def shown(view: RoleView, response: Response) -> RoleView:
    """The view, with its ETag."""
    set_etag(response, view.version)
    return view


def _hotel(actor: Actor) -> HotelId:
    assert actor.hotel_id is not None  # Tx lets nobody in without one
    return actor.hotel_id

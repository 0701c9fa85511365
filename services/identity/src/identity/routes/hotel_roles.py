"""The roles of any hotel, for superadmins; and of their own, for its people."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

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
from identity.routes.roles import Name, Reader, Writer, shown
from identity.tables import HotelRow
from servicekit import HotelTx, IfMatch, Transaction, edge_router, problems


async def _there(hotel_id: HotelId, tx: HotelTx) -> Transaction:
    await tx.get(HotelRow, hotel_id)  # a superadmin may name one that there is not
    return tx


router: APIRouter = edge_router("/hotels/{hotel_id}/roles", tags=["roles"])
ThereTx = Annotated[Transaction, Depends(_there)]
"""As `HotelTx`, in a hotel that there is."""


@router.get("", responses=problems(NotFound))
async def list_roles_of_hotel_route(_: Reader, tx: ThereTx) -> Roles:
    """What people can be in the hotel, and what that allows them."""
    return await list_roles(tx)


@router.post(
    "",
    status_code=201,
    responses=problems(
        NotFound, NotForHotels, BeyondOwnPermissions, BuiltInRole, RoleTaken, TooManyRoles, HotelDeleted
    ),
)
async def create_role_in_hotel_route(
    hotel_id: HotelId, command: CreateRole, _: Writer, tx: HotelTx, response: Response
) -> RoleView:
    """Make a role of the hotel's, of permissions that one has oneself; the platform's people have all of a hotel's."""
    row = await create_role(command, hotel_id, tx)
    response.headers["Location"] = f"/hotels/{hotel_id}/roles/{row.name}"
    return shown(await role_view(row, tx), response)


@router.get("/{role_name}", responses=problems(NotFound))
async def role_of_hotel_route(role_name: Name, _: Reader, tx: ThereTx, response: Response) -> RoleView:
    """A role of the hotel's and what it allows."""
    return shown(await role(role_name, tx), response)


@router.patch(
    "/{role_name}",
    responses=problems(NotFound, NotForHotels, BeyondOwnPermissions, BuiltInRole, PreconditionFailed),
)
async def update_role_of_hotel_route(
    hotel_id: HotelId,
    role_name: Name,
    command: UpdateRole,
    _: Writer,
    if_match: IfMatch,
    tx: HotelTx,
    response: Response,
) -> RoleView:
    """Change a role of the hotel's. Tokens with what it brought are refused within seconds."""
    return shown(await role_view(await update_role(role_name, hotel_id, command, if_match, tx), tx), response)


@router.delete(
    "/{role_name}",
    status_code=204,
    responses=problems(NotFound, BeyondOwnPermissions, BuiltInRole, RoleInUse, PreconditionFailed),
)
async def delete_role_of_hotel_route(
    hotel_id: HotelId, role_name: Name, _: Writer, if_match: IfMatch, tx: HotelTx
) -> None:
    """Delete a role of the hotel's that nobody works in; the refusal says how many do."""
    await delete_role(role_name, hotel_id, if_match, tx)

"""Who works for a hotel: for its own people, and for superadmins in any hotel."""

from typing import Annotated

from fastapi import Depends, Query, Response

from contracts.errors import NotFound
from contracts.ids import HotelId, UserId
from identity.commands.accounts import EmailTaken
from identity.commands.users import AddToHotel, CreateUser, add_to_hotel, create_user, deactivate_member
from identity.domain.hotels import HotelDeleted
from identity.domain.members import AccountDeleted, AlreadyMember, LastAdmin
from identity.domain.passwords import WeakPassword
from identity.domain.roles import BeyondOwnPermissions, RoleName, UnknownRole
from identity.queries.likeness import SearchText
from identity.queries.people import search_members
from identity.queries.users import UserFilter, UserView, list_members, member_view
from identity.resources import resources_of
from identity.tables import MembershipRow
from servicekit import Actor, HotelTx, Page, PageQuery, Rt, Transaction, edge_router, may, problems, set_etag

router = edge_router("/hotels/{hotel_id}/users", tags=["users"])
Reader = Annotated[Actor, Depends(may("user:read"))]
Writer = Annotated[Actor, Depends(may("user:write"))]


@router.post(
    "",
    status_code=201,
    responses=problems(
        NotFound, WeakPassword, UnknownRole, BeyondOwnPermissions, AlreadyMember, EmailTaken, HotelDeleted
    ),
)
async def create_user_in_hotel_route(
    hotel_id: HotelId, command: CreateUser, _: Writer, rt: Rt, tx: HotelTx, response: Response
) -> UserView:
    """Let a person work for the hotel; how a superadmin gives a new hotel its first admin."""
    row = await create_user(command, hotel_id, tx, resources_of(rt).passwords)
    response.headers["Location"] = f"/users/{row.user_id}"
    return await _shown(row, tx, response)


@router.get("", responses=problems(NotFound))
async def users_of_hotel_route(
    hotel_id: HotelId,  # noqa: ARG001 - HotelTx reads it
    _: Reader,
    page: PageQuery,
    tx: HotelTx,
    role: Annotated[RoleName | None, Query()] = None,
    active: Annotated[bool | None, Query(description="whether they may work at present")] = None,
    q: Annotated[SearchText | None, Query(description="part of a name or e-mail address, typos allowed")] = None,
) -> Page[UserView]:
    """Present and former members of the hotel, by name; with `q` the best match first."""
    wanted = UserFilter(role=role, active=active)
    return await (list_members(wanted, page, tx) if q is None else search_members(q, wanted, page, tx))


@router.put(
    "/{user_id}",
    responses=problems(NotFound, UnknownRole, BeyondOwnPermissions, LastAdmin, AccountDeleted, HotelDeleted),
)
async def add_to_hotel_route(
    hotel_id: HotelId, user_id: UserId, command: AddToHotel, _: Writer, tx: HotelTx, response: Response
) -> UserView:
    """Let an account work for the hotel in this role, whether it does, did or never has. A hotel's own people reach those
    who did; others join by their address (`POST /users`)."""
    return await _shown(await add_to_hotel(user_id, hotel_id, command, tx), tx, response)


@router.delete("/{user_id}", status_code=204, responses=problems(NotFound, BeyondOwnPermissions, LastAdmin))
async def remove_from_hotel_route(
    hotel_id: HotelId,  # noqa: ARG001 - HotelTx reads it
    user_id: UserId,
    _: Writer,
    tx: HotelTx,
) -> None:
    """End a membership; the account stays, and works on in other hotels."""
    await deactivate_member(user_id, tx)


async def _shown(row: MembershipRow, tx: Transaction, response: Response) -> UserView:
    set_etag(response, row.version)
    return await member_view(row, tx)

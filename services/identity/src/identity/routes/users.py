"""People. In a hotel these routes are about its members; for a superadmin, about accounts (see commands.accounts)."""

from typing import Annotated

from fastapi import Depends, Query, Response

from contracts.errors import Conflict, NotFound, PreconditionFailed
from contracts.ids import UserId
from identity.commands.accounts import (
    EmailTaken,
    OwnAccount,
    UpdateUser,
    activate_account,
    update_account,
)
from identity.commands.deletion import deactivate_account, delete_account
from identity.commands.second_factor import reset_second_factor
from identity.commands.users import (
    ChangeRole,
    CreateUser,
    activate_member,
    change_role,
    create_user,
    deactivate_member,
    update_member,
)
from identity.domain.hotels import HotelDeleted
from identity.domain.members import AccountDeleted, AlreadyMember, LastAdmin
from identity.domain.passwords import WeakPassword
from identity.domain.roles import BeyondOwnPermissions, RoleName, UnknownRole
from identity.domain.second_factor import OwnSecondFactor
from identity.queries.likeness import SearchText
from identity.queries.people import search_accounts, search_members
from identity.queries.permissions import UserPermissions, user_permissions
from identity.queries.users import UserFilter, UserView, account, list_accounts, list_members, member, member_view
from identity.resources import resources_of
from identity.routes.scopes import AnyTx
from identity.tables import MembershipRow, UserRow
from servicekit import (
    Actor,
    IfMatch,
    Page,
    PageQuery,
    PlatformTx,
    Rt,
    Transaction,
    Tx,
    edge_router,
    may,
    problems,
    set_etag,
)

router = edge_router("/users", tags=["users"])
Reader = Annotated[Actor, Depends(may("user:read"))]
Writer = Annotated[Actor, Depends(may("user:write"))]


@router.post(
    "",
    status_code=201,
    responses=problems(WeakPassword, UnknownRole, BeyondOwnPermissions, AlreadyMember, EmailTaken, HotelDeleted),
)
async def create_user_route(command: CreateUser, actor: Writer, rt: Rt, tx: Tx, response: Response) -> UserView:
    """Let a person work for one's hotel."""
    assert actor.hotel_id is not None  # Tx lets nobody in without one
    row = await create_user(command, actor.hotel_id, tx, resources_of(rt).passwords)
    response.headers["Location"] = f"/users/{row.user_id}"
    return await _shown(row, tx, response)


@router.get("")
async def list_users_route(
    _: Reader,
    page: PageQuery,
    tx: AnyTx,
    id: Annotated[list[UserId] | None, Query(max_length=100, description="only these; repeatable")] = None,
    role: Annotated[RoleName | None, Query()] = None,
    active: Annotated[bool | None, Query(description="whether they may work at present")] = None,
    clerk_id: Annotated[str | None, Query(max_length=80, description="Clerk's id of the person")] = None,
    q: Annotated[SearchText | None, Query(description="part of a name or e-mail address, typos allowed")] = None,
) -> Page[UserView]:
    """Present and former members of the hotel, by name; all accounts for a superadmin. With `q` the best match first."""
    wanted = UserFilter(ids=id or (), role=role, active=active, clerk_id=clerk_id)
    if q is not None:
        return await (search_accounts if tx.platform else search_members)(q, wanted, page, tx)
    return await (list_accounts if tx.platform else list_members)(wanted, page, tx)


@router.get("/{user_id}", responses=problems(NotFound))
async def user_route(user_id: UserId, _: Reader, tx: AnyTx, response: Response) -> UserView:
    """A present or former member of the hotel; an account for a superadmin."""
    view = await (account if tx.platform else member)(user_id, tx)
    set_etag(response, view.version)
    return view


@router.get("/{user_id}/permissions", responses=problems(NotFound))
async def user_permissions_route(user_id: UserId, _: Reader, tx: AnyTx) -> UserPermissions:
    """What somebody may do in the hotel; for a superadmin, in every hotel they work for."""
    return await user_permissions(user_id, tx)


@router.patch("/{user_id}", responses=problems(NotFound, PreconditionFailed, AccountDeleted))
async def update_user_route(
    user_id: UserId, command: UpdateUser, _: Writer, if_match: IfMatch, tx: AnyTx, response: Response
) -> UserView:
    """Change name and languages: as the hotel shows them, or the account's for a superadmin."""
    return await _shown(
        await (update_account if tx.platform else update_member)(user_id, command, if_match, tx), tx, response
    )


@router.post(
    "/{user_id}/role",
    responses=problems(NotFound, PreconditionFailed, UnknownRole, BeyondOwnPermissions, LastAdmin, Conflict),
)
async def change_role_route(
    user_id: UserId, command: ChangeRole, _: Writer, if_match: IfMatch, tx: Tx, response: Response
) -> UserView:
    """Give a member another role, by who has all that both bring. Tokens with the former one are refused within seconds."""
    return await _shown(await change_role(user_id, command, if_match, tx), tx, response)


@router.post("/{user_id}/deactivate", responses=problems(NotFound, BeyondOwnPermissions, LastAdmin, OwnAccount))
async def deactivate_user_route(user_id: UserId, _: Writer, tx: AnyTx, response: Response) -> UserView:
    """End a membership; for a superadmin: switch the account off in every hotel."""
    return await _shown(await (deactivate_account if tx.platform else deactivate_member)(user_id, tx), tx, response)


@router.post(
    "/{user_id}/activate", responses=problems(NotFound, UnknownRole, BeyondOwnPermissions, AccountDeleted, HotelDeleted)
)
async def activate_user_route(user_id: UserId, _: Writer, tx: AnyTx, response: Response) -> UserView:
    """Take a former member back; for a superadmin: switch the account on."""
    return await _shown(await (activate_account if tx.platform else activate_member)(user_id, tx), tx, response)


@router.delete("/{user_id}", status_code=204, responses=problems(NotFound, LastAdmin, OwnAccount))
async def delete_user_route(user_id: UserId, _: Writer, tx: PlatformTx) -> None:
    """Delete an account for good: memberships and sessions end, name and address are blank, the address is free again.
    Superadmins only; people delete their own by `POST /me/delete`, hotels end memberships."""
    await delete_account(user_id, tx)


@router.post("/{user_id}/totp/reset", status_code=204, responses=problems(NotFound, OwnSecondFactor))
async def reset_second_factor_route(user_id: UserId, _: Writer, tx: PlatformTx) -> None:
    """Take away the second factor of somebody who lost it; all their sessions end. Superadmins only."""
    await reset_second_factor(user_id, tx)


async def _shown(row: MembershipRow | UserRow, tx: Transaction, response: Response) -> UserView:
    set_etag(response, row.version)
    return UserView.of_account(row) if isinstance(row, UserRow) else await member_view(row, tx)

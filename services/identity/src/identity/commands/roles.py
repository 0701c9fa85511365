"""A hotel's own roles: made, changed and deleted by those who may, within what they have themselves."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import ColumnElement, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.ids import HotelId
from contracts.permissions import Permission
from contracts.statuses import MembershipStatus
from identity.commands.grants import actor_permissions, hold_hotel, hold_open_hotel
from identity.commands.invitations import void_invitations
from identity.domain.roles import (
    BuiltInRole,
    RoleName,
    RoleTaken,
    check_new_name,
    check_unused,
    check_within,
    compose,
    is_built_in,
)
from identity.tables import MembershipRow
from identity.tables_people import RoleRow
from servicekit import Command, Text, Transaction, check_version

DisplayName = Annotated[Text, Field(max_length=80, description="as people read it", examples=["Duty manager"])]
Description = Annotated[str, Field(max_length=500, description="what the role is for")]
Permissions = Annotated[
    list[Permission],
    Field(
        max_length=len(Permission),
        description="at most what the caller has, and never the platform's",
        examples=[["conversation:read", "escalation:read", "escalation:work"]],
    ),
]


class CreateRole(Command):
    """A role of the hotel's own."""

    name: Annotated[
        RoleName, Field(description="2 to 40 of a-z, 0-9, hyphen, underscore; stays", examples=["duty_manager"])
    ]
    display_name: DisplayName
    description: Description = ""
    permissions: Permissions


class UpdateRole(Command):
    """Change a role; what is left out stays."""

    display_name: DisplayName | None = None
    description: Description | None = None
    permissions: Permissions | None = None


async def create_role(command: CreateRole, hotel_id: HotelId, tx: Transaction) -> RoleRow:
    """Make a role.

    Raises:
        BuiltInRole, RoleTaken: there is one of that name.
        TooManyRoles: the hotel has enough.
        NotForHotels, BeyondOwnPermissions: the actor cannot put these permissions into it.
        NotFound: there is no such hotel.
        HotelDeleted: it is deleted.
    """
    await hold_open_hotel(hotel_id, tx)
    taken = await tx.scalars(select(col(RoleRow.name)).where(col(RoleRow.hotel_id) == hotel_id))
    row = RoleRow(
        hotel_id=hotel_id,
        name=check_new_name(command.name, taken),
        display_name=command.display_name,
        description=command.description,
        permissions=_sorted(compose(await actor_permissions(tx), frozenset(), command.permissions)),
    )
    tx.add(row)
    try:
        await tx.flush()
    except IntegrityError:
        raise RoleTaken(pointer="/name") from None
    tx.audit("role.create", "role", row.id)
    return row


async def update_role(
    name: str, hotel_id: HotelId, command: UpdateRole, if_match: int | None, tx: Transaction
) -> RoleRow:
    """Change a role. Where its permissions change, access tokens of those who work in it no longer hold.

    Raises:
        NotFound: the hotel has no such role.
        BuiltInRole: it is the same everywhere.
        NotForHotels, BeyondOwnPermissions: the actor cannot make this of it.
        PreconditionFailed: somebody else changed it since.
    """
    await hold_hotel(hotel_id, tx)
    row = await _locked(name, hotel_id, tx)
    check_version(row, if_match)
    actor, before = await actor_permissions(tx), row.brings()
    check_within(actor, before)
    row.display_name = command.display_name or row.display_name
    row.description = row.description if command.description is None else command.description
    if command.permissions is not None:
        row.permissions = _sorted(compose(actor, before, command.permissions))
    row.version += 1
    await tx.flush()
    if row.brings() != before:
        await _tell_members(row, tx)
    tx.audit("role.update", "role", row.id)
    return row


async def delete_role(name: str, hotel_id: HotelId, if_match: int | None, tx: Transaction) -> None:
    """Delete a role that nobody works in. Former members who had it come back in another; open invitations into it are void.

    Raises:
        NotFound: the hotel has no such role.
        BuiltInRole: every hotel has it.
        RoleInUse: people work in it.
        BeyondOwnPermissions: it brings more than the actor has.
        PreconditionFailed: somebody else changed it since.
    """
    await hold_hotel(hotel_id, tx)
    row = await _locked(name, hotel_id, tx)
    check_version(row, if_match)
    check_within(await actor_permissions(tx), row.brings())
    members = select(func.count()).select_from(MembershipRow).where(*_works_in(row))
    check_unused(await tx.scalar(members))
    await void_invitations(name, tx)
    await tx.delete(row)
    tx.audit("role.delete", "role", row.id)


async def _locked(name: str, hotel_id: HotelId, tx: Transaction) -> RoleRow:
    if is_built_in(name):
        raise BuiltInRole
    mine = col(RoleRow.hotel_id) == hotel_id, col(RoleRow.name) == name
    found = await tx.scalar(select(col(RoleRow.id)).where(*mine))
    if found is None:
        raise NotFound("No such role")
    return await tx.lock(RoleRow, found)


async def _tell_members(role: RoleRow, tx: Transaction) -> None:
    """Everybody in the role gets `membership.changed`, which makes their tokens of before worthless everywhere."""
    members = select(MembershipRow).where(*_works_in(role)).order_by(col(MembershipRow.id)).with_for_update()
    for member in await tx.scalars(members.execution_options(populate_existing=True)):
        member.changed_at = tx.moment()
        member.version += 1
        tx.publish(member.changed())


def _works_in(role: RoleRow) -> tuple[ColumnElement[bool], ...]:
    return (
        col(MembershipRow.hotel_id) == role.hotel_id,
        col(MembershipRow.role) == role.name,
        col(MembershipRow.status) == MembershipStatus.ACTIVE,
    )


def _sorted(permissions: frozenset[Permission]) -> list[str]:
    return sorted(permission.value for permission in permissions)

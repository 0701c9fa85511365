"""The roles of a hotel: the built-in ones, and its own."""

from pydantic import BaseModel, Field
from sqlalchemy import func
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.permissions import Permission
from contracts.statuses import MembershipStatus
from identity.domain.roles import BUILT_IN, is_built_in, permissions_of
from identity.tables import MembershipRow
from identity.tables_people import RoleRow
from servicekit import Transaction


class RoleView(BaseModel):
    """A role and what it brings."""

    name: str = Field(description="as `role` of users has it")
    display_name: str = Field(description="as people read it; built-in roles have their name here")
    description: str
    permissions: list[Permission]
    built_in: bool = Field(description="the same in every hotel, and never changed")
    members: int = Field(description="how many people work in it at present")
    version: int = Field(description="0 for built-in roles")


class Roles(BaseModel):
    """All of them: a hotel has few."""

    items: list[RoleView]


async def list_roles(tx: Transaction) -> Roles:
    """The roles of the transaction's hotel: the built-in ones, then its own by name."""
    own = select(RoleRow).where(col(RoleRow.hotel_id) == tx.hotel_id).order_by(col(RoleRow.name))
    counts = await _members(tx)
    views = [_built_in(role.value, counts) for role in BUILT_IN]
    return Roles(items=[*views, *(_own(row, counts) for row in await tx.scalars(own))])


async def role(name: str, tx: Transaction) -> RoleView:
    """A role of the transaction's hotel.

    Raises:
        NotFound: it has none of that name.
    """
    if is_built_in(name):
        return _built_in(name, await _members(tx))
    mine = col(RoleRow.hotel_id) == tx.hotel_id, col(RoleRow.name) == name
    row = await tx.scalar(select(RoleRow).where(*mine))
    if row is None:
        raise NotFound("No such role")
    return await role_view(row, tx)


async def role_view(row: RoleRow, tx: Transaction) -> RoleView:
    """The view of a role of the hotel's own."""
    return _own(row, await _members(tx))


async def _members(tx: Transaction) -> dict[str, int]:
    counted = (
        select(col(MembershipRow.role), func.count().label("members"))
        .where(col(MembershipRow.hotel_id) == tx.hotel_id, col(MembershipRow.status) == MembershipStatus.ACTIVE)
        .group_by(col(MembershipRow.role))
    )
    return {row.role: row.members for row in await tx.execute(counted)}


def _built_in(name: str, counts: dict[str, int]) -> RoleView:
    return RoleView(
        name=name,
        display_name=name,
        description="",
        permissions=sorted(permissions_of(name)),
        built_in=True,
        members=counts.get(name, 0),
        version=0,
    )


def _own(row: RoleRow, counts: dict[str, int]) -> RoleView:
    return RoleView(
        name=row.name,
        display_name=row.display_name,
        description=row.description,
        permissions=sorted(row.brings()),
        built_in=False,
        members=counts.get(row.name, 0),
        version=row.version,
    )

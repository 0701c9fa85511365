"""Where an account works, in which role, and what that allows."""

from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from contracts.errors import NotFound
from contracts.ids import HotelId, UserId
from contracts.permissions import Permission
from contracts.statuses import HotelStatus
from identity.domain.roles import is_built_in, permissions_of
from servicekit import Transaction

_WORK = text(
    """
    select m.hotel_id, h.slug, h.name, h.status, m.role, r.display_name, r.permissions,
           m.status = 'active' and u.status = 'active' and h.status <> 'deleted' as active
    from memberships m
    join users u on u.id = m.user_id
    join hotels h on h.id = m.hotel_id
    left join roles r on r.hotel_id = m.hotel_id and r.name = m.role
    where m.user_id = :user_id
    order by m.created_at, m.id
    """
)
_THERE = text("select id from users where id = :user_id")


class Workplace(BaseModel):
    """A hotel that an account may work for; with another session for it (`POST /tokens/switch`)."""

    id: HotelId
    slug: str
    name: str
    status: HotelStatus
    role: str
    role_name: str | None = Field(description="as people read it, for a role of the hotel's own")


class HeldPermissions(BaseModel):
    """What somebody may do in one hotel."""

    hotel_id: HotelId
    role: str
    permissions: list[Permission] = Field(description="in force now; tokens of before are refused within seconds")


class UserPermissions(BaseModel):
    """What somebody may do: in the caller's hotel; for a superadmin, in every hotel. None: they do not work there now."""

    user_id: UserId
    items: list[HeldPermissions]


async def workplaces(user_id: UUID, tx: Transaction) -> list[Workplace]:
    """Where an account may work. Runs in the account's scope, which sees all of them."""
    found = [row for row in await tx.execute(_WORK, {"user_id": user_id}) if row.active]
    return [
        Workplace(
            id=row.hotel_id,
            slug=row.slug,
            name=row.name,
            status=HotelStatus(row.status),
            role=row.role,
            role_name=None if is_built_in(row.role) else row.display_name,
        )
        for row in found
    ]


async def user_permissions(user_id: UserId, tx: Transaction) -> UserPermissions:
    """What somebody may do in the hotels that the transaction sees.

    Raises:
        NotFound: nobody there has that id.
    """
    found = list(await tx.execute(_WORK, {"user_id": user_id}))
    if not found and await tx.scalar(_THERE, {"user_id": user_id}) is None:
        raise NotFound("No such user")
    return UserPermissions(
        user_id=user_id,
        items=[
            HeldPermissions(
                hotel_id=row.hotel_id,
                role=row.role,
                permissions=sorted(permissions_of(row.role, row.permissions or ())),
            )
            for row in found
            if row.active
        ],
    )

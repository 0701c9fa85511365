"""Whose account it is and what they may do where, before and beside the scope of any one hotel.

Passwords, sessions and refresh tokens belong to one person, so nothing shows them but that account's scope and the
platform's: for a few statements, a transaction also sees that person's own rows in every hotel.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from contracts.permissions import Role
from contracts.statuses import HotelStatus
from identity.domain import members
from identity.tables import SessionRow
from servicekit import Transaction

_SET = text("select set_config('app.account_id', :account_id, true)")
_SET_HOTEL = text("select set_config('app.hotel_id', :hotel_id, true)")
_BY_EMAIL = text("select account_of_email(:email)")
_BY_TOKEN = text("select account_of_token(:hash)")


@asynccontextmanager
async def account_scope(tx: Transaction, user_id: UUID) -> AsyncGenerator[None]:
    """Inside, `tx` also sees the account `user_id`, its password, sessions, tokens, memberships and their hotels.

    What was added or changed inside is written before the scope ends.
    """
    await tx.flush()
    await tx.execute(_SET, {"account_id": str(user_id)})
    yield
    await tx.flush()
    await tx.execute(_SET, {"account_id": ""})


@asynccontextmanager
async def hotel_scope(tx: Transaction, hotel_id: UUID) -> AsyncGenerator[None]:
    """Inside, `tx` sees and changes that hotel's rows: for what an account does in every hotel it works for.

    What was added or changed inside is written before the scope ends.
    """
    await tx.flush()
    await tx.execute(_SET_HOTEL, {"hotel_id": str(hotel_id)})
    yield
    await tx.flush()
    await tx.execute(_SET_HOTEL, {"hotel_id": "" if tx.hotel_id is None else str(tx.hotel_id)})


async def account_of_email(tx: Transaction, email: str) -> UUID | None:
    """Whose normalised address this is; visible in any scope, because an address has one account on the platform."""
    return await tx.scalar(_BY_EMAIL, {"email": email})


async def account_of_token(tx: Transaction, token_hash: str) -> UUID | None:
    """Whose refresh token this is."""
    return await tx.scalar(_BY_TOKEN, {"hash": token_hash})


async def is_confined(sid: UUID | None, tx: Transaction) -> bool:
    """Whether a hotel's own issuer opened the session, so that it sees and does nothing beyond that hotel. In the
    account's scope."""
    session = None if sid is None else await tx.find(SessionRow, sid)
    return session is not None and session.confined


@dataclass(frozen=True, slots=True)
class HotelAccess:
    """An active membership."""

    hotel_id: UUID
    slug: str
    name: str
    time_zone: str
    status: HotelStatus
    role: str
    require_second_factor: bool
    permissions: tuple[str, ...] = ()
    """On record for a role of the hotel's own."""


@dataclass(frozen=True, slots=True)
class Access:
    """An active account, and where it works; `hotel` None is platform work."""

    user_id: UUID
    email: str
    name: str
    password_hash: str
    hotel: HotelAccess | None

    @property
    def hotel_id(self) -> UUID | None:
        """The hotel's id."""
        return self.hotel.hotel_id if self.hotel else None

    @property
    def role(self) -> str:
        """The role that goes into the token."""
        return self.hotel.role if self.hotel else Role.SUPERADMIN.value

    @property
    def scopes(self) -> tuple[str, ...]:
        """The permissions that go into the token."""
        work = self.hotel
        return members.scopes(work.role, work.permissions) if work else members.scopes(Role.SUPERADMIN)


_ACCESS = text(
    """
    with work as (
        select m.user_id, m.created_at, m.role, r.permissions, h.id as hotel_id, h.slug, h.name, h.time_zone, h.status,
               h.require_second_factor
        from memberships m
        join hotels h on h.id = m.hotel_id
        left join roles r on r.hotel_id = m.hotel_id and r.name = m.role
        where m.user_id = :user_id and m.status = 'active' and h.status <> 'deleted'
          and (cast(:hotel as text) is null or h.slug = :hotel or h.id::text = :hotel)
    )
    select u.id, u.email, u.name, u.superadmin, c.password_hash,
           w.hotel_id, w.slug, w.name as hotel_name, w.time_zone, w.status as hotel_status, w.role, w.permissions,
           w.require_second_factor
    from users u
    join credentials c on c.user_id = u.id
    left join work w on w.user_id = u.id
    where u.id = :user_id and u.status = 'active'
    order by (w.status = 'active') desc nulls last, w.created_at
    limit 1
    """
)


async def access_of(user_id: UUID, hotel: str | None, tx: Transaction, *, platform: bool = False) -> Access | None:
    """What the account may do in `hotel` (slug or id); None: nothing. Runs in the account's scope.

    Without a hotel a superadmin works for the platform, everybody else for the hotel they joined first of those that
    are served. `platform` keeps a platform session what it is.
    """
    found = (await tx.execute(_ACCESS, {"user_id": user_id, "hotel": hotel})).one_or_none()
    if found is None:
        return None
    if hotel is None and (found.superadmin or platform):
        return Access(found.id, found.email, found.name, found.password_hash, None) if found.superadmin else None
    if found.hotel_id is None:
        return None
    work = HotelAccess(
        found.hotel_id,
        found.slug,
        found.hotel_name,
        found.time_zone,
        HotelStatus(found.hotel_status),
        found.role,
        found.require_second_factor,
        tuple(found.permissions or ()),
    )
    return Access(found.id, found.email, found.name, found.password_hash, work)

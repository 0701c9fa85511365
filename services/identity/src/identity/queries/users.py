"""People: as a hotel sees its members, and as the platform's operators see accounts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, and_, false, not_
from sqlmodel import col, select, tuple_

from contracts.errors import NotFound
from contracts.ids import HotelId, UserId
from contracts.permissions import Role
from contracts.statuses import MembershipStatus, UserStatus
from identity.accounts import account_scope, is_confined
from identity.queries.cursors import after_name_and_id
from identity.queries.permissions import Workplace, workplaces
from identity.queries.second_factor import SecondFactorView, second_factor
from identity.tables import HotelRow, MembershipRow, UserRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest


class UserView(BaseModel):
    """A person. In a hotel: name, languages, role and status there. For the platform: their account."""

    id: UserId
    email: str
    name: str
    role: str | None = Field(description="in the hotel; `superadmin` for the platform's own; null for other accounts")
    status: UserStatus = Field(
        description="`inactive` when the membership ended or the account is switched off; `deleted`: the account is gone"
    )
    languages: list[str]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of_member(cls, member: MembershipRow, account: UserRow) -> "UserView":
        """A member, as their hotel sees them."""
        as_account = member.status == MembershipStatus.ACTIVE or account.status == UserStatus.DELETED
        return cls(
            id=UserId(member.user_id),
            email=account.email,
            name=member.display_name,
            role=member.role,
            status=UserStatus(account.status) if as_account else UserStatus.INACTIVE,
            languages=member.languages,
            version=member.version,
            created_at=member.created_at,
            updated_at=member.updated_at,
        )

    @classmethod
    def of_account(cls, account: UserRow) -> "UserView":
        """An account, as the platform sees it."""
        return cls(
            id=UserId(account.id),
            email=account.email,
            name=account.name,
            role=Role.SUPERADMIN.value if account.superadmin else None,
            status=UserStatus(account.status),
            languages=account.languages,
            version=account.version,
            created_at=account.created_at,
            updated_at=account.updated_at,
        )


class UserFilter(BaseModel):
    """Which people."""

    ids: Sequence[UserId] = ()
    role: str | None = None
    active: bool | None = None
    clerk_id: str | None = None


class HotelOfToken(BaseModel):
    """The hotel that a token is for."""

    id: HotelId
    slug: str
    name: str
    time_zone: str


class Me(BaseModel):
    """Who is signed in, and what they may do."""

    user: "Person"
    hotel: HotelOfToken | None
    role: str | None
    scopes: list[str] = Field(description="what this token allows")
    hotels: list[Workplace] = Field(
        description="where I may work, the hotel joined first in front; a session that a hotel's own connection opened shows that"
        " hotel alone"
    )
    second_factor: SecondFactorView
    second_factor_needed: bool = Field(
        description="true: the hotel, or the platform, asks for one, and the token opens nothing else"
    )


class Person(BaseModel):
    """A person by name."""

    id: UserId
    name: str
    email: str


async def member_view(row: MembershipRow, tx: Transaction) -> UserView:
    """The view of a membership."""
    return UserView.of_member(row, await tx.get(UserRow, row.user_id))


async def member(user_id: UserId, tx: Transaction) -> UserView:
    """A present or former member of the transaction's hotel.

    Raises:
        NotFound: the hotel has none.
    """
    mine = col(MembershipRow.hotel_id) == tx.hotel_id, col(MembershipRow.user_id) == user_id
    row = await tx.scalar(select(MembershipRow).where(*mine))
    if row is None:
        raise NotFound("No such user")
    return await member_view(row, tx)


async def list_members(wanted: UserFilter, page: PageRequest, tx: Transaction) -> Page[UserView]:
    """The hotel's present and former members, by name; deleted accounts by their ids alone."""
    shown = col(MembershipRow.display_name), col(MembershipRow.user_id)
    query = (
        select(MembershipRow, UserRow)
        .join(UserRow, col(UserRow.id) == col(MembershipRow.user_id))
        .where(col(MembershipRow.hotel_id) == tx.hotel_id)
        .order_by(*shown)
        .limit(page.limit + 1)
    )
    query = query.where(*members_that(wanted))
    after = after_name_and_id(page)
    if after is not None:
        query = query.where(tuple_(*shown) > tuple_(*after))
    rows = (await tx.execute(query)).all()
    last = ((row[0].display_name, row[0].user_id) for row in rows[: page.limit][-1:])
    return page.page([UserView.of_member(*row) for row in rows], *next(last, ()))


async def account(user_id: UserId, tx: Transaction) -> UserView:
    """An account of the platform.

    Raises:
        NotFound: there is none.
    """
    return UserView.of_account(await tx.get(UserRow, user_id))


async def list_accounts(wanted: UserFilter, page: PageRequest, tx: Transaction) -> Page[UserView]:
    """The platform's accounts, by name, deleted ones by their ids alone. `role` selects none: accounts have none."""
    shown = col(UserRow.name), col(UserRow.id)
    query = select(UserRow).order_by(*shown).limit(page.limit + 1)
    query = query.where(*accounts_that(wanted))
    after = after_name_and_id(page)
    if after is not None:
        query = query.where(tuple_(*shown) > tuple_(*after))
    rows: list[UserRow] = await tx.scalars(query)
    last = ((row.name, row.id) for row in rows[: page.limit][-1:])
    return page.page([UserView.of_account(row) for row in rows], *next(last, ()))


def members_that(wanted: UserFilter) -> list[ColumnElement[bool]]:
    """What members, joined with their accounts, must be like."""
    works = and_(col(MembershipRow.status) == MembershipStatus.ACTIVE, col(UserRow.status) == UserStatus.ACTIVE)
    fits = [col(MembershipRow.user_id).in_(wanted.ids) if wanted.ids else _there()]
    if wanted.role is not None:
        fits.append(col(MembershipRow.role) == wanted.role)
    if wanted.active is not None:
        fits.append(works if wanted.active else not_(works))
    if wanted.clerk_id is not None:
        fits.append(col(UserRow.clerk_id) == wanted.clerk_id)
    return fits


def accounts_that(wanted: UserFilter) -> list[ColumnElement[bool]]:
    """What accounts must be like."""
    works = col(UserRow.status) == UserStatus.ACTIVE
    fits = [col(UserRow.id).in_(wanted.ids) if wanted.ids else _there()]
    if wanted.role is not None:
        fits.append(false())
    if wanted.active is not None:
        fits.append(works if wanted.active else not_(works))
    if wanted.clerk_id is not None:
        fits.append(col(UserRow.clerk_id) == wanted.clerk_id)
    return fits


def _there() -> ColumnElement[bool]:
    return col(UserRow.status) != UserStatus.DELETED


async def me(user_id: UUID, tx: Transaction) -> Me:
    """Who is signed in, from the actor's token and the directory. A session that is confined sees its own hotel alone.

    Raises:
        NotFound: the account is gone.
    """
    hotel = None if tx.hotel_id is None else await tx.get(HotelRow, tx.hotel_id)
    async with account_scope(tx, user_id):
        found = await tx.get(UserRow, user_id)
        factor = await second_factor(user_id, tx)
        hotels = await workplaces(user_id, tx)
        if await is_confined(tx.actor.sid, tx):
            hotels = [each for each in hotels if each.id == tx.hotel_id]
    return Me(
        user=Person(id=UserId(found.id), name=found.name, email=found.email),
        hotel=None if hotel is None else HotelOfToken.model_validate(hotel, from_attributes=True),
        role=tx.actor.role,
        scopes=sorted(tx.actor.scopes),
        hotels=hotels,
        second_factor=factor,
        second_factor_needed=tx.actor.enrolling,
    )

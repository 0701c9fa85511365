"""People found by what somebody types of their name or e-mail address, typos allowed; the best first."""

from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Text, func, literal, literal_column
from sqlalchemy.orm import Mapped
from sqlmodel import col, select, tuple_

from identity.queries.cursors import after_number_and_id
from identity.queries.likeness import Match, folded, match
from identity.queries.users import UserFilter, UserView, accounts_that, members_that
from identity.tables import MembershipRow, UserRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest

_ACCOUNT: ColumnElement[str] = literal_column("users.search", Text)
_MEMBER: ColumnElement[str] = func.guest_folded(
    func.concat(col(MembershipRow.display_name), " ", col(UserRow.email)), type_=Text
)
"""As the hotel knows them: the account's own name is not the hotel's to search. Members are few, so without an index."""


async def search_members(typed: str, wanted: UserFilter, page: PageRequest, tx: Transaction) -> Page[UserView]:
    """The hotel's present and former members whose name there or address holds what was typed, or words like it."""
    words = await folded(typed, tx)
    if not words:
        return page.page([])
    found = match(words, _MEMBER)
    query = (
        select(MembershipRow, UserRow, found.rank.label("rank"))
        .join(UserRow, col(UserRow.id) == col(MembershipRow.user_id))
        .where(col(MembershipRow.hotel_id) == tx.hotel_id, found.shown, *members_that(wanted))
        .order_by(found.rank.desc(), col(MembershipRow.user_id).desc())
        .limit(page.limit + 1)
    )
    query = query.where(*_after(found, col(MembershipRow.user_id), page))
    rows = (await tx.execute(query)).all()
    last = ((row.rank, row.MembershipRow.user_id) for row in rows[: page.limit][-1:])
    return page.page([UserView.of_member(row.MembershipRow, row.UserRow) for row in rows], *next(last, ()))


async def search_accounts(typed: str, wanted: UserFilter, page: PageRequest, tx: Transaction) -> Page[UserView]:
    """The platform's accounts whose name or address holds what was typed, or words like it."""
    words = await folded(typed, tx)
    if not words:
        return page.page([])
    found = match(words, _ACCOUNT)
    query = (
        select(UserRow, found.rank.label("rank"))
        .where(found.shown, *accounts_that(wanted), *_after(found, col(UserRow.id), page))
        .order_by(found.rank.desc(), col(UserRow.id).desc())
        .limit(page.limit + 1)
    )
    rows = (await tx.execute(query)).all()
    last = ((row.rank, row.UserRow.id) for row in rows[: page.limit][-1:])
    return page.page([UserView.of_account(row.UserRow) for row in rows], *next(last, ()))


def _after(found: Match, id: Mapped[UUID], page: PageRequest) -> list[ColumnElement[bool]]:
    after = after_number_and_id(page)
    if after is None:
        return []
    return [tuple_(found.rank, id) < tuple_(literal(after[0], Integer), literal(after[1]))]

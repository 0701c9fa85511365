"""Somebody's preferences, and the saved views that they see in a hotel."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col, or_, select

from contracts.errors import NotFound
from contracts.ids import UserId
from identity.accounts import account_scope
from identity.domain.preferences import ListKind, TimeFormat
from identity.tables_people import PreferencesRow, SavedViewRow
from servicekit import Transaction


class PreferencesView(BaseModel):
    """How somebody likes their pages, in every hotel."""

    model_config = ConfigDict(from_attributes=True)

    language: str | None = Field(description="null: as the browser asks")
    time_format: TimeFormat | None = Field(description="null: as the language has it")
    dashboard: dict[str, Any]  # Any: JSON
    version: int = Field(description="0: nothing was set yet")


class SavedView(BaseModel):
    """A named filter of one of the dashboard's lists."""

    id: UUID
    list_kind: ListKind
    name: str
    filter: dict[str, Any]  # Any: JSON
    shared: bool
    position: int
    own: bool = Field(description="whether it is the caller's, who alone changes it")
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: SavedViewRow, user_id: UUID) -> Self:
        """The view of a row, for that person."""
        return cls(
            **{name: getattr(row, name) for name in cls.model_fields if name != "own"}, own=row.user_id == user_id
        )


class SavedViews(BaseModel):
    """All that somebody sees: people keep few."""

    items: list[SavedView]


async def preferences(user_id: UserId, tx: Transaction) -> PreferencesView:
    """Somebody's preferences."""
    async with account_scope(tx, user_id):
        row = await tx.find(PreferencesRow, user_id)
    return PreferencesView.model_validate(row or PreferencesRow(user_id=user_id))


async def saved_views(user_id: UserId, list_kind: ListKind | None, tx: Transaction) -> SavedViews:
    """Somebody's own views in the transaction's hotel and those that colleagues share, in their order; a thousand at most."""
    query = (
        select(SavedViewRow)
        .where(col(SavedViewRow.hotel_id) == tx.hotel_id)
        .where(or_(col(SavedViewRow.user_id) == user_id, col(SavedViewRow.shared)))
        .order_by(col(SavedViewRow.position), col(SavedViewRow.name), col(SavedViewRow.id))
        .limit(1000)
    )
    if list_kind is not None:
        query = query.where(col(SavedViewRow.list_kind) == list_kind)
    return SavedViews(items=[SavedView.of(row, user_id) for row in await tx.scalars(query)])


async def saved_view(view_id: UUID, user_id: UserId, tx: Transaction) -> SavedView:
    """A view of one's own, or one that a colleague shares.

    Raises:
        NotFound: there is none that one sees.
    """
    row = await tx.find(SavedViewRow, view_id)
    if row is None or (row.user_id != user_id and not row.shared):
        raise NotFound("No such view")
    return SavedView.of(row, user_id)

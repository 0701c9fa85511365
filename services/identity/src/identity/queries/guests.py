"""Guests as a hotel's staff see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select

from contracts.ids import GuestId
from contracts.statuses import GuestStatus
from identity.queries.cursors import after_id
from identity.tables import GuestRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest


class GuestView(BaseModel):
    """A guest; without contact data as long as they only chatted."""

    model_config = ConfigDict(from_attributes=True)

    id: GuestId
    name: str | None
    email: str | None
    phone: str | None
    language: str | None
    status: GuestStatus
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: GuestRow) -> Self:
        """The view of a row."""
        return cls.model_validate(row)


async def list_guests(
    ids: Sequence[GuestId] | None, status: GuestStatus | None, page: PageRequest, tx: Transaction
) -> Page[GuestView]:
    """The hotel's guests, newest first; with `ids`, those of them that it has."""
    before = after_id(page)
    query = select(GuestRow).order_by(col(GuestRow.id).desc()).limit(page.limit + 1)
    if ids:
        query = query.where(col(GuestRow.id).in_(ids))
    if status is not None:
        query = query.where(col(GuestRow.status) == status)
    if before is not None:
        query = query.where(col(GuestRow.id) < before)
    rows: list[GuestRow] = await tx.scalars(query)
    return page.page([GuestView.of(row) for row in rows], *(row.id for row in rows[: page.limit][-1:]))

"""Guests as a hotel's staff see and find them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Integer, Text, literal, literal_column
from sqlmodel import col, select, tuple_

from contracts.ids import GuestId
from contracts.statuses import GuestStatus
from identity.domain.guests import phone_part
from identity.queries.cursors import after_id, after_number_and_id
from identity.queries.likeness import folded, match
from identity.tables_guests import GuestRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest

_SEARCH: ColumnElement[str] = literal_column("guests.search", Text)


class GuestView(BaseModel):
    """A guest; without contact data as long as they only chatted."""

    model_config = ConfigDict(from_attributes=True)

    id: GuestId
    name: str | None
    email: str | None
    phone: str | None
    language: str | None
    status: GuestStatus
    merged_into: GuestId | None = Field(description="the record of the same person that goes on; null: this one does")
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: GuestRow) -> Self:
        """The view of a row."""
        return cls.model_validate(row)


class GuestFilter(BaseModel):
    """Which guests: those that all of this fits. Merged records are found by their ids alone."""

    ids: Sequence[GuestId] = ()
    email: str | None = None
    phone: str | None = None
    status: GuestStatus | None = None


async def list_guests(wanted: GuestFilter, page: PageRequest, tx: Transaction) -> Page[GuestView]:
    """The hotel's guests, newest first; with ids, those of them that it has."""
    before = after_id(page)
    query = select(GuestRow).where(*_fits(wanted, tx)).order_by(col(GuestRow.id).desc()).limit(page.limit + 1)
    if before is not None:
        query = query.where(col(GuestRow.id) < before)
    rows: list[GuestRow] = await tx.scalars(query)
    return page.page([GuestView.of(row) for row in rows], *(row.id for row in rows[: page.limit][-1:]))


async def search_guests(typed: str, wanted: GuestFilter, page: PageRequest, tx: Transaction) -> Page[GuestView]:
    """The guests whose name, e-mail address or phone number holds what was typed, or words like it; the best first.

    Accents and case do not count. A number finds phone numbers that hold it, and nothing like it.
    """
    after = after_number_and_id(page)
    words = await folded(typed, tx)
    if not words:
        return page.page([])
    found = match(words, _SEARCH, phone_part(typed))
    place = tuple_(found.rank, col(GuestRow.id))
    query = select(GuestRow, found.rank.label("rank")).where(*_fits(wanted, tx), found.shown)
    query = query.order_by(found.rank.desc(), col(GuestRow.id).desc()).limit(page.limit + 1)
    if after is not None:
        query = query.where(place < tuple_(literal(after[0], Integer), literal(after[1])))
    rows = (await tx.execute(query)).all()
    last = ((row.rank, row.GuestRow.id) for row in rows[: page.limit][-1:])
    return page.page([GuestView.of(row.GuestRow) for row in rows], *next(last, ()))


def _fits(wanted: GuestFilter, tx: Transaction) -> list[ColumnElement[bool]]:
    """What guests must be like. It names the hotel, whose rows alone are seen anyway, for the indexes' sake."""
    fits: list[ColumnElement[bool]] = [col(GuestRow.hotel_id) == tx.hotel_id, col(GuestRow.erased_at).is_(None)]
    fits.append(col(GuestRow.id).in_(wanted.ids) if wanted.ids else col(GuestRow.merged_into).is_(None))
    if wanted.email is not None:
        fits.append(col(GuestRow.email) == wanted.email)
    if wanted.phone is not None:
        fits.append(col(GuestRow.phone) == wanted.phone)
    if wanted.status is not None:
        fits.append(col(GuestRow.status) == wanted.status)
    return fits

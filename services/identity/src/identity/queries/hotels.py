"""Hotels as their people and the platform's operators see them."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.events.identity import Brand
from contracts.hours import BusinessHours
from contracts.ids import HotelId
from contracts.statuses import HotelStatus
from contracts.values import LanguageTag, NeverAutoTopic, TimeZone
from identity.tables import HotelRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest


class HotelView(BaseModel):
    """A hotel and its settings; `business_hours` null: always open."""

    model_config = ConfigDict(from_attributes=True)

    id: HotelId
    slug: str
    name: str
    status: HotelStatus
    time_zone: TimeZone
    default_language: LanguageTag
    languages: list[LanguageTag]
    confidence_threshold: float
    never_auto: list[NeverAutoTopic]
    hand_over_vips: bool
    brand: Brand
    business_hours: BusinessHours | None
    consent_text: str
    allowed_origins: list[str]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: HotelRow) -> Self:
        """The view of a row."""
        return cls.model_validate(row)


async def hotel(hotel_id: HotelId, tx: Transaction) -> HotelView:
    """A hotel.

    Raises:
        NotFound: there is none that the actor may see.
    """
    return HotelView.of(await tx.get(HotelRow, hotel_id))


async def hotel_by_slug(slug: str, tx: Transaction) -> HotelView:
    """The hotel of that slug.

    Raises:
        NotFound: there is none that the actor may see.
    """
    found = await tx.scalar(select(HotelRow).where(col(HotelRow.slug) == slug))
    if found is None:
        raise NotFound("No such hotel")
    return HotelView.of(found)


async def list_hotels(status: HotelStatus | None, page: PageRequest, tx: Transaction) -> Page[HotelView]:
    """The hotels the actor may see, by slug: their own, or all of the platform."""
    after = page.position(1)
    query = select(HotelRow).order_by(col(HotelRow.slug)).limit(page.limit + 1)
    if status is not None:
        query = query.where(col(HotelRow.status) == status)
    if after is not None:
        query = query.where(col(HotelRow.slug) > str(after[0]))
    rows: list[HotelRow] = await tx.scalars(query)
    return page.page([HotelView.of(row) for row in rows], *(row.slug for row in rows[: page.limit][-1:]))

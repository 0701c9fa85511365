"""Hotels as their people and the platform's operators see them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.events.identity import Brand
from contracts.hours import BusinessHours
from contracts.ids import HotelId
from contracts.statuses import HotelStatus
from contracts.values import LanguageTag, NeverAutoTopic, TimeZone
from identity.domain.attention import AttentionReason
from identity.queries.attention import attention_of, needs_attention
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
    clerk_organisation_id: str | None
    deleted_at: datetime | None
    purge_after: datetime | None = Field(description="until then a deleted hotel can be restored")
    require_second_factor: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: HotelRow) -> Self:
        """The view of a row."""
        return cls.model_validate(row)


class ListedHotel(HotelView):
    """A hotel in a list."""

    attention: list[AttentionReason] = Field(description="why somebody should look at it; empty where nobody need")


@dataclass(frozen=True, slots=True)
class HotelFilter:
    """Which hotels; None: whatever it is. Deleted ones are shown only where they are asked for."""

    status: HotelStatus | None = None
    clerk_organisation: str | None = None
    needs_attention: bool | None = None


async def hotel(hotel_id: HotelId, tx: Transaction) -> HotelView:
    """A hotel.

    Raises:
        NotFound: there is none that the actor may see.
    """
    found = await tx.get(HotelRow, hotel_id)
    if found.purged_at is not None:
        raise NotFound("No such hotel")
    return HotelView.of(found)


async def hotel_by_slug(slug: str, tx: Transaction) -> HotelView:
    """The hotel of that slug.

    Raises:
        NotFound: there is none that the actor may see.
    """
    known = col(HotelRow.slug) == slug, col(HotelRow.purged_at).is_(None)
    found = await tx.scalar(select(HotelRow).where(*known))
    if found is None:
        raise NotFound("No such hotel")
    return HotelView.of(found)


async def list_hotels(wanted: HotelFilter, page: PageRequest, tx: Transaction) -> Page[ListedHotel]:
    """The hotels the actor may see, by slug: their own, or all of the platform."""
    after = page.position(1)
    query = select(HotelRow).where(col(HotelRow.purged_at).is_(None)).order_by(col(HotelRow.slug)).limit(page.limit + 1)
    status = col(HotelRow.status)
    query = query.where(status != HotelStatus.DELETED if wanted.status is None else status == wanted.status)
    if wanted.clerk_organisation is not None:
        query = query.where(col(HotelRow.clerk_organisation_id) == wanted.clerk_organisation)
    if wanted.needs_attention is not None:
        query = query.where(needs_attention() if wanted.needs_attention else ~needs_attention())
    if after is not None:
        query = query.where(col(HotelRow.slug) > str(after[0]))
    rows: list[HotelRow] = await tx.scalars(query)
    why = await attention_of(rows, tx)
    listed = [ListedHotel(**dict(HotelView.of(row)), attention=why[row.id]) for row in rows]
    return page.page(listed, *(row.slug for row in rows[: page.limit][-1:]))


async def every_hotel(tx: Transaction) -> list[HotelId]:
    """The ids of all hotels there are or were. Platform scope."""
    return [HotelId(hotel_id) for hotel_id in await tx.scalars(select(HotelRow.id).order_by(col(HotelRow.id)))]

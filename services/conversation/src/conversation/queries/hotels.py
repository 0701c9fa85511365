"""Reading hotels: where their widget may run, and what it shows before the first word: our own projection of identity."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import text

from contracts.events.identity import Brand
from contracts.hours import ALWAYS_OPEN, BusinessHours, WallClock, is_open, next_closing, next_opening
from contracts.ids import HotelId
from conversation.domain.sites import spoken
from servicekit.database import Database


class WeeklyShift(BaseModel):
    """Somebody is at the desk from `opens` to `closes`, the hotel's wall clock; at or before `opens`: on the next day."""

    weekday: Annotated[int, Field(ge=0, le=6, description="0 is Monday")]
    opens: WallClock
    closes: WallClock


class HoursView(BaseModel):
    """When staff are there."""

    open_now: bool | None = Field(description="null where the hours are not known")
    opens_at: AwareDatetime | None = Field(default=None, description="the next opening, in the hotel's zone, if closed")
    closes_at: AwareDatetime | None = Field(
        default=None, description="when open; null also for who is open day and night"
    )
    weekly: list[WeeklyShift] = Field(default_factory=list[WeeklyShift], description="without holidays")


class OpeningHotel(BaseModel):
    """A hotel as its widget shows it before the first word."""

    name: str
    slug: str
    languages: list[str]
    language: Annotated[str, Field(description="to begin in: the guest's, if the hotel speaks it, else the hotel's")]
    brand: Brand
    consent_text: str
    time_zone: str | None = Field(description="IANA")
    hours: HoursView


class NotAvailable(BaseModel):
    """Nobody has told."""

    status: Literal["unavailable"] = "unavailable"


class OpeningView(BaseModel):
    """What the widget shows before the guest says anything. Asking for it makes no session.

    Who is on duty and how long guests wait are the escalation service's to say; `unavailable` until it does.
    """

    hotel: OpeningHotel
    on_duty: NotAvailable = NotAvailable()
    expected_wait: NotAvailable = NotAvailable()


_ORIGINS = text("SELECT allowed_origins FROM hotels WHERE id = :hotel_id")


async def allowed_origins(db: Database, hotel_id: HotelId) -> tuple[str, ...]:
    """The sites on which a hotel has its widget; none: any. A hotel that is not known names none, and is not served."""
    async with db.transaction(hotel_id, read_only=True) as tx:
        found: Sequence[str] | None = await tx.scalar(_ORIGINS, {"hotel_id": hotel_id})
    return tuple(found or ())


def opening_of(hotel: Mapping[str, Any], language: str | None, now: datetime) -> OpeningView:  # Any: columns
    """The opening view of a hotel's row, for a guest who wants that language."""
    return OpeningView(
        hotel=OpeningHotel(
            name=hotel["name"],
            slug=hotel["slug"],
            languages=hotel["languages"],
            language=spoken(language, hotel["languages"], hotel["default_language"]),
            brand=Brand.model_validate(hotel["brand"]),
            consent_text=hotel["consent_text"],
            time_zone=hotel["time_zone"],
            hours=_hours(hotel["business_hours"], hotel["time_zone"], now),
        )
    )


def _hours(stored: Mapping[str, Any] | None, zone: str | None, now: datetime) -> HoursView:  # Any: JSON
    if zone is None:
        return HoursView(open_now=None)
    hours = BusinessHours.model_validate(stored) if stored is not None else ALWAYS_OPEN
    open_now = is_open(hours, zone, now)
    return HoursView(
        open_now=open_now,
        opens_at=None if open_now or not _ever_open(hours) else next_opening(hours, zone, now),
        closes_at=next_closing(hours, zone, now) if open_now else None,
        weekly=[
            WeeklyShift(weekday=weekday, opens=shift.opens, closes=shift.closes)
            for weekday, shifts in sorted(hours.weekly.items())
            for shift in shifts
        ],
    )


def _ever_open(hours: BusinessHours) -> bool:
    """Whether an opening is worth looking for: ten years of closed days take their time."""
    return any(hours.weekly.values()) or any(hours.exceptions.values())

"""Hotels: opened and suspended by the platform, run by their admins."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool
from sqlalchemy.exc import IntegrityError

from contracts.hours import WallClock
from contracts.ids import HotelId
from contracts.statuses import HOTEL_MOVES, HotelStatus, move
from contracts.values import LanguageTag, NeverAutoTopic, TimeZone
from identity.domain.hotels import (
    MAX_LANGUAGES,
    HotelDeleted,
    HotelName,
    Origin,
    Slug,
    SlugTaken,
    check_languages,
)
from identity.tables import HotelRow
from servicekit import Command, Transaction, check_version, new_id
from servicekit.commands import AsNumber

Languages = Annotated[list[LanguageTag], Field(min_length=1, max_length=MAX_LANGUAGES)]
Threshold = Annotated[
    float, Field(ge=0, le=1, description="confidence under which the AI hands over, 0 to 1"), AsNumber
]
ConsentText = Annotated[str, Field(max_length=4000, description="what guests agree to when they start to chat")]
Origins = Annotated[list[Origin], Field(max_length=50, description="web pages that may embed the widget")]
RequireSecondFactor = Annotated[
    StrictBool,
    Field(description="whoever has no second factor can only set one up, from the next sign-in or refresh on"),
]
NeverAuto = Annotated[list[NeverAutoTopic], Field(max_length=len(NeverAutoTopic))]


class Brand(Command):
    """How the widget looks."""

    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="as CSS has it, #rrggbb")] = "#1f4b6e"
    logo_url: Annotated[str, Field(pattern=r"^https://[^\s\"'<>]+$", max_length=500)] | None = None


class OpeningShift(Command):
    """Open from `opens` to `closes`, the hotel's wall clock; `closes` at or before `opens` is on the next day."""

    opens: WallClock
    closes: WallClock


Shifts = Annotated[list[OpeningShift], Field(max_length=10)]


class OpeningHours(Command):
    """When staff are at the desk: shifts by weekday (0 = Monday), and the dates that differ."""

    weekly: dict[Annotated[int, Field(ge=0, le=6)], Shifts]
    exceptions: Annotated[dict[date, Shifts], Field(max_length=1000)] = Field(default_factory=dict)


class CreateHotel(Command):
    """Open a hotel."""

    slug: Slug
    name: HotelName
    time_zone: TimeZone
    default_language: LanguageTag
    languages: Languages
    confidence_threshold: Threshold = 0.5
    never_auto: NeverAuto = Field(default_factory=lambda: list(NeverAutoTopic))
    hand_over_vips: StrictBool = False
    brand: Brand = Brand()
    business_hours: OpeningHours | None = None
    consent_text: ConsentText = ""
    allowed_origins: Origins = Field(default_factory=list)
    require_second_factor: RequireSecondFactor = False


class UpdateHotel(Command):
    """Change a hotel's settings; what is left out stays. `business_hours: null` means: always open."""

    slug: Slug | None = None
    name: HotelName | None = None
    time_zone: TimeZone | None = None
    default_language: LanguageTag | None = None
    languages: Languages | None = None
    confidence_threshold: Threshold | None = None
    never_auto: NeverAuto | None = None
    hand_over_vips: StrictBool | None = None
    brand: Brand | None = None
    business_hours: OpeningHours | None = None
    consent_text: ConsentText | None = None
    allowed_origins: Origins | None = None
    require_second_factor: RequireSecondFactor | None = None


async def create_hotel(command: CreateHotel, tx: Transaction, hotel_id: UUID | None = None) -> HotelRow:
    """Open a hotel; it is served at once.

    Raises:
        SlugTaken: another hotel has the slug.
        LanguageNotOffered: the default language is none of the languages.
    """
    own_id = HotelId(hotel_id or new_id())
    state = command.model_dump(mode="json")
    state["languages"] = list(check_languages(command.default_language, command.languages))
    row = HotelRow(id=own_id, hotel_id=own_id, **state)
    tx.add(row)
    await _flush(tx)
    tx.publish(row.created(), hotel_id=own_id)
    tx.audit("hotel.create", "hotel", own_id)
    return row


async def update_hotel(hotel_id: HotelId, command: UpdateHotel, if_match: int | None, tx: Transaction) -> HotelRow:
    """Change settings.

    Raises:
        PreconditionFailed: somebody else changed the hotel since.
        SlugTaken, LanguageNotOffered: as for `create_hotel`.
        HotelDeleted: it is deleted.
    """
    row = await tx.lock(HotelRow, hotel_id)
    check_version(row, if_match)
    if row.deleted_at is not None:
        raise HotelDeleted
    changes = command.model_dump(mode="json", exclude_unset=True)
    for name, value in changes.items():
        if value is not None or name == "business_hours":
            setattr(row, name, value)
    row.languages = list(check_languages(row.default_language, row.languages))
    row.version += 1
    await _flush(tx)
    tx.publish(row.updated(), hotel_id=hotel_id)
    tx.audit("hotel.update", "hotel", hotel_id)
    return row


async def activate_hotel(hotel_id: HotelId, tx: Transaction) -> HotelRow:
    """Serve a suspended hotel again.

    Raises:
        MoveNotAllowed: it is served already.
        HotelDeleted: it is deleted; restore it first.
    """
    return await _set_status(hotel_id, HotelStatus.ACTIVE, "hotel.activate", tx)


async def deactivate_hotel(hotel_id: HotelId, tx: Transaction) -> HotelRow:
    """Suspend a hotel: nobody signs in or refreshes, tokens of its staff no longer hold; the data stays.

    Raises:
        MoveNotAllowed: it is suspended already.
        HotelDeleted: it is deleted.
    """
    return await _set_status(hotel_id, HotelStatus.INACTIVE, "hotel.deactivate", tx)


async def _set_status(hotel_id: HotelId, to: HotelStatus, action: str, tx: Transaction) -> HotelRow:
    row = await tx.lock(HotelRow, hotel_id)
    if row.deleted_at is not None:
        raise HotelDeleted
    row.status = move(HOTEL_MOVES, HotelStatus(row.status), to)
    row.version += 1
    tx.publish(row.status_changed(), hotel_id=hotel_id)
    tx.audit(action, "hotel", hotel_id)
    return row


async def _flush(tx: Transaction) -> None:
    try:
        await tx.flush()
    except IntegrityError as error:
        if "hotels_slug_key" in str(error.orig):
            raise SlugTaken(pointer="/slug") from None
        raise

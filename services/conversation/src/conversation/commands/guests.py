"""Guests: a widget that names its hotel gets a token for one, new or known from before; what they say of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from contracts.errors import Forbidden, NotFound
from contracts.ids import GuestId, HotelId
from contracts.statuses import HotelStatus
from contracts.values import Email, LanguageTag
from conversation.adapters.guest_tokens import GuestTokens
from conversation.commands.erasure import is_erased
from conversation.domain.conversation import HotelSuspended
from conversation.domain.sites import is_allowed, spoken
from conversation.tables import GuestSaysRow
from servicekit.actor import Actor
from servicekit.commands import Command
from servicekit.database import Database
from servicekit.ids import new_id
from servicekit.transaction import Transaction


class OriginNotAllowed(Forbidden):
    """The hotel does not have its widget on that site."""

    slug, title = "origin-not-allowed", "The hotel's chat does not run on this site"


class OpenSession(Command):
    """A widget comes up on a hotel's site."""

    hotel: Annotated[str, Field(min_length=1, max_length=100, description="the hotel's slug")]
    language: LanguageTag | None = None


@dataclass(frozen=True, slots=True)
class GuestSession:
    """A guest's token and the hotel as the widget shows it."""

    token: str
    guest_id: GuestId
    expires_at: datetime
    language: str
    hotel: Mapping[str, Any]  # Any: columns of the hotel's row


_BY_SLUG = text(
    "SELECT id, slug, name, status, default_language, languages, brand, consent_text, allowed_origins, time_zone,"
    " business_hours FROM hotel_by_slug(:slug)"
)


class Identify(Command):
    """What a guest, or the page they are on, says of themselves. What is left out stays; null takes it back."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    email: Email | None = None
    phone: Annotated[str, Field(pattern=r"^[0-9+()./ -]{3,40}$", description="as the guest writes it")] | None = None
    room: Annotated[str, Field(min_length=1, max_length=40)] | None = None


async def identify(command: Identify, guest_id: GuestId, tx: Transaction) -> None:
    """Keep what a guest says of themselves, for staff to see. It proves nothing and joins no record."""
    said = command.model_dump(exclude_unset=True)
    if not said:
        return
    values = {**said, "updated_at": tx.now}
    await tx.execute(
        insert(GuestSaysRow)
        .values(hotel_id=tx.hotel_id, guest_id=guest_id, **values)
        .on_conflict_do_update(index_elements=["hotel_id", "guest_id"], set_=values)
    )


async def hotel_on_site(
    db: Database, slug: str, origin: str | None, *, pointer: str
) -> Mapping[str, Any]:  # Any: columns
    """The hotel whose widget a page of `origin` shows, by the slug in its script tag.

    Raises:
        NotFound: no hotel of that slug.
        HotelSuspended: it is not served.
        OriginNotAllowed: the page that asks is on another site than the hotel's.
    """
    async with db.autocommit() as connection:
        hotel = (await connection.execute(_BY_SLUG, {"slug": slug})).mappings().one_or_none()
    if hotel is None or hotel["status"] == HotelStatus.DELETED.value:
        raise NotFound("No such hotel", pointer=pointer)
    if hotel["status"] != HotelStatus.ACTIVE.value:
        raise HotelSuspended
    if not is_allowed(origin, hotel["allowed_origins"]):
        raise OriginNotAllowed
    return {str(column): value for column, value in hotel.items()}


async def open_session(
    db: Database, tokens: GuestTokens, command: OpenSession, *, known: Actor | None, origin: str | None
) -> GuestSession:
    """A session for a guest of the hotel; `known` is the guest whose token is renewed, if it is of this hotel.

    Raises:
        NotFound, HotelSuspended, OriginNotAllowed: as for `hotel_on_site`.
    """
    hotel = await hotel_on_site(db, command.hotel, origin, pointer="/hotel")
    hotel_id = HotelId(hotel["id"])
    guest_id = await _same_guest(db, hotel_id, known) or GuestId(new_id())
    token, expires_at = tokens.issue(hotel_id, guest_id)
    language = spoken(command.language, hotel["languages"], hotel["default_language"])
    return GuestSession(token, guest_id, expires_at, language, hotel)


async def _same_guest(db: Database, hotel_id: HotelId, known: Actor | None) -> GuestId | None:
    """The guest of this hotel whose token came along, unless they were erased: whoever comes back is somebody new."""
    if known is None or known.hotel_id != hotel_id or known.id is None:
        return None
    guest_id = GuestId(known.id)
    async with db.transaction(hotel_id, read_only=True) as tx:
        return None if await is_erased(guest_id, tx) else guest_id

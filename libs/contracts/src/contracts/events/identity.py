"""Directory facts: full state per key on compacted topics, so that a new service builds its projection from the start."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from contracts import topics
from contracts.event import Event, Fact, Version, known_only, personal
from contracts.hours import BusinessHours
from contracts.ids import GuestId, HotelId, SessionId, UserId
from contracts.statuses import GuestStatus, HotelStatus, MembershipStatus, UserStatus
from contracts.values import Email, LanguageTag, NeverAutoTopic, Phone, Slug, TimeZone, Word

PersonName = Annotated[str, Field(max_length=200)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2048)]
Origin = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s/?#@]+$",
        max_length=260,
        description="scheme, host, port as browsers send it (RFC 6454)",
    ),
]
MembershipKey = Annotated[str, Field(pattern=r"^[0-9a-f-]{36}:[0-9a-f-]{36}$")]


class Brand(Fact):
    """How the widget looks for a hotel."""

    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#1f4b6e"
    logo_url: Url | None = None


class _HotelState(Event):
    hotel_id: HotelId
    slug: Slug
    name: Annotated[str, Field(min_length=1, max_length=200)]
    """The hotel's name as guests read it."""
    status: HotelStatus
    time_zone: TimeZone
    default_language: LanguageTag
    languages: tuple[LanguageTag, ...]
    confidence_threshold: Annotated[float, Field(ge=0, le=1, description="under it the AI hands over")]
    never_auto: Annotated[tuple[NeverAutoTopic, ...], *known_only(NeverAutoTopic)]
    hand_over_vips: bool = False
    brand: Brand = Brand()
    business_hours: BusinessHours | None = None
    """When staff are there; None: always."""
    consent_text: Annotated[str, Field(max_length=4000)] = ""
    """What the widget says about data protection before the first message."""
    allowed_origins: tuple[Origin, ...] = ()
    """Sites that may embed the widget; none listed: any."""
    require_second_factor: bool = False
    """Whether its people need a second factor."""
    version: Version


class HotelCreated(_HotelState, type="hotel.created", topic=topics.HOTELS, key="hotel_id"):
    """A hotel joined the installation."""


class HotelUpdated(_HotelState, type="hotel.updated", topic=topics.HOTELS, key="hotel_id"):
    """A hotel's settings changed."""


class HotelActivated(_HotelState, type="hotel.activated", topic=topics.HOTELS, key="hotel_id"):
    """A hotel is served again."""


class HotelDeactivated(_HotelState, type="hotel.deactivated", topic=topics.HOTELS, key="hotel_id"):
    """A hotel is suspended: sign-in and widget stop, the data stays."""


class HotelDeleted(_HotelState, type="hotel.deleted", topic=topics.HOTELS, key="hotel_id"):
    """A hotel is deleted: it stops as when deactivated. It can be restored until `purge_after`."""

    deleted_at: AwareDatetime
    purge_after: AwareDatetime


class HotelRestored(_HotelState, type="hotel.restored", topic=topics.HOTELS, key="hotel_id"):
    """A deleted hotel is back, suspended until it is activated."""


class HotelPurging(Event, type="hotel.purging", topic=topics.HOTELS, key="hotel_id"):
    """A deleted hotel is forgotten: every service that holds its data deletes it, and answers with `hotel.forgotten`."""

    hotel_id: HotelId
    deleted_at: AwareDatetime
    version: Version


class HotelPurged(Event, type="hotel.purged", topic=topics.HOTELS, key="hotel_id"):
    """Every service has confirmed that it holds nothing of the hotel any more. The last event under its key."""

    hotel_id: HotelId
    deleted_at: AwareDatetime
    purged_at: AwareDatetime
    version: Version


class TableCount(Fact):
    """How many rows of a table were deleted."""

    table: Word
    rows: Annotated[int, Field(ge=0)]


class HotelForgotten(Event, type="hotel.forgotten", topic=topics.HOTELS_FORGOTTEN, key="hotel_id"):
    """A service has deleted every row of a hotel: the proof that it has, published in the transaction that did it."""

    hotel_id: HotelId
    service: Word
    counts: tuple[TableCount, ...]
    """Of every table that held rows of the hotel; added up where it was asked more than once."""
    forgotten_at: AwareDatetime
    version: Version
    """The hotel's, as the service was told last."""


class _UserState(Event):
    user_id: UserId
    email: Email = personal()
    name: PersonName = personal()
    status: UserStatus
    languages: tuple[LanguageTag, ...] = ()
    version: Version


class UserCreated(_UserState, type="user.created", topic=topics.USERS, key="user_id"):
    """A member of staff got an account."""


class UserUpdated(_UserState, type="user.updated", topic=topics.USERS, key="user_id"):
    """An account changed."""


class UserDeleted(_UserState, type="user.deleted", topic=topics.USERS, key="user_id"):
    """An account is gone for good: address, name and languages are blank, its memberships have ended."""


class _MembershipState(Event):
    membership_key: MembershipKey
    """`<hotel id>:<user id>`, the record key."""
    hotel_id: HotelId
    user_id: UserId
    display_name: PersonName = personal()
    role: Word
    """A built-in role or one of the hotel's own."""
    status: MembershipStatus
    languages: tuple[LanguageTag, ...] = ()
    changed_at: AwareDatetime
    """Access tokens of this user for this hotel that were issued before are no longer valid."""
    version: Version


class MembershipGranted(_MembershipState, type="membership.granted", topic=topics.MEMBERSHIPS, key="membership_key"):
    """A user belongs to a hotel."""


class MembershipChanged(_MembershipState, type="membership.changed", topic=topics.MEMBERSHIPS, key="membership_key"):
    """A user's role in a hotel, or the name shown there, changed."""


class MembershipRevoked(_MembershipState, type="membership.revoked", topic=topics.MEMBERSHIPS, key="membership_key"):
    """A user no longer belongs to a hotel."""


class _GuestState(Event):
    guest_id: GuestId
    hotel_id: HotelId
    name: PersonName | None = personal(default=None)
    email: Email | None = personal(default=None)
    phone: Phone | None = personal(default=None)
    language: LanguageTag | None = None
    status: GuestStatus
    merged_into: GuestId | None = None
    """The record of the same person that goes on, once this one was merged; its status is that one's from then on."""
    version: Version


class GuestCreated(_GuestState, type="guest.created", topic=topics.GUESTS, key="guest_id"):
    """A hotel has a new guest on record."""


class GuestUpdated(_GuestState, type="guest.updated", topic=topics.GUESTS, key="guest_id"):
    """What a hotel knows of a guest changed."""


class GuestErased(Event, type="guest.erased", topic=topics.GUESTS, key="guest_id", erases=True):
    """A person is to be forgotten: the last state of each of their records. Services of `guest_data` answer `guest.forgotten`.

    It may be said more than once. Nothing that is said of the guest afterwards brings anything back.
    """

    guest_id: GuestId
    hotel_id: HotelId
    erased_at: AwareDatetime
    version: Version


class SessionRevoked(Event, type="session.revoked", topic=topics.SESSIONS, key="user_id"):
    """Tokens of this session (or, with `sid` None, of every session of this user) no longer hold."""

    user_id: UserId
    sid: SessionId | None
    revoked_at: AwareDatetime
    """Tokens issued before this moment are refused; those of a single session always."""
    version: Version

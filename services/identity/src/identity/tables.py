"""The rows of identity's database, and the events that tell their state.

Hotels, memberships and audit entries belong to a hotel, and so do guests (`tables_guests`). Accounts, their credentials,
sessions and refresh tokens belong to people, who may work for several hotels: the database shows an account to the hotels
it works for, and credentials and sessions to the platform scope alone (see the first migration).
`tables_second_factor` and `tables_people` have the rest.
"""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from contracts.actor import ActorKind, ActorRef
from contracts.events import (
    HotelActivated,
    HotelCreated,
    HotelDeactivated,
    HotelDeleted,
    HotelRestored,
    HotelUpdated,
    MembershipChanged,
    MembershipGranted,
    MembershipRevoked,
    SessionRevoked,
    UserCreated,
    UserDeleted,
    UserUpdated,
)
from contracts.ids import SessionId, UserId
from contracts.statuses import HotelStatus, MembershipStatus, UserStatus
from identity.domain.devices import Place
from identity.domain.sessions import EndReason, PresentedToken
from identity.tables_mail import MAIL_TABLES
from servicekit import Row, TenantRow, new_id, timestamp

PLATFORM_TABLES = {
    "users": "a person may work for several hotels; a hotel sees the accounts of its members alone (row policy)",
    "credentials": "of accounts; seen in the account's own scope alone (row policy)",
    "sessions": "of accounts; seen in the account's own scope alone (row policy)",
    "refresh_tokens": "of accounts; seen in the account's own scope alone (row policy)",
    "totp": "of accounts; seen in the account's own scope alone (row policy)",
    "recovery_codes": "of accounts; seen in the account's own scope alone (row policy)",
    "preferences": "of accounts; seen in the account's own scope alone (row policy)",
    "signing_keys": "the platform's; platform scope alone sees them (row policy)",
    "oidc_connections": "the platform has its own; a hotel sees its own alone (row policy)",
    "oidc_identities": "of accounts; seen in the account's own scope alone (row policy)",
    "oidc_codes": "of accounts; seen in the account's own scope alone (row policy)",
    "clerk_deliveries": "ids of webhooks; seen in platform scope alone (row policy)",
    "clerk_objects": "ids and states of Clerk's objects; seen in platform scope alone (row policy)",
    "audit_entries": "the platform's own entries have no hotel; a hotel sees its own alone (row policy)",
    **MAIL_TABLES,
}
"""Tables whose rows need not belong to a hotel, and why; all of them force row-level security all the same."""
CUT_LOCK = 4_202_001
"""Advisory lock: while a chain of the audit log is read to be checked, the retention cuts none."""


def _words() -> Any:  # Any: pydantic's own return type for a field definition
    return Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))


class HotelRow(TenantRow, table=True):
    """A hotel. `hotel_id` is its own id, so that it stands under the same row policy as everything it owns."""

    __tablename__ = "hotels"

    slug: str
    name: str
    status: HotelStatus = Field(default=HotelStatus.ACTIVE, sa_type=Text)
    time_zone: str
    default_language: str
    languages: list[str] = _words()
    confidence_threshold: float
    never_auto: list[str] = _words()
    hand_over_vips: bool = False
    brand: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))  # Any: JSON
    business_hours: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))  # Any: JSON
    consent_text: str = ""
    allowed_origins: list[str] = _words()
    clerk_organisation_id: str | None = None
    deleted_at: datetime | None = timestamp(nullable=True)
    purge_after: datetime | None = timestamp(nullable=True)
    """Until then a deleted hotel can be restored."""
    purging_at: datetime | None = timestamp(nullable=True)
    purged_at: datetime | None = timestamp(nullable=True)
    """When the last service had confirmed that it holds nothing of the hotel any more."""
    require_second_factor: bool = False

    def created(self) -> HotelCreated:
        """The event of a new hotel."""
        return HotelCreated.model_validate(self._state())

    def updated(self) -> HotelUpdated:
        """The event of changed settings."""
        return HotelUpdated.model_validate(self._state())

    def status_changed(self) -> HotelActivated | HotelDeactivated:
        """The event of being served again, or no longer."""
        known = HotelActivated if self.status == HotelStatus.ACTIVE else HotelDeactivated
        return known.model_validate(self._state())

    def deleted(self) -> HotelDeleted:
        """The event of its deletion."""
        return HotelDeleted.model_validate(
            {**self._state(), "deleted_at": self.deleted_at, "purge_after": self.purge_after}
        )

    def restored(self) -> HotelRestored:
        """The event of its return."""
        return HotelRestored.model_validate(self._state())

    def _state(self) -> dict[str, object]:
        names = HotelCreated.model_fields.keys() - {"business_hours"}
        state: dict[str, object] = {name: getattr(self, name) for name in names}
        return {**state, "business_hours": self.business_hours}


class UserRow(Row, table=True):
    """An account: one person, one address, on the whole platform.

    `revocations` counts session.revoked events of this account: their version, apart from `version`, so that a
    sign-out does not spoil somebody's edit.
    """

    __tablename__ = "users"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    email: str
    name: str
    status: UserStatus = Field(default=UserStatus.ACTIVE, sa_type=Text)
    superadmin: bool = False
    languages: list[str] = _words()
    clerk_id: str | None = None
    """Clerk's id of the person, where Clerk keeps the account."""
    version: int = 1
    revocations: int = 0
    created_at: datetime = timestamp()
    updated_at: datetime = timestamp()

    def created(self) -> UserCreated:
        """The event of a new account."""
        return UserCreated.model_validate(self._state())

    def updated(self) -> UserUpdated:
        """The event of a changed account."""
        return UserUpdated.model_validate(self._state())

    def deleted(self) -> UserDeleted:
        """The event of an account that is gone for good."""
        return UserDeleted.model_validate(self._state())

    def blank(self) -> None:
        """Forget the person: the address is nobody's, in a domain that mail never reaches (RFC 2606), and free again."""
        self.email, self.name, self.languages, self.superadmin = f"{self.id}@deleted.invalid", "", [], False
        self.status, self.clerk_id = UserStatus.DELETED, None

    def sessions_revoked(self, sid: UUID | None, at: datetime) -> SessionRevoked:
        """The event of one session's end, or of all; counts it. The account's row must be locked."""
        self.revocations += 1
        return SessionRevoked(
            user_id=UserId(self.id),
            sid=None if sid is None else SessionId(sid),
            revoked_at=at,
            version=self.revocations,
        )

    def _state(self) -> dict[str, object]:
        return {
            "user_id": self.id,
            "email": self.email,
            "name": self.name,
            "status": self.status,
            "languages": self.languages,
            "version": self.version,
        }


class CredentialRow(Row, table=True):
    """The password of an account: an argon2id hash with its parameters and salt (PHC string)."""

    __tablename__ = "credentials"

    user_id: UUID = Field(primary_key=True)
    password_hash: str
    changed_at: datetime = timestamp()


class MembershipRow(TenantRow, table=True):
    """A user works for a hotel: role, and the name and languages that this hotel shows."""

    __tablename__ = "memberships"

    user_id: UUID
    display_name: str
    role: str
    """A built-in role, or the name of one of the hotel's own (`tables_people.RoleRow`)."""
    status: MembershipStatus = Field(default=MembershipStatus.ACTIVE, sa_type=Text)
    languages: list[str] = _words()
    changed_at: datetime = timestamp()
    """When role or status last changed: access tokens from before no longer hold."""

    def granted(self) -> MembershipGranted:
        """The event of somebody's joining, or coming back."""
        return MembershipGranted.model_validate(self._state())

    def changed(self) -> MembershipChanged:
        """The event of another role, name or languages."""
        return MembershipChanged.model_validate(self._state())

    def revoked(self) -> MembershipRevoked:
        """The event of somebody's leaving."""
        return MembershipRevoked.model_validate(self._state())

    def _state(self) -> dict[str, object]:
        return {
            "membership_key": f"{self.hotel_id}:{self.user_id}",
            "hotel_id": self.hotel_id,
            "user_id": self.user_id,
            "display_name": self.display_name,
            "role": self.role,
            "status": self.status,
            "languages": self.languages,
            "changed_at": self.changed_at,
            "version": self.version,
        }


class SessionRow(Row, table=True):
    """One sign-in, and the family of refresh tokens that came of it; `hotel_id` None: platform work."""

    __tablename__ = "sessions"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID
    hotel_id: UUID | None = None
    started_at: datetime = timestamp()
    last_used_at: datetime = timestamp()
    expires_at: datetime = timestamp()
    generation: int = 0
    """How often its refresh token was exchanged."""
    browser: str | None = None
    system: str | None = None
    network: str | None = None
    """Where it was used last; see `domain.devices`."""
    confined: bool = False
    """A hotel's own issuer opened it: it goes on in no other hotel."""
    began_as: UUID | None = None
    """The session of the sign-in, for one that was switched to; None: this is it."""
    reproved_at: datetime | None = timestamp(nullable=True)
    """When its person signed in anew at an issuer that was asked for it; a session that it was switched from hands it on."""
    ended_at: datetime | None = timestamp(nullable=True)
    end_reason: EndReason | None = Field(default=None, sa_type=Text)

    @property
    def sign_in(self) -> UUID:
        """The session that the sign-in began with; all that was switched to since shares it."""
        return self.began_as or self.id

    def used(self, place: Place, at: datetime) -> None:
        """Remember when and where it was used last."""
        self.last_used_at, self.browser, self.system, self.network = at, place.browser, place.system, place.network

    def end(self, reason: EndReason, at: datetime) -> None:
        """The session is over; its refresh tokens are void."""
        self.ended_at, self.end_reason = at, reason


class RefreshTokenRow(Row, table=True):
    """A refresh token, by its hash; `rotated_at` is set once it was exchanged for the next."""

    __tablename__ = "refresh_tokens"

    token_hash: str = Field(primary_key=True)
    session_id: UUID
    user_id: UUID
    issued_at: datetime = timestamp()
    expires_at: datetime = timestamp()
    rotated_at: datetime | None = timestamp(nullable=True)
    generation: int | None = None
    """The session's when it was issued; None: issued by the release before there were any."""

    @staticmethod
    def hash_of(token: str) -> str:
        """SHA-256 in hex: enough for 256 random bits, which no dictionary holds."""
        return hashlib.sha256(token.encode()).hexdigest()

    def presented(self, session: SessionRow) -> PresentedToken:
        """What the rule on refreshing needs to know."""
        behind = 0 if self.generation is None else session.generation - self.generation
        return PresentedToken(self.expires_at, self.rotated_at, session.ended_at, behind)


class AuditEntryRow(Row, table=True):
    """One line of the audit log. Written once; the database refuses any change. `hotel_id` None: platform work."""

    __tablename__ = "audit_entries"

    event_id: UUID = Field(primary_key=True)
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=False))
    hotel_id: UUID | None = None
    service: str
    action: str
    actor_kind: ActorKind = Field(sa_type=Text)
    actor_id: UUID | None = None
    acting_for_kind: ActorKind | None = Field(default=None, sa_type=Text)
    acting_for_id: UUID | None = None
    object_type: str
    object_id: str
    at: datetime = timestamp()
    trace_id: str | None = None
    recorded_at: datetime = timestamp()

    def actor(self) -> ActorRef:
        """Who did it."""
        return ActorRef(kind=ActorKind(self.actor_kind), id=self.actor_id)

    def acting_for(self) -> ActorRef | None:
        """For whom a service did it."""
        return ActorRef(kind=ActorKind(self.acting_for_kind), id=self.acting_for_id) if self.acting_for_kind else None


class AuditLinkRow(Row, table=True):
    """An entry's place in its chain. The database writes it with the entry; `hotel_id` is the nil UUID for platform work."""

    __tablename__ = "audit_links"

    hotel_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True))
    event_id: UUID
    hash: bytes = Field(sa_type=LargeBinary)

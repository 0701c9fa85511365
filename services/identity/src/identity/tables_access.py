"""The rows of a hotel's API keys, and of impersonations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from contracts.events import ApiKeyRevoked, ImpersonationEnded, ImpersonationStarted
from contracts.ids import ApiKeyId, HotelId, SessionId, UserId
from servicekit import TenantRow, new_id, timestamp


class ApiKeyRow(TenantRow, table=True):
    """A key of a hotel's other systems, by the hashes of its present and its former secret.

    `sid` is the session of the tokens that the present secret is exchanged for, `former_sid` of the former's.
    """

    __tablename__ = "api_keys"

    name: str
    scopes: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    created_by: UUID
    key_hash: str
    hint: str
    """The last four characters, by which people tell their keys."""
    sid: UUID = Field(default_factory=new_id)
    former_hash: str | None = None
    former_sid: UUID | None = None
    former_until: datetime | None = timestamp(nullable=True)
    expires_at: datetime = timestamp()
    rotated_at: datetime | None = timestamp(nullable=True)
    last_used_at: datetime | None = timestamp(nullable=True)
    revoked_at: datetime | None = timestamp(nullable=True)

    def revoked(self, sid: UUID, at: datetime) -> ApiKeyRevoked:
        """The event that ends the tokens of that session."""
        return ApiKeyRevoked(
            api_key_id=ApiKeyId(self.id),
            hotel_id=HotelId(self.hotel_id),
            sid=SessionId(sid),
            revoked_at=at,
            version=self.version,
        )


class ImpersonationRow(TenantRow, table=True):
    """Somebody of the platform in a member's place. The reason stays here: it is free text."""

    __tablename__ = "impersonations"

    user_id: UUID
    superadmin_id: UUID
    reason: str
    started_at: datetime = timestamp()
    expires_at: datetime = timestamp()
    ended_at: datetime | None = timestamp(nullable=True)
    ended_by: UUID | None = None

    def started(self) -> ImpersonationStarted:
        """The event of its beginning."""
        return ImpersonationStarted.model_validate({**self._who(), "expires_at": self.expires_at})

    def ended(self, at: datetime) -> ImpersonationEnded:
        """The event of its end, before its time."""
        return ImpersonationEnded.model_validate({**self._who(), "ended_at": at})

    def _who(self) -> dict[str, object]:
        return {
            "sid": SessionId(self.id),
            "hotel_id": HotelId(self.hotel_id),
            "user_id": UserId(self.user_id),
            "superadmin_id": UserId(self.superadmin_id),
            "version": self.version,
        }

"""Who may use a hotel's front desk beside its own people: integrators' keys, and the platform's people in a member's place.
And what no token may be signed with any more."""

from typing import Annotated

from pydantic import AwareDatetime, StringConstraints

from contracts import topics
from contracts.event import Event, Version
from contracts.ids import ApiKeyId, HotelId, SessionId, UserId


class ApiKeyRevoked(Event, type="apikey.revoked", topic=topics.ACCESS, key="sid"):
    """What an API key was exchanged for no longer holds: it was revoked, or has another secret."""

    api_key_id: ApiKeyId
    hotel_id: HotelId
    sid: SessionId
    """Tokens of this session are refused."""
    revoked_at: AwareDatetime
    version: Version


class ImpersonationStarted(Event, type="impersonation.started", topic=topics.ACCESS, key="sid"):
    """Somebody of the platform acts in a member's place, until `expires_at` at the latest."""

    sid: SessionId
    """The impersonation's id, which is the session of its token."""
    hotel_id: HotelId
    user_id: UserId
    """The member."""
    superadmin_id: UserId
    expires_at: AwareDatetime
    version: Version


class ImpersonationEnded(Event, type="impersonation.ended", topic=topics.ACCESS, key="sid"):
    """An impersonation was ended before its time; its token, whose session it is, no longer holds."""

    sid: SessionId
    """The impersonation's id."""
    hotel_id: HotelId
    user_id: UserId
    superadmin_id: UserId
    ended_at: AwareDatetime
    version: Version


class SigningKeyWithdrawn(Event, type="signingkey.withdrawn", topic=topics.SIGNING_KEYS, key="kid"):
    """A key that signs tokens is in the wrong hands: whatever it signed, before or since, is refused."""

    kid: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    """The key's id, as tokens and the key set name it: its thumbprint (RFC 7638)."""
    withdrawn_at: AwareDatetime
    version: Version

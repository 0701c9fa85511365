"""What an access token says (RFC 9068 where it applies). Pure.

`iat` keeps its fractions of a second: a token issued in the same second as a role change must be told from one before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

USER_AUDIENCE = "frontdesk"
"""Every service takes the tokens of users."""
ENROLMENT_AUDIENCE = ("identity", "gateway")
"""Who takes the tokens of users that can only set up a second factor: nobody else has anything for them."""

Claims = dict[str, object]


def user_claims(
    *, user_id: UUID, hotel_id: UUID | None, role: str, scopes: Sequence[str], sid: UUID, at: datetime, lifetime: timedelta,
    issuer: str, jti: UUID, enrolling: bool = False,
) -> Claims:  # fmt: skip
    """A person's token: who, in which hotel (None: the platform), in which session, allowed what.

    `enrolling`: nothing but to set up the second factor that the hotel asks for.
    """
    return {
        **_frame(issuer, ENROLMENT_AUDIENCE if enrolling else USER_AUDIENCE, str(user_id), at, lifetime, jti),
        "kind": "user",
        "hotel_id": None if hotel_id is None else str(hotel_id),
        "role": role,
        "scopes": [] if enrolling else list(scopes),
        "sid": str(sid),
        **({"enrolling": True} if enrolling else {}),
    }


def service_claims(
    *, client_id: str, audience: str, hotel_id: UUID | None, scopes: Sequence[str], act: Mapping[str, object] | None,
    at: datetime, lifetime: timedelta, issuer: str, jti: UUID,
) -> Claims:  # fmt: skip
    """A service's token for one other service, in one hotel, on behalf of `act` (RFC 8693, 4.1) if of anybody."""
    return {
        **_frame(issuer, audience, client_id, at, lifetime, jti),
        "kind": "service",
        "client_id": client_id,
        "hotel_id": None if hotel_id is None else str(hotel_id),
        "scopes": list(scopes),
        **({"act": dict(act)} if act else {}),
    }


def api_key_claims(
    *, key_id: UUID, hotel_id: UUID, scopes: Sequence[str], sid: UUID, at: datetime, lifetime: timedelta, issuer: str,
    jti: UUID,
) -> Claims:  # fmt: skip
    """What an API key is exchanged for: a token of the hotel's, for every service, revoked by its session."""
    return {
        **_frame(issuer, USER_AUDIENCE, str(key_id), at, lifetime, jti),
        "kind": "api_key",
        "hotel_id": str(hotel_id),
        "scopes": list(scopes),
        "sid": str(sid),
    }


def impersonation_claims(
    *, user_id: UUID, superadmin_id: UUID, hotel_id: UUID, role: str, scopes: Sequence[str], sid: UUID, at: datetime,
    lifetime: timedelta, issuer: str, jti: UUID,
) -> Claims:  # fmt: skip
    """A member's token in the hands of `superadmin_id`: `act` names who acts (RFC 8693, 4.1)."""
    member = user_claims(
        user_id=user_id, hotel_id=hotel_id, role=role, scopes=scopes, sid=sid, at=at, lifetime=lifetime, issuer=issuer,
        jti=jti,
    )  # fmt: skip
    return {**member, "act": {"sub": str(superadmin_id), "kind": "user", "id": str(superadmin_id)}}


def _frame(
    issuer: str, audience: str | Sequence[str], subject: str, at: datetime, lifetime: timedelta, jti: UUID
) -> Claims:
    issued = at.timestamp()
    return {
        "iss": issuer,
        "aud": audience if isinstance(audience, str) else list(audience),
        "sub": subject,
        "iat": issued,
        "exp": issued + lifetime.total_seconds(),
        "jti": str(jti),
    }

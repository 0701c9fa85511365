"""Guests' tokens: made and checked here alone, for the widget alone, bound to one hotel and one guest for 24 hours."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import jwt
from jwt.types import Options

from contracts.actor import ActorKind
from contracts.errors import Unauthenticated
from contracts.ids import GuestId, HotelId
from servicekit.actor import Actor
from servicekit.clock import Clock

ALGORITHM = "HS256"
AUDIENCE = "widget"
LIFETIME = timedelta(hours=24)
MIN_KEY_BYTES = 32
"""RFC 7518, 3.2: the key is at least as long as the hash."""
REMEMBERED = 10_000
"""Guests whose token need not be checked again; each is some 1.5 kB."""

_OPTIONS: Options = {"require": ["exp", "iat", "aud", "sub"], "verify_exp": False, "verify_iat": False}


class WeakKey(ValueError):
    """FRONTDESK_GUEST_TOKEN_KEY is shorter than the hash it keys."""


@dataclass(frozen=True, slots=True)
class GuestTokens:
    """Issues and verifies. Expiry goes by `clock`.

    Who was told by a token is remembered by its SHA-256: guests send the same one with every message, and the key never
    changes while the process lives.
    """

    key: str
    clock: Clock
    _known: OrderedDict[bytes, Actor] = field(default_factory=OrderedDict[bytes, Actor], init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.key.encode()) < MIN_KEY_BYTES:
            raise WeakKey(f"FRONTDESK_GUEST_TOKEN_KEY needs {MIN_KEY_BYTES} bytes or more")

    def issue(self, hotel_id: HotelId, guest_id: GuestId) -> tuple[str, datetime]:
        """A token for that guest, and when it expires."""
        now = self.clock()
        expires_at = now + LIFETIME
        claims = {
            "sub": str(guest_id),
            "hotel_id": str(hotel_id),
            "aud": AUDIENCE,
            "iat": now.timestamp(),
            "exp": expires_at.timestamp(),
        }
        return jwt.encode(claims, self.key, ALGORITHM), expires_at

    def verify(self, token: str) -> Actor | None:
        """The guest; None when it is no guest's token at all, but perhaps a member of staff's.

        Raises:
            Unauthenticated: a guest's token that is forged, expired or malformed.
        """
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        actor = self._known.get(digest)
        if actor is None:
            actor = self._check(token)
            if actor is None:
                return None
            self._known[digest] = actor
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        if actor.expires_at <= self.clock():
            self._known.pop(digest, None)
            raise Unauthenticated("The guest session has expired")
        return actor

    def _check(self, token: str) -> Actor | None:
        try:
            if jwt.get_unverified_header(token).get("alg") != ALGORITHM:
                return None
        except (jwt.InvalidTokenError, UnicodeError):
            return None
        try:
            claims = jwt.decode(token, self.key, algorithms=[ALGORITHM], audience=AUDIENCE, options=_OPTIONS)
            actor = Actor(
                kind=ActorKind.GUEST,
                id=UUID(claims["sub"]),
                hotel_id=HotelId(UUID(claims["hotel_id"])),
                issued_at=datetime.fromtimestamp(float(claims["iat"]), UTC),
                expires_at=datetime.fromtimestamp(float(claims["exp"]), UTC),
                subject=str(UUID(claims["sub"])),
            )
        except (
            jwt.InvalidTokenError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            OverflowError,
            OSError,
        ) as error:
            raise Unauthenticated("The guest session does not hold") from error
        return actor

"""Sign-in by OpenID Connect: which way back is allowed, what a browser proves, whom a connection vouches for. Pure.

A connection is an issuer that a hotel, or the platform, trusts. A sign-in begins in a browser that keeps a random value
in a cookie, the binder. `state` says, sealed, for what it is and for which binder; PKCE's verifier (RFC 7636) and the
nonce are made of both. So nothing is stored before somebody has signed in, and nothing in an address is of use to
another browser.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from contracts.errors import DomainError, Forbidden, Invalid, Unauthenticated
from identity.domain.sessions import FRESH

STATE_LIFE = timedelta(minutes=10)
"""How long somebody may take at the issuer."""
HANDOVER = timedelta(seconds=60)
"""How long a one-time code waits for its exchange."""
SECOND_FACTOR = timedelta(minutes=5)
"""And how long, where the second factor was asked for on the first try."""
KNOWN_FOR = timedelta(days=1)
"""An identity that was linked later than this proves nothing about an account that is older: whoever has got hold of a
session could have linked one of their own."""
EVERY_DOMAIN = "*"
BINDER = re.compile(r"[A-Za-z0-9_-]{43}")
_WRITTEN = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without white space and backslash, which browsers take for a slash."""


class BadReturn(Invalid):
    """The page to come back to is none of the dashboard's."""

    slug, title = "bad-return", "Signing in leads back to the dashboard only"


class BadState(Invalid):
    """The answer belongs to no sign-in of this browser, or comes too late."""

    slug, title, status = (
        "bad-state",
        "This sign-in was not begun in this browser, or it took too long; start again",
        400,
    )


class IssuerUnavailable(DomainError):
    """The issuer cannot be reached, or what it says of itself does not hold."""

    slug, title, status = "issuer-unavailable", "The sign-in provider does not answer as it should", 503


class SignInRefused(Unauthenticated):
    """The issuer did not sign anybody in, or its word does not hold; the log says which."""

    slug, title = "sign-in-refused", "The sign-in provider's answer was not accepted"


class NotAdmitted(Forbidden):
    """Whoever it is has no account here that this connection may open, and may not be given one."""

    slug, title = "not-admitted", "Nobody is known here by this sign-in"


class BadCode(Unauthenticated):
    """The one-time code is unknown, used, too old, or another browser's."""

    slug, title = "bad-code", "This sign-in is over, start again"


@dataclass(frozen=True, slots=True)
class Begun:
    """What `state` says.

    Attributes:
        binder_hash: of the browser's binder.
        link_to: the account that a new identity is to be linked to; None signs in.
        link_from: the session that this was begun in.
        fresh: the issuer was asked to have the person sign in there anew.
    """

    connection: str
    return_to: str
    binder_hash: str
    expires_at: float
    salt: str
    link_to: str | None = None
    link_from: str | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Assertion:
    """What a verified ID token says of somebody.

    Attributes:
        email: in the form that is stored; None unless the issuer says it verified it.
        signed_in_at: when the person signed in there, seconds since the epoch; None where the issuer does not say.
    """

    issuer: str
    subject: str
    email: str | None
    name: str
    organisations: frozenset[str]
    signed_in_at: float | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """What a connection's word is good for.

    Attributes:
        of_platform: the platform's own connection; its organisations are hotels.
        domains: for which it vouches, confirmed by the platform; `*` is every one, and the platform's alone.
        organisations: whose people become members; none named: everybody of the domains.
    """

    of_platform: bool
    domains: frozenset[str]
    organisations: frozenset[str]

    def vouches_for(self, assertion: Assertion) -> bool:
        """Whether the address that it asserts is taken for that person's: to find or to make their account."""
        if assertion.email is None:
            return False
        domain = assertion.email.rpartition("@")[2]
        return domain in self.domains or (self.of_platform and EVERY_DOMAIN in self.domains)

    def admits(self, assertion: Assertion) -> bool:
        """Whether that person becomes a member of the hotel without being asked for."""
        if self.of_platform:
            return True  # the hotel was found by its organisation
        if self.organisations:
            return not self.organisations.isdisjoint(assertion.organisations)
        return self.vouches_for(assertion)

    def opens(self, *, superadmin: bool) -> bool:
        """Whether it opens an account of that kind: a hotel's connection opens none of the platform's own people."""
        return self.of_platform or not superadmin


def check_return_to(given: str, origins: Sequence[str]) -> str:
    """The address to come back to: a path of the first origin, or a whole address on one of them.

    Raises:
        BadReturn: it leads elsewhere, or could be read as if it did.
    """
    if not origins or not _WRITTEN.fullmatch(given) or "#" in given:
        raise BadReturn
    if given.startswith("/") and not given.startswith("//"):
        return origins[0] + given
    try:
        parts = urlsplit(given)
    except ValueError:
        raise BadReturn from None
    if "@" in parts.netloc or f"{parts.scheme}://{parts.netloc}" not in origins:
        raise BadReturn
    return given


def hash_of(secret: str) -> str:
    """SHA-256 in hex: enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def derived(binder: str, state: str, what: str) -> str:
    """A value that nobody makes without the binder: 256 bits, written as RFC 7636, 4.1 wants a verifier."""
    return _base64url(hmac.digest(binder.encode(), f"{what}\x00{state}".encode(), "sha256"))


def challenge_of(verifier: str) -> str:
    """PKCE's S256 challenge (RFC 7636, 4.2)."""
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def check_begun(begun: Begun, binder: str, now: datetime) -> None:
    """A `state` that we sealed, in that browser, in time.

    Raises:
        BadState: another browser's, or too late.
    """
    if not hmac.compare_digest(begun.binder_hash, hash_of(binder)) or now.timestamp() >= begun.expires_at:
        raise BadState


def check_signed_in_anew(assertion: Assertion, now: datetime) -> None:
    """The issuer had the person sign in anew, as it was asked to. One that does not say when is believed.

    Raises:
        SignInRefused: it let them pass on an older sign-in.
    """
    if assertion.signed_in_at is not None and now.timestamp() - assertion.signed_in_at > FRESH.total_seconds():
        raise SignInRefused


def is_proof(linked_at: datetime, account_made_at: datetime, now: datetime) -> bool:
    """Whether an identity stands for the account's owner beside the password, and not for whoever linked it today."""
    return linked_at <= account_made_at or now - linked_at >= KNOWN_FOR


def organisations_in(claims: Mapping[str, object], path: str) -> frozenset[str]:
    """The organisations that the claim names: a string or a list, also inside of objects (`o.id`)."""
    found: object = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    named = found if isinstance(found, list) else [found]
    return frozenset(name for name in named if isinstance(name, str) and 0 < len(name) <= 200)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

"""The second factor of the password sign-in: which code is accepted, once, and how often it may be guessed. Pure.

Codes of an authenticator app are TOTP (RFC 6238): SHA-1, six digits, a new one every 30 seconds, which is what every
such app can do. A code is accepted once (5.2), also a step early or late, for clocks that differ.

A recovery code stands in for the app. It has 80 random bits: nobody guesses it, so no count of tries holds for it.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from pyotp.hotp import HOTP
from pyotp.totp import TOTP

from contracts.errors import Conflict, Invalid, Unauthenticated

PERIOD_SECONDS, DIGITS = 30, 6
WINDOW = 1
"""Steps that a code may be early or late (RFC 6238, 5.2: one for the way)."""
SECRET_BYTES = 20
"""160 bits, as RFC 4226, 4, R6 recommends."""
ENROLMENT = timedelta(minutes=15)
"""How long after its beginning an enrolment can be confirmed."""
RECOVERY_CODES, RECOVERY_BYTES = 10, 10

FREE_TRIES = 5
"""Wrong codes in a row that cost nothing but themselves."""
FIRST_LOCK, LONGEST_LOCK = timedelta(seconds=30), timedelta(hours=1)
"""From the fifth wrong code on each doubles the pause, up to an hour: 35 guesses on the first day and 24 on every later
one, of a million codes of which three are right at a time."""

_APP_CODE = re.compile(r"[0-9]{6}")
_RECOVERY_CODE = re.compile(r"[a-z2-7]{16}")


class SecondFactorRefused(Unauthenticated):
    """The password was right, the second factor was not. Returned by what checks it and raised by the edge, after the
    commit: what was tried stays counted."""

    slug, title = "second-factor-refused", "The second factor was not accepted"


class SecondFactorRequired(SecondFactorRefused):
    """The account has a second factor: send the same again with `second_factor`."""

    slug, title = "second-factor-required", "Enter the code of your authenticator app, or a recovery code"


class BadSecondFactor(SecondFactorRefused):
    """The code is not the present one, or was used before; the answer does not say which."""

    slug, title = "bad-second-factor", "This code is wrong or was used already"


class SecondFactorLocked(SecondFactorRefused):
    """Too many wrong codes in a row. No code of the app is looked at for a while; recovery codes are."""

    slug, title, status = "second-factor-locked", "Too many wrong codes; wait, or use a recovery code", 429

    def __init__(self, pause: timedelta) -> None:
        super().__init__()
        self.retry_after_seconds = ceil(pause.total_seconds())


class WrongSecondFactor(Invalid):
    """Somebody who is signed in sent a code that is not accepted. No 401: their session holds."""

    slug, title = "wrong-second-factor", "This code is wrong or was used already"


class SecondFactorOn(Conflict):
    """There is a second factor already."""

    slug, title = "second-factor-on", "The second factor is on; switch it off first"


class SecondFactorOff(Conflict):
    """There is no second factor."""

    slug, title = "second-factor-off", "The second factor is off"


class NoEnrolment(Conflict):
    """Nothing waits to be confirmed."""

    slug, title = "no-enrolment", "Begin with a new secret; a code confirms it within 15 minutes"


class OwnSecondFactor(Conflict):
    """Resetting is for somebody else's: a stolen session must not be enough to lose one's own."""

    slug, title = "own-second-factor", "Switch your own second factor off with a code"


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong codes in a row, and until when no other is looked at."""

    failures: int = 0
    locked_until: datetime | None = None

    def pause(self, now: datetime) -> timedelta | None:
        """How long no code is looked at; None: it is."""
        return self.locked_until - now if self.locked_until is not None and self.locked_until > now else None

    def after_failure(self, now: datetime) -> "Tries":
        """One more wrong code."""
        failures = self.failures + 1
        if failures < FREE_TRIES:
            return Tries(failures)
        doublings = min(failures - FREE_TRIES, 10)
        return Tries(failures, now + min(FIRST_LOCK * 2**doublings, LONGEST_LOCK))


def step_of(at: datetime) -> int:
    """The number of the 30 seconds in which the moment lies, from the epoch."""
    return int(at.timestamp()) // PERIOD_SECONDS


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of that step."""
    return HOTP(written(secret), digits=digits).at(step)


def accepted_step(secret: bytes, code: str, now: datetime, last_step: int) -> int | None:
    """The step whose code this is, when it may still be used: within the window, and later than the last one used."""
    present = step_of(now)
    window = range(present - WINDOW, present + WINDOW + 1)
    matching = [step for step in window if hmac.compare_digest(code_of(secret, step), code)]  # all, in the same time
    return next((step for step in matching if step > last_step), None)


def written(secret: bytes) -> str:
    """The secret as people type it into their app: base32."""
    return base64.b32encode(secret).decode()


def enrolment_uri(secret: bytes, email: str, issuer: str) -> str:
    """The `otpauth://` address that apps read from a QR code."""
    return TOTP(written(secret)).provisioning_uri(name=email, issuer_name=issuer)


def app_code_in(given: str) -> str | None:
    """The six digits, when that is what was given; apps show them with a gap."""
    plain = _plain(given)
    return plain if _APP_CODE.fullmatch(plain) else None


def recovery_code_in(given: str) -> str | None:
    """The recovery code as it is hashed, when that is what was given; hyphens and capitals do not matter."""
    plain = _plain(given)
    return plain if _RECOVERY_CODE.fullmatch(plain) else None


def recovery_code(random: bytes) -> str:
    """A recovery code as it is shown, of 10 random bytes: `abcd-efgh-ijkl-mnop`."""
    plain = base64.b32encode(random).decode().lower()
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def hash_of(plain_recovery_code: str) -> str:
    """SHA-256 in hex: enough for 80 random bits, which no dictionary holds and nobody tries one by one."""
    return hashlib.sha256(plain_recovery_code.encode()).hexdigest()


def _plain(given: str) -> str:
    return re.sub(r"[\s-]", "", given).lower()

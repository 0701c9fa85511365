"""A mail on its way out: what became of one try, when the next one is, and when it is given up. Pure.

A mail may arrive twice, when the connection or this process ends between the server's taking it and our noting it; both
carry the same Message-ID, by which mailboxes know them as one. SMTP itself has no better (RFC 1047).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_PAUSE = timedelta(minutes=15)
"""Between two tries: servers that grey-list let a mail in after some minutes."""
_DOUBLINGS = 20


class MailKind(StrEnum):
    """What it is about."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of mail
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of mail


class MailStatus(StrEnum):
    """Where it stands. Only one that waits still has its recipient and link."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    """The server takes no mail for this address, or not this mail."""
    GIVEN_UP = "given_up"
    """It could not be handed over while what it says held."""
    DROPPED = "dropped"
    """There is nothing to say any more: withdrawn, replaced, or no account has this address."""


class Tried(StrEnum):
    """How one try ended."""

    TAKEN = "taken"
    REFUSED = "refused"
    FAILED = "failed"
    """The server is away, busy or at fault: another time."""


@dataclass(frozen=True, slots=True)
class Try:
    """One try, with the SMTP reply code or what was wrong with the connection; never with the server's words, which
    repeat the address."""

    tried: Tried
    why: str = ""


@dataclass(frozen=True, slots=True)
class Next:
    """What comes after it. `at`: the next try, of one that waits."""

    status: MailStatus
    at: datetime | None = None


def after(tried: Tried, tries: int, now: datetime, valid_until: datetime, first_pause: timedelta) -> Next:
    """What comes after the `tries`-th try. Pauses double, up to a quarter of an hour."""
    if tried is Tried.TAKEN:
        return Next(MailStatus.SENT)
    if tried is Tried.REFUSED:
        return Next(MailStatus.REFUSED)
    pause = min(first_pause * 2 ** min(tries - 1, _DOUBLINGS), LONGEST_PAUSE)
    return Next(MailStatus.GIVEN_UP) if now + pause >= valid_until else Next(MailStatus.WAITING, now + pause)


def judged(code: int, *, of_the_mail: bool) -> Tried:
    """What a reply code means (RFC 5321, 4.2.1), given to this mail or its recipient, or to us and our connection: only
    of the mail is a 5yz the last word; whatever is wrong with us, the operator mends."""
    return Tried.REFUSED if of_the_mail and 500 <= code < 600 else Tried.FAILED

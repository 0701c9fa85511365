"""How long a session lasts and what a refresh token may still do. Pure; times come from the caller's clock.

A session is one sign-in and at the same time one family of refresh tokens: every use hands out the next token and
retires the one that was used (RFC 9700, 4.14.2). A retired one that comes back means that two parties hold the
family, so all of it ends.

Two tabs may refresh at the same moment, and an answer may get lost on the way. So for a few seconds the token that was
used last gives another successor, as long as none of its successors was used. Successors of one token are alternatives:
the first that is used makes the others void, and whoever comes with one of those ends the family. Of two parties that
hold a family, the second to go on is found, whenever it does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.errors import Forbidden, Invalid, Unauthenticated

FRESH = timedelta(minutes=10)
"""How long a sign-in that an issuer was asked for anew stands in for the password."""


class BadCredentials(Unauthenticated):
    """The address or the password is wrong; the answer does not say which."""

    slug, title = "bad-credentials", "E-mail address or password is wrong"


class WrongPassword(Invalid):
    """Somebody who is signed in did not know their present password. No 401: their session holds."""

    slug, title = "wrong-password", "The current password is wrong"


class SessionOver(Unauthenticated):
    """The refresh token is unknown, used, expired or revoked: sign in again."""

    slug, title = "session-over", "The session is over, sign in again"


class SessionConfined(Forbidden):
    """A hotel's own issuer opened the session, and speaks for that hotel alone."""

    slug, title = "session-confined", "This sign-in is for one hotel; sign in to the other one"


class FreshSignInNeeded(Forbidden):
    """What cannot be undone takes more than a session: the password, or a sign-in at an issuer that was asked for anew."""

    slug, title = "fresh-sign-in-needed", "Type your password, or sign in again at your sign-in provider first"


def check_fresh(reproved_at: datetime | None, now: datetime) -> None:
    """The owner proved at an issuer just now who they are.

    Raises:
        FreshSignInNeeded: not in the last ten minutes.
    """
    if reproved_at is None or now - reproved_at > FRESH:
        raise FreshSignInNeeded


class EndReason(StrEnum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"
    REVOKED_ALL = "revoked_all"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a reason, not a token
    ACCESS_REMOVED = "access_removed"
    ACCOUNT_DELETED = "account_deleted"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason, not a password
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a reason, not a password
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    SECOND_FACTOR_RESET = "second_factor_reset"


class RefreshVerdict(StrEnum):
    """What a presented refresh token leads to."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    """Hand out another successor beside those of this token that are there."""
    REFUSE = "refuse"
    END_FAMILY = "end_family"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long things last.

    Attributes:
        idle: a refresh token that is not used for this long is void.
        absolute: a session ends this long after sign-in, however busy it is.
        overlap: so long a refresh token that was used may be used again, if nobody went on with what it brought.
    """

    idle: timedelta = timedelta(days=14)
    absolute: timedelta = timedelta(days=60)
    overlap: timedelta = timedelta(seconds=10)

    def session_ends(self, started_at: datetime) -> datetime:
        """When a session that starts at `started_at` ends at the latest."""
        return started_at + self.absolute

    def token_ends(self, issued_at: datetime, session_ends_at: datetime) -> datetime:
        """When a refresh token issued at `issued_at` is void."""
        return min(issued_at + self.idle, session_ends_at)


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """What is known of a refresh token that somebody presents, and of its session.

    Attributes:
        expires_at: from then on it is void.
        rotated_at: when it was used first; None: it was not.
        session_ended_at: when the session ended; None: it goes on.
        behind: by how many generations the family has gone on since this token's. A generation is the successors of one
            token; the present one is 0 behind.
    """

    expires_at: datetime
    rotated_at: datetime | None
    session_ended_at: datetime | None
    behind: int = 0


def judge(token: PresentedToken, now: datetime, overlap: timedelta) -> RefreshVerdict:
    """What to do with a refresh token. Reuse is judged before expiry: a stolen token does not become harmless by age."""
    if token.session_ended_at is not None:
        return RefreshVerdict.REFUSE
    if token.rotated_at is None and token.behind == 0:
        return RefreshVerdict.REFUSE if now >= token.expires_at else RefreshVerdict.ROTATE
    if token.rotated_at is not None and token.behind == 1 and now - token.rotated_at <= overlap:
        return RefreshVerdict.REPEAT
    return RefreshVerdict.END_FAMILY

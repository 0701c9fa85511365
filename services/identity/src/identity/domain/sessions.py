"""How long a session lasts and what a refresh token may still do. Pure; times come from the caller's clock.

A session is one sign-in and at the same time one family of refresh tokens: every use hands out the next token and
retires the one that was used (RFC 9700, 4.14.2). A retired one that comes back means that two parties hold the
family, so all of it ends. There is no grace for two requests that refresh at the same moment: the second one ends
the session. Clients refresh one at a time; the gateway does so per session.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.errors import Invalid, Unauthenticated


class BadCredentials(Unauthenticated):
    """The address or the password is wrong; the answer does not say which."""

    slug, title = "bad-credentials", "E-mail address or password is wrong"


class WrongPassword(Invalid):
    """Somebody who is signed in did not know their present password. No 401: their session holds."""

    slug, title = "wrong-password", "The current password is wrong"


class SessionOver(Unauthenticated):
    """The refresh token is unknown, used, expired or revoked: sign in again."""

    slug, title = "session-over", "The session is over, sign in again"


class EndReason(StrEnum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"
    REVOKED_ALL = "revoked_all"
    TOKEN_REUSED = "token_reused"  # noqa: S105 - a reason, not a token
    ACCESS_REMOVED = "access_removed"
    ACCOUNT_DELETED = "account_deleted"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a reason, not a password
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    SECOND_FACTOR_RESET = "second_factor_reset"


class RefreshVerdict(StrEnum):
    """What a presented refresh token leads to."""

    ROTATE = "rotate"
    REFUSE = "refuse"
    END_FAMILY = "end_family"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long things last.

    Attributes:
        idle: a refresh token that is not used for this long is void.
        absolute: a session ends this long after sign-in, however busy it is.
    """

    idle: timedelta = timedelta(days=14)
    absolute: timedelta = timedelta(days=60)

    def session_ends(self, started_at: datetime) -> datetime:
        """When a session that starts at `started_at` ends at the latest."""
        return started_at + self.absolute

    def token_ends(self, issued_at: datetime, session_ends_at: datetime) -> datetime:
        """When a refresh token issued at `issued_at` is void."""
        return min(issued_at + self.idle, session_ends_at)


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """What is known of a refresh token that somebody presents, and of its session."""

    expires_at: datetime
    rotated_at: datetime | None
    session_ended_at: datetime | None


def judge(token: PresentedToken, now: datetime) -> RefreshVerdict:
    """What to do with a refresh token. Reuse is judged before expiry: a stolen token does not become harmless by age."""
    if token.session_ended_at is not None:
        return RefreshVerdict.REFUSE
    if token.rotated_at is not None:
        return RefreshVerdict.END_FAMILY
    if now >= token.expires_at:
        return RefreshVerdict.REFUSE
    return RefreshVerdict.ROTATE

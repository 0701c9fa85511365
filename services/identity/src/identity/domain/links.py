"""Links in mails: a random token that opens one thing, once, for a while. Pure; randomness and times come from the caller.

The database keeps a token's hash alone. In a link it stands behind `#`: a browser sends that part to no server, so it is
in no log and no Referer.
"""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.errors import Conflict, DomainError

TOKEN_BYTES = 32


class LinkVoid(DomainError):
    """The link is unknown, used, expired, withdrawn or replaced; the answer does not say which."""

    slug, title, status = "link-void", "This link no longer holds; ask for a new one", 410


class InvitationUnbacked(DomainError):
    """Whoever sent the invitation may no longer give its role. Only who has the link hears of it."""

    slug, title, status = (
        "invitation-unbacked",
        "Whoever invited you may no longer do so; ask the hotel to invite you again",
        410,
    )


class AlreadyInvited(Conflict):
    """An invitation of this address is open."""

    slug, title = "already-invited", "This address is invited already; send the invitation again instead"


class InvitationClosed(Conflict):
    """It was accepted or withdrawn."""

    slug, title = "invitation-closed", "This invitation was accepted or withdrawn"


class Opens(StrEnum):
    """What a token opens. The value begins the token, so that secret scanners recognise ours."""

    INVITATION = "fdi_"
    PASSWORD_RESET = "fdp_"  # noqa: S105 - a prefix

    @property
    def page(self) -> str:
        """The dashboard's page for it."""
        return "invitation" if self is Opens.INVITATION else "password-reset"


class InvitationStatus(StrEnum):
    """Where an invitation stands. `expired` is an open one whose time is over, `unbacked` one whose sender may no longer
    give its role: send it again, or withdraw it. No row says so."""

    OPEN = "open"
    EXPIRED = "expired"
    UNBACKED = "unbacked"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the rules need to know of an invitation."""

    status: InvitationStatus
    expires_at: datetime

    def at(self, now: datetime, *, backed: bool = True) -> InvitationStatus:
        """Where it stands at that moment; `backed`: its sender may give the role."""
        if self.status is not InvitationStatus.OPEN:
            return self.status
        if now >= self.expires_at:
            return InvitationStatus.EXPIRED
        return InvitationStatus.OPEN if backed else InvitationStatus.UNBACKED

    def accepted(self, now: datetime, *, backed: bool) -> "Invitation":
        """Used up.

        Raises:
            LinkVoid: it is not open any more.
            InvitationUnbacked: it would be, if its sender still might give the role.
        """
        match self.at(now, backed=backed):
            case InvitationStatus.OPEN:
                pass
            case InvitationStatus.UNBACKED:
                raise InvitationUnbacked
            case _:
                raise LinkVoid
        return Invitation(InvitationStatus.ACCEPTED, self.expires_at)

    def renewed(self, now: datetime, lasting: timedelta) -> "Invitation":
        """Open for as long again.

        Raises:
            InvitationClosed: somebody accepted or withdrew it.
        """
        if self.status is not InvitationStatus.OPEN:
            raise InvitationClosed
        return Invitation(InvitationStatus.OPEN, now + lasting)

    def withdrawn(self) -> "Invitation":
        """Void; once more is no error.

        Raises:
            InvitationClosed: somebody accepted it.
        """
        if self.status is InvitationStatus.ACCEPTED:
            raise InvitationClosed
        return Invitation(InvitationStatus.WITHDRAWN, self.expires_at)


def token_of(opens: Opens, random: bytes) -> str:
    """The token of 32 random bytes."""
    return opens.value + urlsafe_b64encode(random).decode().rstrip("=")


def hash_of(token: str) -> str:
    """SHA-256 in hex: enough for 256 random bits, which no dictionary holds."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_to(dashboard_url: str, token: str) -> str:
    """The page that takes the token, at the address from the settings: never at one that a request names."""
    opens = Opens(token[: len(Opens.INVITATION.value)])
    return f"{dashboard_url.rstrip('/')}/{opens.page}#{token}"

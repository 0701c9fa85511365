"""The rows of mails on their way out, of invitations and of password resets."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from identity.domain.links import Invitation, InvitationStatus
from identity.domain.mail import MailKind, MailStatus, Next, Try
from servicekit import Row, TenantRow, new_id, timestamp

MAIL_TABLES: Mapping[str, str] = {
    "mails": "a reset's has no hotel; seen by the hotel or in the account's scope that it belongs to (row policy)",
    "password_resets": "of accounts; seen in the account's own scope alone (row policy)",
}
"""Tables whose rows need not belong to a hotel, and why."""


class MailRow(Row, table=True):
    """A mail that waits, or what became of it. A request for a new password has no `user_id` until somebody looked
    whether there is such an account."""

    __tablename__ = "mails"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hotel_id: UUID | None = None
    user_id: UUID | None = None
    kind: MailKind = Field(sa_type=Text)
    about: UUID | None = None
    """The invitation, of a mail that carries one."""
    language: str
    status: MailStatus = Field(default=MailStatus.WAITING, sa_type=Text)
    sealed: bytes | None = None
    """Recipient, names and the link's token, sealed by the vault for this row; gone once it waits no more."""
    tries: int = 0
    why: str = ""
    """What was wrong with the last try, as far as it tells of nobody."""
    created_at: datetime = timestamp()
    valid_until: datetime = timestamp()
    settled_at: datetime | None = timestamp(nullable=True)

    @property
    def place(self) -> tuple[str, str, UUID]:
        """Where the sealed part belongs, as the vault is told."""
        return "mails", "sealed", self.id

    def settle(self, status: MailStatus, at: datetime) -> None:
        """It waits no more, and forgets what it would have said to whom."""
        self.status, self.sealed, self.settled_at = status, None, at

    def note(self, tried: Try, following: Next, at: datetime) -> None:
        """One more try, and what comes after it."""
        self.tries, self.why = self.tries + 1, tried.why
        if following.status is not MailStatus.WAITING:
            self.settle(following.status, at)


class InvitationRow(TenantRow, table=True):
    """Somebody is asked to work for a hotel. Expired ones stay `open` in the row."""

    __tablename__ = "invitations"

    email: str
    name: str
    role: str
    """A built-in role, or the name of one of the hotel's own."""
    languages: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    status: InvitationStatus = Field(default=InvitationStatus.OPEN, sa_type=Text)
    token_hash: str
    expires_at: datetime = timestamp()
    invited_by: UUID | None = None
    accepted_by: UUID | None = None

    @property
    def state(self) -> Invitation:
        """What the rules need to know."""
        return Invitation(InvitationStatus(self.status), self.expires_at)

    def take(self, state: Invitation) -> None:
        """Become what the rules made of it."""
        self.status, self.expires_at = state.status, state.expires_at
        self.version += 1


class PasswordResetRow(Row, table=True):
    """The one link with which an account can choose a new password; a newer one takes its place, use deletes it."""

    __tablename__ = "password_resets"

    user_id: UUID = Field(primary_key=True)
    token_hash: str
    expires_at: datetime = timestamp()

"""What Clerk has told: which deliveries came, and the newest state of each of its objects, by ids alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from identity.domain.clerk import ObjectKind, Rank
from servicekit import Row, timestamp


class ClerkDeliveryRow(Row, table=True):
    """A delivery that was taken in, by Svix's id of it."""

    __tablename__ = "clerk_deliveries"

    svix_id: str = Field(primary_key=True)
    received_at: datetime = timestamp()


class ClerkObjectRow(Row, table=True):
    """A user, an organisation or a membership at Clerk, as the newest event about it has it; kept after its deletion."""

    __tablename__ = "clerk_objects"

    kind: ObjectKind = Field(primary_key=True, sa_type=Text)
    clerk_id: str = Field(primary_key=True)
    deleted: bool = False
    changed_ms: int = Field(default=0, sa_type=BigInteger)
    sent_ms: int = Field(default=0, sa_type=BigInteger)
    digest: str = ""
    organisation_id: str | None = None
    """Of a membership: Clerk's id of the organisation."""
    user_id: str | None = None
    """Of a membership: Clerk's id of the user."""
    role: str | None = None
    account_id: UUID | None = None
    """Of a user: the account here."""
    managed: bool = False
    """Of a user: the account was made for it, and is switched off with it."""
    pending: bool = False
    """Of a membership: not carried out yet, since its hotel or its person is not known here."""

    @property
    def rank(self) -> Rank:
        """How new it is."""
        return Rank(self.deleted, self.changed_ms, self.sent_ms, self.digest)

"""The rows of the keys that sign tokens and checkpoints. Platform scope alone sees them."""

from datetime import datetime

from sqlalchemy import LargeBinary, Text
from sqlmodel import Field

from identity.domain.signing_keys import KeyState, SigningKey
from servicekit import Row, timestamp


class SigningKeyRow(Row, table=True):
    """A key. Its private half is sealed by the vault for this row, and gone once it is a former one; the row stays."""

    __tablename__ = "signing_keys"

    kid: str = Field(primary_key=True)
    state: KeyState = Field(sa_type=Text)
    public_pem: str
    private: bytes | None = Field(default=None, sa_type=LargeBinary)
    published_at: datetime = timestamp()
    signs_since: datetime | None = timestamp(nullable=True)
    replaced_at: datetime | None = timestamp(nullable=True)
    withdrawn_at: datetime | None = timestamp(nullable=True)

    @property
    def place(self) -> tuple[str, str, str]:
        """Where the private half belongs, as the vault is told."""
        return "signing_keys", "private", self.kid

    def key(self) -> SigningKey:
        """The row as the rules see it."""
        return SigningKey(
            self.kid, KeyState(self.state), self.published_at, self.signs_since, self.replaced_at, self.withdrawn_at
        )

    def retire(self, at: datetime) -> None:
        """It signs no more."""
        self.state, self.private, self.replaced_at = KeyState.FORMER, None, at

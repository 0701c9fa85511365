"""The rows of the second factor: the secret that an account shares with its authenticator app, and its recovery codes."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from identity.domain.second_factor import Tries
from servicekit import Row, timestamp


class TotpRow(Row, table=True):
    """The authenticator app of an account. `confirmed_at` None: begun, and not asked for yet."""

    __tablename__ = "totp"

    user_id: UUID = Field(primary_key=True)
    secret: bytes
    """Sealed by the vault for this row."""
    started_at: datetime = timestamp()
    confirmed_at: datetime | None = timestamp(nullable=True)
    last_step: int = 0
    """The time step of the last code that was accepted: none is accepted twice."""
    failures: int = 0
    locked_until: datetime | None = timestamp(nullable=True)

    @property
    def place(self) -> tuple[str, str, UUID]:
        """Where the secret belongs, as the vault is told."""
        return "totp", "secret", self.user_id

    @property
    def tries(self) -> Tries:
        """The wrong codes so far."""
        return Tries(self.failures, self.locked_until)

    def count(self, tries: Tries) -> None:
        """Remember the wrong codes."""
        self.failures, self.locked_until = tries.failures, tries.locked_until


class RecoveryCodeRow(Row, table=True):
    """A recovery code, by its hash; gone once it was used."""

    __tablename__ = "recovery_codes"

    user_id: UUID = Field(primary_key=True)
    code_hash: str = Field(primary_key=True)

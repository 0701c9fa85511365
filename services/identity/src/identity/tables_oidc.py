"""The rows of sign-in by OpenID Connect: who is trusted (connections), who is who (identities), who just came back (codes)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from identity.domain.members import HotelRole
from identity.domain.oidc import Trust
from servicekit import Row, new_id, timestamp
from servicekit.vault import Vault


def _words() -> list[str]:
    return Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))


class OidcConnectionRow(Row, table=True):
    """An issuer that a hotel, or the platform (`hotel_id` None), trusts to sign its people in."""

    __tablename__ = "oidc_connections"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hotel_id: UUID | None = None
    version: int = 1
    created_at: datetime = timestamp()
    updated_at: datetime = timestamp()
    name: str
    issuer: str
    client_id: str
    client_secret: bytes | None = None
    """Sealed by the vault for this row."""
    domains: list[str] = _words()
    confirmed_domains: list[str] = _words()
    """Those for which the platform lets it vouch."""
    organisation_claim: str
    organisations: list[str] = _words()
    default_role: HotelRole = Field(sa_type=Text)
    enabled: bool = True

    @property
    def trust(self) -> Trust:
        """What its word is good for."""
        return Trust(
            of_platform=self.hotel_id is None,
            domains=frozenset(self.domains) & frozenset(self.confirmed_domains),
            organisations=frozenset(self.organisations),
        )

    @property
    def place(self) -> tuple[str, str, UUID]:
        """Where the secret belongs, as the vault is told."""
        return "oidc_connections", "client_secret", self.id

    def opened_secret(self, vault: Vault) -> str | None:
        """The client's secret, if it has one."""
        return None if self.client_secret is None else vault.open(self.client_secret, *self.place).decode()


class OidcIdentityRow(Row, table=True):
    """Somebody at an issuer is the owner of this account."""

    __tablename__ = "oidc_identities"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    user_id: UUID
    issuer: str
    subject: str
    linked_at: datetime = timestamp()
    last_used_at: datetime | None = timestamp(nullable=True)


class OidcCodeRow(Row, table=True):
    """Somebody has signed in at an issuer, and their browser now fetches the session; by the code's hash."""

    __tablename__ = "oidc_codes"

    code_hash: str = Field(primary_key=True)
    user_id: UUID
    hotel_id: UUID | None = None
    """The hotel that the sign-in is for; None: as with a password."""
    confined: bool = False
    """The hotel's own connection signed them in, so the session is for that hotel alone."""
    fresh: bool = False
    """The issuer was asked to have them sign in anew, and the identity is known for long enough to prove something."""
    binder_hash: str
    created_at: datetime = timestamp()
    expires_at: datetime = timestamp()

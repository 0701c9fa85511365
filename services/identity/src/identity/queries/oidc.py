"""Connections as their admins see them and as a sign-in page offers them; one's own identities."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.ids import HotelId
from identity.accounts import account_scope, is_confined
from identity.domain.members import HotelRole
from identity.tables_oidc import OidcConnectionRow, OidcIdentityRow
from servicekit import Transaction

_OFFERED = text(
    """
    select c.id, c.name from oidc_connections c left join hotels h on h.id = c.hotel_id
    where c.enabled and (c.hotel_id is null or (h.slug = :hotel and h.status = 'active'))
    order by c.hotel_id nulls last, c.name, c.id
    """
)


class ConnectionView(BaseModel):
    """A connection, without its secret."""

    id: UUID
    hotel_id: HotelId | None = Field(description="null: the platform's own")
    name: str
    issuer: str
    client_id: str
    has_secret: bool
    domains: list[str]
    confirmed_domains: list[str] = Field(description="for which it vouches")
    organisation_claim: str
    organisations: list[str]
    default_role: HotelRole
    enabled: bool
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: OidcConnectionRow) -> "ConnectionView":
        """The view of a row."""
        shown = {name: getattr(row, name) for name in cls.model_fields if name != "has_secret"}
        return cls.model_validate({**shown, "has_secret": row.client_secret is not None})


class Connections(BaseModel):
    """The connections of a hotel, or for a superadmin all."""

    items: list[ConnectionView]


class Offer(BaseModel):
    """One way to sign in."""

    id: UUID
    name: str


class Offers(BaseModel):
    """The ways to sign in beside a password."""

    items: list[Offer]


class IdentityView(BaseModel):
    """A sign-in at an issuer that opens one's account."""

    id: UUID
    issuer: str
    linked_at: datetime
    last_used_at: datetime | None


class Identities(BaseModel):
    """One's own identities."""

    items: list[IdentityView]


async def connection(connection_id: UUID, tx: Transaction) -> OidcConnectionRow:
    """The connection.

    Raises:
        NotFound: there is none, or it is another hotel's.
    """
    row = await tx.find(OidcConnectionRow, connection_id)
    if row is None:
        raise NotFound("No such connection")
    return row


async def enabled_connection(connection_id: UUID, tx: Transaction) -> OidcConnectionRow:
    """The connection, if people sign in by it at present.

    Raises:
        NotFound: they do not.
    """
    row = await connection(connection_id, tx)
    if not row.enabled:
        raise NotFound("No such connection")
    return row


async def list_connections(tx: Transaction) -> Connections:
    """What the transaction's scope shows: a hotel's own, or all, by name."""
    ordered = select(OidcConnectionRow).order_by(col(OidcConnectionRow.name), col(OidcConnectionRow.id)).limit(1000)
    return Connections(items=[ConnectionView.of(row) for row in await tx.scalars(ordered)])


async def offers(hotel: str | None, tx: Transaction) -> Offers:
    """The ways to sign in that a page offers: the hotel's, then the platform's. Platform scope."""
    found = await tx.execute(_OFFERED, {"hotel": hotel})
    return Offers(items=[Offer(id=row.id, name=row.name) for row in found])


async def identities(user_id: UUID, sid: UUID | None, tx: Transaction) -> Identities:
    """The account's own, the oldest first; to a session `sid` that is confined, those of its hotel's issuers."""
    async with account_scope(tx, user_id):
        mine = select(OidcIdentityRow).where(col(OidcIdentityRow.user_id) == user_id)
        if await is_confined(sid, tx):
            theirs = select(col(OidcConnectionRow.issuer)).where(col(OidcConnectionRow.hotel_id) == tx.hotel_id)
            mine = mine.where(col(OidcIdentityRow.issuer).in_(theirs))
        rows = await tx.scalars(mine.order_by(col(OidcIdentityRow.linked_at), col(OidcIdentityRow.id)))
        return Identities(items=[IdentityView.model_validate(row, from_attributes=True) for row in rows])

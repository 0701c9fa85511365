"""Connections: which issuers sign people in, for a hotel or for the platform, and for which domains they vouch.

A hotel's admin says which domains are the hotel's; the platform confirms them. An issuer that could vouch for any address
would open anybody's account. Whoever changes the issuer afterwards has them confirmed again.
"""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, StrictBool
from sqlalchemy import LargeBinary, func
from sqlmodel import col, select

from contracts.errors import Invalid
from identity.adapters.outbound import Refused, check_url
from identity.commands.grants import check_gives, hold_hotel
from identity.commands.second_factor import BATCH, Rewrapped
from identity.domain.members import HotelRole
from identity.domain.oidc import EVERY_DOMAIN
from identity.tables_oidc import OidcConnectionRow
from servicekit import Command, Transaction, check_version, new_id
from servicekit.vault import KEY_ID_AT, KEY_ID_BYTES, CannotOpen, Vault

CONNECTIONS_PER_HOTEL = 20


class TooManyConnections(Invalid):
    """A hotel has so many issuers and no more."""

    slug, title = "too-many-connections", f"At most {CONNECTIONS_PER_HOTEL} connections"


class NotItsDomain(Invalid):
    """Only what the connection names can be confirmed."""

    slug, title = "not-its-domain", "The connection does not name this domain"


def _issuer(written: str) -> str:
    try:
        target = check_url(written)
    except Refused:
        raise ValueError("an address like https://login.example.com") from None
    if (
        target.query
        or not written.isascii()
        or (target.scheme != "https" and target.host not in ("localhost", "127.0.0.1"))
    ):
        raise ValueError("an https address without a query")
    return written


IssuerUrl = Annotated[
    str, Field(max_length=500, description="exactly as its tokens say in `iss`"), AfterValidator(_issuer)
]
ConnectionName = Annotated[str, Field(min_length=1, max_length=80, description="on the button: Sign in with ...")]
ClientId = Annotated[str, Field(min_length=1, max_length=500)]
ClientSecret = Annotated[SecretStr, Field(min_length=1, max_length=1000, description="kept sealed, never shown")]
Domain = Annotated[
    str,
    Field(
        pattern=r"^(\*|([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63})$",
        max_length=253,
        description="lower case, in ASCII; `*` is every domain, for the platform's own connections",
    ),
]
Domains = Annotated[list[Domain], Field(max_length=50)]
Claim = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*){0,3}$",
        max_length=100,
        description="which claim names organisations: `org_id` or `o.id` (Clerk), `groups` (Keycloak), `hd` (Google)",
    ),
]
Organisations = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]],
    Field(max_length=50, description="whose people become members; none: everybody of the domains"),
]
DefaultRole = Annotated[HotelRole, Field(description="of those who become members by signing in")]


class CreateConnection(Command):
    """Let people sign in by an issuer."""

    name: ConnectionName
    issuer: IssuerUrl
    client_id: ClientId
    client_secret: ClientSecret | None = None
    domains: Domains = Field(default_factory=list)
    organisation_claim: Claim = "org_id"
    organisations: Organisations = Field(default_factory=list)
    default_role: DefaultRole = HotelRole.VIEWER
    enabled: StrictBool = True


class UpdateConnection(Command):
    """Change a connection; what is left out stays. Another issuer or client needs its secret again, and a hotel's has its
    domains confirmed again."""

    name: ConnectionName | None = None
    issuer: IssuerUrl | None = None
    client_id: ClientId | None = None
    client_secret: ClientSecret | None = None
    domains: Domains | None = None
    organisation_claim: Claim | None = None
    organisations: Organisations | None = None
    default_role: DefaultRole | None = None
    enabled: StrictBool | None = None


class ConfirmDomains(Command):
    """Those of the connection's domains that are really the hotel's; it vouches for no others."""

    domains: Domains


async def create_connection(command: CreateConnection, vault: Vault, tx: Transaction) -> OidcConnectionRow:
    """A connection of the transaction's hotel, or in platform scope of the platform.

    Raises:
        TooManyConnections: there are enough.
        NotItsDomain: `*` in a hotel's.
        BeyondOwnPermissions: the role of those who join by it brings more than the actor has.
    """
    await _check_role(command.default_role, tx)
    mine = (
        col(OidcConnectionRow.hotel_id).is_(None)
        if tx.hotel_id is None
        else col(OidcConnectionRow.hotel_id) == tx.hotel_id
    )
    if await tx.scalar(select(func.count()).select_from(OidcConnectionRow).where(mine)) >= CONNECTIONS_PER_HOTEL:
        raise TooManyConnections
    row = OidcConnectionRow(
        id=new_id(),
        hotel_id=tx.hotel_id,
        created_at=tx.now,
        updated_at=tx.now,
        **command.model_dump(exclude={"client_secret"}),
    )
    _check_domains(row)
    _set_secret(row, command.client_secret, vault)
    row.confirmed_domains = list(row.domains) if row.hotel_id is None else []
    tx.add(row)
    await tx.flush()
    tx.audit("oidc_connection.create", "oidc_connection", row.id)
    return row


async def update_connection(
    connection_id: UUID, command: UpdateConnection, if_match: int | None, vault: Vault, tx: Transaction
) -> OidcConnectionRow:
    """Change a connection.

    Raises:
        PreconditionFailed: somebody else changed it since.
        NotItsDomain: `*` in a hotel's.
        BeyondOwnPermissions: the role of those who join by it, before or after, brings more than the actor has.
    """
    row = await tx.get(OidcConnectionRow, connection_id)
    await _check_role(command.default_role or row.default_role, tx)
    row = await tx.lock(OidcConnectionRow, connection_id)
    check_version(row, if_match)
    await _check_role(row.default_role, tx)
    former = row.issuer, row.client_id
    for name, value in command.model_dump(exclude={"client_secret"}, exclude_none=True).items():
        setattr(row, name, value)
    _check_domains(row)
    if (row.issuer, row.client_id) != former:
        row.client_secret = None  # a secret is for the one whom it was entered for
        row.confirmed_domains = []
    if command.client_secret is not None:
        _set_secret(row, command.client_secret, vault)
    row.confirmed_domains = (
        list(row.domains) if row.hotel_id is None else [name for name in row.confirmed_domains if name in row.domains]
    )
    row.version, row.updated_at = row.version + 1, tx.now
    tx.audit("oidc_connection.update", "oidc_connection", row.id)
    return row


async def confirm_domains(connection_id: UUID, command: ConfirmDomains, tx: Transaction) -> OidcConnectionRow:
    """For which of its domains a hotel's connection vouches from now on. Platform scope.

    Raises:
        NotItsDomain: it does not name one of them.
    """
    row = await tx.lock(OidcConnectionRow, connection_id)
    if not set(command.domains) <= set(row.domains):
        raise NotItsDomain(pointer="/domains")
    row.confirmed_domains = list(dict.fromkeys(command.domains))
    row.version, row.updated_at = row.version + 1, tx.now
    tx.audit("oidc_connection.confirm_domains", "oidc_connection", row.id)
    return row


async def delete_connection(connection_id: UUID, tx: Transaction) -> None:
    """Nobody signs in by it any more; sessions go on, and who is who stays known."""
    row = await tx.lock(OidcConnectionRow, connection_id)
    await tx.delete(row)
    tx.audit("oidc_connection.delete", "oidc_connection", row.id)


async def rewrap_connections(after: UUID, vault: Vault, tx: Transaction) -> Rewrapped:
    """Wrap the next secrets, in the order of their ids, with the newest key. Platform scope."""
    key_id = func.substring(col(OidcConnectionRow.client_secret), KEY_ID_AT + 1, KEY_ID_BYTES, type_=LargeBinary)
    older = select(OidcConnectionRow).where(key_id != vault.key_id, col(OidcConnectionRow.id) > after)
    rows: Sequence[OidcConnectionRow] = await tx.scalars(
        older.order_by(col(OidcConnectionRow.id)).limit(BATCH).with_for_update()
    )
    lost: list[UUID] = []
    for row in rows:
        assert row.client_secret is not None  # null has no key id
        try:
            row.client_secret = vault.rewrap(row.client_secret, *row.place)
        except CannotOpen:
            lost.append(row.id)
    return Rewrapped(len(rows) - len(lost), tuple(lost), rows[-1].id if rows else None)


async def _check_role(role: str, tx: Transaction) -> None:
    """Whoever says in which role people join could give it, too. The platform gives all."""
    if tx.hotel_id is not None:
        await hold_hotel(tx.hotel_id, tx)
        await check_gives(role, tx)


def _check_domains(row: OidcConnectionRow) -> None:
    if row.hotel_id is not None and EVERY_DOMAIN in row.domains:
        raise NotItsDomain("a hotel's connection names its domains", pointer="/domains")
    row.domains = list(dict.fromkeys(row.domains))


def _set_secret(row: OidcConnectionRow, secret: SecretStr | None, vault: Vault) -> None:
    row.client_secret = None if secret is None else vault.seal(secret.get_secret_value().encode(), *row.place)

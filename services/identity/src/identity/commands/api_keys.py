"""API keys of a hotel: made, given another secret, revoked, and exchanged for the tokens that services verify.

A secret is said once and kept as its SHA-256: no dictionary holds 256 random bits, so a slow hash would add nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import and_, or_, text
from sqlmodel import col, select

from contracts.actor import ActorKind
from contracts.apikeys import DIGITS, RANDOM_LENGTH, api_key, is_api_key
from contracts.ids import ApiKeyId, HotelId
from contracts.permissions import Permission
from contracts.statuses import HotelStatus
from identity.commands.grants import actor_permissions, hold_hotel
from identity.domain.api_keys import (
    DEFAULT_DAYS,
    LONGEST_DAYS,
    LONGEST_OVERLAP,
    BadApiKey,
    KeyRevoked,
    check_scopes,
    is_use_noted,
    token_lifetime,
)
from identity.domain.hotels import HotelSuspended
from identity.domain.roles import check_within
from identity.tables import HotelRow
from identity.tables_access import ApiKeyRow
from servicekit import Actor, Command, Transaction, new_id
from servicekit.commands import AsNumber

HINT_LENGTH = 4
_HOTEL_OF = text("select hotel_of_api_key(:hash)")

KeyName = Annotated[str, Field(min_length=1, max_length=100, description="what the key is for")]
Scopes = Annotated[list[Permission], Field(min_length=1, max_length=len(Permission))]


class CreateApiKey(Command):
    """Make a key for a system of the hotel's."""

    name: KeyName
    scopes: Scopes
    expires_in_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS), AsNumber] = DEFAULT_DAYS


class RotateApiKey(Command):
    """Another secret for the same key."""

    keep_former_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=int(LONGEST_OVERLAP.total_seconds()),
            description="how long the former secret goes on; 0: not at all, as after a leak",
        ),
        AsNumber,
    ] = 0


class UseApiKey(Command):
    """Exchange a key for a token."""

    api_key: Annotated[SecretStr, Field(max_length=200)]


@dataclass(frozen=True, slots=True)
class Made:
    """A key, and its secret, which is said once."""

    row: ApiKeyRow
    secret: str


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What the token of a key says."""

    row: ApiKeyRow
    sid: UUID
    lifetime: timedelta


async def create_api_key(command: CreateApiKey, tx: Transaction) -> Made:
    """A new key of the transaction's hotel.

    Raises:
        ScopeNotYours: it would be allowed what its maker is not, or what is for people alone.
    """
    assert tx.actor.id is not None
    assert tx.hotel_id is not None  # routes that let a hotel's people in alone
    await hold_hotel(tx.hotel_id, tx)  # whose role changes just now has what it brings after that
    secret = _new_secret()
    row = ApiKeyRow(
        name=command.name,
        scopes=check_scopes(command.scopes, await actor_permissions(tx)),
        created_by=tx.actor.id,
        key_hash=_hash_of(secret),
        hint=secret[-HINT_LENGTH:],
        expires_at=tx.now + timedelta(days=command.expires_in_days),
    )
    tx.add(row)
    await tx.flush()
    tx.audit("api_key.create", "api_key", row.id)
    return Made(row, secret)


async def rotate_api_key(key_id: ApiKeyId, command: RotateApiKey, tx: Transaction) -> Made:
    """Another secret; the former one goes on for as long as was asked for. One from before that is void.

    Raises:
        NotFound: the hotel has no such key.
        KeyRevoked: it was revoked.
        BeyondOwnPermissions: whoever has the secret may do more than the actor.
    """
    assert tx.hotel_id is not None  # routes that let a hotel's people in alone
    await hold_hotel(tx.hotel_id, tx)
    row = await tx.lock(ApiKeyRow, key_id)
    if row.revoked_at is not None:
        raise KeyRevoked
    check_within(await actor_permissions(tx), permissions_of(row))
    secret = _new_secret()
    over = row.former_sid
    if command.keep_former_seconds:
        row.former_hash, row.former_sid = row.key_hash, row.sid
        row.former_until = tx.now + timedelta(seconds=command.keep_former_seconds)
        ended = [] if over is None else [over]
    else:
        ended = [row.sid] if over is None else [over, row.sid]
        row.former_hash = row.former_sid = row.former_until = None
    row.key_hash, row.hint, row.sid, row.rotated_at = _hash_of(secret), secret[-HINT_LENGTH:], new_id(), tx.now
    row.version += 1
    for sid in ended:
        tx.publish(row.revoked(sid, tx.now))
    await tx.flush()
    tx.audit("api_key.rotate", "api_key", row.id)
    return Made(row, secret)


async def revoke_api_key(key_id: ApiKeyId, tx: Transaction) -> ApiKeyRow:
    """The key is void, its tokens too, within seconds and for good. One that is revoked stays as it is.

    Raises:
        NotFound: the hotel has no such key.
    """
    row = await tx.lock(ApiKeyRow, key_id)
    if row.revoked_at is not None:
        return row
    row.revoked_at = tx.now
    row.version += 1
    for sid in (row.sid, row.former_sid):
        if sid is not None:
            tx.publish(row.revoked(sid, tx.now))
    await tx.flush()
    tx.audit("api_key.revoke", "api_key", row.id)
    return row


async def hotel_of(secret: str, tx: Transaction) -> HotelId | None:
    """Whose key it is, whatever its state; None when there was never such a one. Without a scope."""
    if not is_api_key(secret):
        return None
    hotel_id = await tx.scalar(_HOTEL_OF, {"hash": _hash_of(secret)})
    return None if hotel_id is None else HotelId(hotel_id)


async def exchange_api_key(secret: str, longest: timedelta, tx: Transaction) -> Exchanged:
    """What a token for this secret says. That the key was used is noted once a minute.

    Raises:
        BadApiKey: it is revoked, expired or replaced.
        HotelSuspended: the hotel is not served; the key waits.
    """
    assert tx.hotel_id is not None
    hotel = await tx.get(HotelRow, tx.hotel_id)
    digest = _hash_of(secret)
    former = and_(col(ApiKeyRow.former_hash) == digest, col(ApiKeyRow.former_until) > tx.now)
    # Locked: who revokes the key waits, and then ends this token's session, or we wait and find the key revoked.
    found = select(ApiKeyRow).where(or_(col(ApiKeyRow.key_hash) == digest, former)).with_for_update()
    row: ApiKeyRow | None = await tx.scalar(found)
    if row is None or row.revoked_at is not None:
        raise BadApiKey
    is_former = row.key_hash != digest
    until = min(row.expires_at, row.former_until) if is_former and row.former_until else row.expires_at
    lifetime = token_lifetime(until, tx.now, longest)
    sid = row.former_sid if is_former else row.sid
    if lifetime is None or sid is None:
        raise BadApiKey
    if hotel.status != HotelStatus.ACTIVE:
        raise HotelSuspended
    if not is_use_noted(row.last_used_at, tx.now):
        row.last_used_at = tx.now
    tx.actor = key_actor(row)
    tx.audit("api_key.exchange", "api_key", row.id)
    return Exchanged(row, sid, lifetime)


def permissions_of(row: ApiKeyRow) -> frozenset[Permission]:
    """What the key allows, of the permissions that there still are."""
    return frozenset(permission for permission in Permission if permission.value in row.scopes)


def key_actor(row: ApiKeyRow) -> Actor:
    """The key, as the actor of what is done with it."""
    return Actor(
        kind=ActorKind.SERVICE, hotel_id=HotelId(row.hotel_id), subject=str(row.id), api_key_id=ApiKeyId(row.id)
    )


def _new_secret() -> str:
    return api_key("".join(secrets.choice(DIGITS) for _ in range(RANDOM_LENGTH)))


def _hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

"""What Clerk's webhooks say, and which of two is the newer. Pure.

Deliveries come late, twice and in any order. So each object keeps the event of the highest rank, whatever came when: a
deletion is final, since Clerk gives no id twice; else the later change wins, `updated_at` being Clerk's own clock.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contracts.errors import Invalid
from contracts.values import Email
from identity.domain.members import HotelRole


class ObjectKind(StrEnum):
    """What of Clerk's is followed."""

    USER = "user"
    ORGANISATION = "organization"
    MEMBERSHIP = "organizationMembership"


class Rank(NamedTuple):
    """How new an event is, in the order of importance."""

    deleted: bool
    changed_ms: int
    sent_ms: int
    digest: str
    """Of the event's content, so that two of the same moment are told apart in the same way everywhere."""


class BadEvent(Invalid):
    """A signed event that does not hold what its type says."""

    slug, title = "bad-event", "The event does not hold what its type says"


ClerkId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,80}$")]
Milliseconds = Annotated[int, Field(ge=0, le=2**53)]


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Verification(_Lenient):
    status: str | None = None


class _Address(_Lenient):
    id: str | None = None
    email_address: str
    verification: _Verification | None = None


class _Ref(_Lenient):
    id: ClerkId


class _UserRef(_Lenient):
    user_id: ClerkId


class _Deleted(_Lenient):
    id: ClerkId


class _User(_Lenient):
    id: ClerkId
    updated_at: Milliseconds
    first_name: str | None = None
    last_name: str | None = None
    email_addresses: tuple[_Address, ...] = ()
    primary_email_address_id: str | None = None


class _Organisation(_Lenient):
    id: ClerkId
    updated_at: Milliseconds


class _Membership(_Lenient):
    id: ClerkId
    updated_at: Milliseconds = 0
    organization: _Ref
    public_user_data: _UserRef
    role: Annotated[str, Field(max_length=100)] = ""


class _Envelope(_Lenient):
    type: str
    timestamp: Milliseconds = 0
    data: dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Fact:
    """One event: the state of one object at one moment.

    Attributes:
        email: of a user: the primary address, if Clerk verified it.
    """

    kind: ObjectKind
    clerk_id: str
    rank: Rank
    email: str | None = None
    name: str = ""
    organisation_id: str | None = None
    user_id: str | None = None
    role: str | None = None


_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_TYPES = {f"{kind.value}.{verb}": kind for kind in ObjectKind for verb in ("created", "updated", "deleted")}


def fact_of(body: Mapping[str, object]) -> Fact | None:
    """What the event says; None for a type that is not followed.

    Raises:
        BadEvent: it does not hold what its type says.
    """
    try:
        envelope = _Envelope.model_validate(body)
        kind = _TYPES.get(envelope.type)
        if kind is None:
            return None
        return _fact(kind, envelope)
    except ValidationError as error:
        where = "/".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise BadEvent(pointer=f"/{where}") from None


def _fact(kind: ObjectKind, envelope: _Envelope) -> Fact:
    deleted = envelope.type.endswith(".deleted")
    digest = hashlib.sha256(json.dumps(envelope.data, sort_keys=True).encode()).hexdigest()

    def rank(changed_ms: int) -> Rank:
        return Rank(deleted, envelope.timestamp if deleted else changed_ms, envelope.timestamp, digest)

    match kind:
        case ObjectKind.MEMBERSHIP:
            member = _Membership.model_validate(envelope.data)
            return Fact(
                kind,
                member.id,
                rank(member.updated_at),
                organisation_id=member.organization.id,
                user_id=member.public_user_data.user_id,
                role=member.role,
            )
        case _ if deleted:
            return Fact(kind, _Deleted.model_validate(envelope.data).id, rank(0))
        case ObjectKind.ORGANISATION:
            organisation = _Organisation.model_validate(envelope.data)
            return Fact(kind, organisation.id, rank(organisation.updated_at))
        case ObjectKind.USER:
            user = _User.model_validate(envelope.data)
            email = _verified_email(user)
            name = " ".join(f"{user.first_name or ''} {user.last_name or ''}".replace("\x00", "").split())[:200]
            return Fact(kind, user.id, rank(user.updated_at), email, name or (email or "").partition("@")[0])


def _verified_email(user: _User) -> str | None:
    for address in user.email_addresses:
        if address.id == user.primary_email_address_id and address.verification is not None:
            try:
                return (
                    _EMAIL.validate_python(address.email_address) if address.verification.status == "verified" else None
                )
            except ValidationError:
                return None
    return None


@dataclass(frozen=True, slots=True)
class Word:
    """What one membership object says: how new it is, and its role; None when it no longer holds."""

    rank: Rank
    role: str | None


def role_wanted(words: Sequence[Word], roles: Mapping[str, HotelRole]) -> HotelRole | None:
    """The role in the hotel of somebody about whom these memberships speak; None: none of them holds any more.

    The newest that holds counts. A role that is not mapped is the least: a viewer.
    """
    holding = [word for word in words if word.role is not None]
    if not holding:
        return None
    newest = max(holding, key=lambda word: word.rank)
    return roles.get(newest.role or "", HotelRole.VIEWER)

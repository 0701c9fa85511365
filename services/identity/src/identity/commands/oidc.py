"""Sign-in by OpenID Connect after the issuer has spoken: whose account it is, of which hotel they are, and the one-time
code that their browser exchanges for a session.

An account that exists is found by a linked identity, or by an address that the connection vouches for; never by an
address alone, which any issuer can assert.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import col, select

from contracts.ids import HotelId
from contracts.statuses import HotelStatus, MembershipStatus, UserStatus
from identity.accounts import Access, access_of, account_of_email, account_scope
from identity.adapters.hashing import Passwords
from identity.commands.accounts import NewAccount, create_account
from identity.commands.joining import find_membership, join
from identity.commands.sessions import Started, start_session
from identity.domain.devices import UNKNOWN, Place
from identity.domain.hotels import HotelSuspended
from identity.domain.members import HotelRole
from identity.domain.oidc import HANDOVER, SECOND_FACTOR, Assertion, BadCode, NotAdmitted, Trust, hash_of, is_proof
from identity.domain.second_factor import SecondFactorRefused
from identity.domain.sessions import Lifetimes
from identity.tables import UserRow
from identity.tables_oidc import OidcCodeRow, OidcConnectionRow, OidcIdentityRow
from servicekit import Transaction, new_id
from servicekit.vault import Vault

CODE_PREFIX = "fdo_"
_BY_IDENTITY = text("select account_of_identity(:issuer, :subject)")
_BY_CODE = text("select account_of_oidc_code(:hash)")
_HOTEL_HELD = text("select status from hotels where id = :hotel_id for key share")
_BY_ORGANISATION = text(
    "select id from hotels where clerk_organisation_id = any(:organisations) and status <> 'deleted' order by id limit 1"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody whom an issuer signed in, and by which rules."""

    assertion: Assertion
    trust: Trust
    default_role: HotelRole
    hotel_id: HotelId | None
    fresh: bool = False
    """The issuer was asked to have them sign in anew."""


async def arrival_of(
    connection: OidcConnectionRow, assertion: Assertion, tx: Transaction, *, fresh: bool = False
) -> Arrival:
    """Where the sign-in leads: the connection's hotel, or for the platform's the hotel of their organisation, if it is
    one's. Platform scope."""
    hotel: UUID | None = connection.hotel_id
    if hotel is None and assertion.organisations:
        hotel = await tx.scalar(_BY_ORGANISATION, {"organisations": sorted(assertion.organisations)})
    return Arrival(
        assertion,
        connection.trust,
        HotelRole(connection.default_role),
        None if hotel is None else HotelId(hotel),
        fresh,
    )


async def admit(arrival: Arrival, binder: str, hasher: Passwords, tx: Transaction) -> str:
    """The one-time code of somebody who may come in, in the scope of the arrival's hotel. What they lack comes just in
    time: the link, the account, the membership. One that they had and lost does not come back.

    Raises:
        NotAdmitted: they may not.
        HotelSuspended: the hotel is not served, and they are no member yet.
        EmailTaken, AlreadyMember, IntegrityError: somebody was faster; the same again finds what they made.
    """
    assertion = arrival.assertion
    status = await tx.scalar(_HOTEL_HELD, {"hotel_id": arrival.hotel_id}) if arrival.hotel_id is not None else None
    user_id = await account_of_identity(assertion, tx)
    known = user_id is not None
    if user_id is None:
        if not arrival.trust.vouches_for(assertion):
            raise NotAdmitted
        user_id = await account_of_email(tx, assertion.email or "") or await _new_account(arrival, hasher, tx)
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        if user.status != UserStatus.ACTIVE or not arrival.trust.opens(superadmin=user.superadmin):
            raise NotAdmitted
        linked_at = await note_identity(user_id, assertion, tx, known=known)
        fresh = arrival.fresh and is_proof(linked_at, user.created_at, tx.now)
    if arrival.hotel_id is not None:
        await _ensure_member(arrival, user, status, tx)
    code = CODE_PREFIX + secrets.token_urlsafe(32)
    async with account_scope(tx, user_id):
        tx.add(
            OidcCodeRow(
                code_hash=hash_of(code),
                user_id=user_id,
                hotel_id=arrival.hotel_id,
                binder_hash=hash_of(binder),
                created_at=tx.now,
                expires_at=tx.now + HANDOVER,
                confined=not arrival.trust.of_platform,
                fresh=fresh,
            )
        )
    tx.audit("oidc.sign_in", "user", user_id)
    return code


async def account_of_identity(assertion: Assertion, tx: Transaction) -> UUID | None:
    """Whose identity it is."""
    return await tx.scalar(_BY_IDENTITY, {"issuer": assertion.issuer, "subject": assertion.subject})


async def note_identity(user_id: UUID, assertion: Assertion, tx: Transaction, *, known: bool) -> datetime:
    """Since when it is linked. In the scope of the locked account."""
    if known:
        mine = col(OidcIdentityRow.issuer) == assertion.issuer, col(OidcIdentityRow.subject) == assertion.subject
        row: OidcIdentityRow = await tx.scalar(select(OidcIdentityRow).where(*mine))
        row.last_used_at = tx.now
        return row.linked_at
    tx.add(
        OidcIdentityRow(
            id=new_id(),
            user_id=user_id,
            issuer=assertion.issuer,
            subject=assertion.subject,
            linked_at=tx.now,
            last_used_at=tx.now,
        )
    )
    await tx.flush()
    tx.audit("identity.link", "user", user_id)
    return tx.now


async def _new_account(arrival: Arrival, hasher: Passwords, tx: Transaction) -> UUID:
    """An account with a password that nobody knows; whoever wants one of their own resets it."""
    if arrival.hotel_id is None or not arrival.trust.admits(arrival.assertion):
        raise NotAdmitted  # it would belong nowhere
    row = await create_account(unguessable(arrival.assertion.email or "", arrival.assertion.name), tx, hasher)
    return row.id


def unguessable(email: str, name: str) -> NewAccount:
    """The account of somebody who signs in elsewhere."""
    return NewAccount(email=email, name=name, password=SecretStr(secrets.token_urlsafe(32)))


async def _ensure_member(arrival: Arrival, user: UserRow, status: str | None, tx: Transaction) -> None:
    assert arrival.hotel_id is not None
    membership = await find_membership(arrival.hotel_id, user.id, tx)
    if membership is not None:
        if membership.status != MembershipStatus.ACTIVE:
            raise NotAdmitted
        return
    if not arrival.trust.admits(arrival.assertion):
        raise NotAdmitted
    if status != HotelStatus.ACTIVE:
        raise HotelSuspended
    await join(user.id, user.name, arrival.default_role, tx)


async def access_by_code(code: str, tx: Transaction) -> Access | None:
    """What the owner of a one-time code may do in the hotel that the sign-in is for; None: nothing, or there is no such
    code."""
    user_id = await tx.scalar(_BY_CODE, {"hash": hash_of(code)})
    if user_id is None:
        return None
    async with account_scope(tx, user_id):
        row = await tx.get(OidcCodeRow, hash_of(code))
        return await access_of(user_id, None if row.hotel_id is None else str(row.hotel_id), tx)


async def exchange_code(
    code: str,
    binder: str,
    given: SecretStr | None,
    known: Access,
    lifetimes: Lifetimes,
    vault: Vault,
    tx: Transaction,
    place: Place = UNKNOWN,
    *,
    platform_asks: bool = True,
) -> Started | SecondFactorRefused:
    """The session of a one-time code, which is used up with it. Where the second factor is asked for, the code waits a
    little longer. A refusal must be committed: it was counted.

    Raises:
        BadCode: it is used, too old, or another browser's.
        BadCredentials, HotelSuspended: as `start_session`.
    """
    if tx.hotel_id is not None:
        await tx.execute(_HOTEL_HELD, {"hotel_id": tx.hotel_id})
    async with account_scope(tx, known.user_id):
        await tx.lock(UserRow, known.user_id)
        row = await tx.find_locked(OidcCodeRow, hash_of(code))
        if row is None or tx.now >= row.expires_at or not hmac.compare_digest(row.binder_hash, hash_of(binder)):
            raise BadCode
    started = await start_session(
        known,
        given,
        lifetimes,
        None,
        vault,
        tx,
        place,
        confined=row.confined,
        fresh=row.fresh,
        platform_asks=platform_asks,
    )
    async with account_scope(tx, known.user_id):
        if isinstance(started, SecondFactorRefused):
            row.expires_at = row.created_at + SECOND_FACTOR
        else:
            await tx.delete(row)
    return started

"""Sign-in, refresh and sign-out. A session is one sign-in; its refresh tokens are one family (see domain.sessions)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr
from sqlalchemy import text
from sqlmodel import col, or_, select

from contracts.actor import ActorKind
from contracts.errors import NotFound
from contracts.ids import HotelId, SessionId, UserId
from contracts.statuses import HotelStatus, MembershipStatus
from contracts.values import Email
from identity.accounts import Access, access_of, account_of_email, account_of_token, account_scope, is_confined
from identity.adapters.hashing import Passwords
from identity.commands.accounts import Password, check_password, end_other_sessions, end_sessions
from identity.commands.passwords import set_password
from identity.commands.second_factor import Given, check_second_factor, has_second_factor
from identity.domain.devices import UNKNOWN, Place
from identity.domain.hotels import HotelSuspended
from identity.domain.second_factor import SecondFactorRefused
from identity.domain.sessions import (
    BadCredentials,
    EndReason,
    Lifetimes,
    RefreshVerdict,
    SessionConfined,
    SessionOver,
    judge,
)
from identity.tables import CredentialRow, MembershipRow, RefreshTokenRow, SessionRow, UserRow
from servicekit import Actor, Command, Transaction
from servicekit.vault import Vault

TOKEN_PREFIX = "fdr_"  # noqa: S105 - lets secret scanners recognise our refresh tokens
NOBODY = UUID(int=0)
_HOTEL_HELD = text("select from hotels where id = :hotel_id for key share")


class SignIn(Command):
    """Begin a session with address and password, and the second factor where the account has one."""

    email: Email
    password: Password
    hotel: Annotated[str | None, Field(max_length=64, description="slug; by default the hotel joined first")] = None
    second_factor: Given | None = None
    device_token: Annotated[
        SecretStr | None,
        Field(max_length=400, description="from a former sign-in on this device: others' guesses do not hold it up"),
    ] = None


class UseRefreshToken(Command):
    """Exchange a refresh token, or end its session."""

    refresh_token: Annotated[SecretStr, Field(min_length=16, max_length=200)]


class SwitchHotel(Command):
    """Go on in another hotel, signed in as one is."""

    hotel: Annotated[str | None, Field(max_length=64, description="slug or id; null: platform work, for superadmins")]


class ChangePassword(Command):
    """Choose another password. Every session ends, this one too."""

    current_password: Password
    password: Annotated[SecretStr, Field(description="12 to 128 characters")]


@dataclass(frozen=True, slots=True)
class Started:
    """A session that may go on: what its access token says, and the refresh token that comes next. `enrolling`: its hotel, or
    the platform, asks for a second factor that the account does not have yet, so the token opens nothing but setting one up."""

    access: Access
    sid: SessionId
    refresh_token: str
    at: datetime
    enrolling: bool = False


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """Whose refresh token it is, and where their session works."""

    user_id: UserId
    hotel_id: HotelId | None

    @property
    def actor(self) -> Actor:
        """The person, as the actor of their own refresh or sign-out."""
        return _person(self.user_id, self.hotel_id)


async def access_by_email(email: str, hotel: str | None, tx: Transaction) -> Access | None:
    """What the account of the address may do; None where there is no active one, or it has no business in that hotel."""
    user_id = await account_of_email(tx, email) or NOBODY  # the same statements for an address that has no account
    async with account_scope(tx, user_id):
        return await access_of(user_id, hotel, tx)


async def owner_of(refresh_token: str, tx: Transaction) -> TokenOwner | None:
    """Whose refresh token it is, whatever its state; None when it was never issued, or purged."""
    token_hash = RefreshTokenRow.hash_of(refresh_token)
    user_id = await account_of_token(tx, token_hash)
    if user_id is None:
        return None
    async with account_scope(tx, user_id):
        token = await tx.get(RefreshTokenRow, token_hash)
        session = await tx.get(SessionRow, token.session_id)
        return TokenOwner(UserId(user_id), HotelId(session.hotel_id) if session.hotel_id else None)


def person(access: Access) -> Actor:
    """The one who signs in, as the actor of it."""
    return _person(UserId(access.user_id), HotelId(access.hotel_id) if access.hotel_id else None)


async def start_session(
    known: Access,
    given: Given | None,
    lifetimes: Lifetimes,
    new_hash: str | None,
    vault: Vault,
    tx: Transaction,
    place: Place = UNKNOWN,
    *,
    confined: bool = False,
    fresh: bool = False,
    platform_asks: bool = True,
) -> Started | SecondFactorRefused:
    """Begin a session for somebody whose password was right. A refusal of the second factor that they gave, or did not,
    must be committed: it was counted. `new_hash`: the same password, hashed as is done today. `confined`: a hotel's own issuer vouched, so
    that the session goes on in no other hotel. `fresh`: they signed in anew at an issuer.
    `platform_asks`: platform work takes a second factor.

    Raises:
        BadCredentials: what they may do ended while the password was checked.
        HotelSuspended: their hotel is not served.
    """
    async with account_scope(tx, known.user_id):
        await tx.lock(UserRow, known.user_id)
        access = await _access_now(known.user_id, tx)
        if access is None:
            raise BadCredentials
        _check_served(access)
        refused = await check_second_factor(UserId(known.user_id), given, vault, tx)
        if refused is not None:
            return refused
        if new_hash is not None:
            credential = await tx.lock(CredentialRow, known.user_id)
            credential.password_hash = new_hash
        ends = lifetimes.session_ends(tx.now)
        session = SessionRow(
            user_id=known.user_id,
            hotel_id=access.hotel_id,
            started_at=tx.now,
            expires_at=ends,
            confined=confined,
            reproved_at=tx.now if fresh else None,
        )
        session.used(place, tx.now)
        tx.add(session)
        await tx.flush()
        token = _next_token(session, lifetimes, tx)
        enrolling = await _is_enrolling(access, platform_asks, tx)
    tx.audit("session.start", "session", session.id)
    return Started(access, SessionId(session.id), token, tx.moment(), enrolling)


async def access_elsewhere(user_id: UserId, hotel: str | None, tx: Transaction) -> Access:
    """What somebody who is signed in may do in another hotel, or for the platform.

    Raises:
        NotFound: nothing, or there is no such hotel.
    """
    async with account_scope(tx, user_id):
        access = await access_of(user_id, hotel, tx, platform=hotel is None)
    if access is None:
        raise NotFound("No such hotel")
    return access


async def switch_session(
    user_id: UserId,
    present: SessionId | None,
    lifetimes: Lifetimes,
    tx: Transaction,
    place: Place = UNKNOWN,
    *,
    platform_asks: bool = True,
) -> Started:
    """Begin one more session, in the transaction's hotel, for somebody who is signed in. The present one stays; the new
    one ends when it does at the latest, so that switching about does not put off typing the password. They are of one sign-in:
    a token of either that is used twice ends both.

    Raises:
        SessionOver: the present session is over, or the token is of none.
        SessionConfined: it came of a hotel's own connection.
        NotFound: what they may do there ended meanwhile.
        HotelSuspended: that hotel is not served.
    """
    async with account_scope(tx, user_id):
        await tx.lock(UserRow, user_id)
        access = await _access_now(user_id, tx)
        former = None if present is None else await tx.find_locked(SessionRow, present)
        if former is None or former.ended_at is not None or former.expires_at <= tx.now:
            raise SessionOver
        if former.confined:
            raise SessionConfined
        if access is None:
            raise NotFound("No such hotel")
        _check_served(access)
        session = SessionRow(
            user_id=user_id,
            hotel_id=access.hotel_id,
            started_at=tx.now,
            expires_at=former.expires_at,
            began_as=former.sign_in,
            reproved_at=former.reproved_at,
        )
        session.used(place, tx.now)
        tx.add(session)
        await tx.flush()
        token = _next_token(session, lifetimes, tx)
        enrolling = await _is_enrolling(access, platform_asks, tx)
    tx.audit("session.switch", "session", session.id)
    return Started(access, SessionId(session.id), token, tx.moment(), enrolling)


async def refresh_session(
    refresh_token: str,
    owner: TokenOwner,
    lifetimes: Lifetimes,
    tx: Transaction,
    place: Place = UNKNOWN,
    *,
    platform_asks: bool = True,
) -> Started | None:
    """The next tokens of a session; None when it is over. That it just ended is kept, so None must be committed.

    Raises:
        HotelSuspended: their hotel is not served at present; the session waits.
    """
    async with account_scope(tx, owner.user_id):
        user = await tx.lock(UserRow, owner.user_id)
        access = await _access_now(owner.user_id, tx)
        token = await tx.lock(RefreshTokenRow, RefreshTokenRow.hash_of(refresh_token))
        session = await tx.lock(SessionRow, token.session_id)
        verdict = judge(token.presented(session), tx.now, lifetimes.overlap)
        if verdict is RefreshVerdict.END_FAMILY:
            _end(session, user, EndReason.TOKEN_REUSED, "session.reuse_detected", tx)
            await _end_sign_in(session, user, tx)
            return None
        if verdict is RefreshVerdict.REFUSE:
            return None
        if access is None:
            _end(session, user, EndReason.ACCESS_REMOVED, "session.end", tx)
            return None
        _check_served(access)
        if verdict is RefreshVerdict.ROTATE:
            token.rotated_at = tx.now
            session.generation += 1
        session.used(place, tx.now)
        following = _next_token(session, lifetimes, tx)
        enrolling = await _is_enrolling(access, platform_asks, tx)
    action = "session.refresh" if verdict is RefreshVerdict.ROTATE else "session.repeat_refresh"
    tx.audit(action, "session", session.id)
    return Started(access, SessionId(session.id), following, tx.moment(), enrolling)


async def sign_out(refresh_token: str, owner: TokenOwner, tx: Transaction) -> None:
    """End the session of the token; its access tokens no longer hold. One that is over stays over."""
    async with account_scope(tx, owner.user_id):
        user = await tx.lock(UserRow, owner.user_id)
        token = await tx.get(RefreshTokenRow, RefreshTokenRow.hash_of(refresh_token))
        session = await tx.lock(SessionRow, token.session_id)
        if session.ended_at is None:
            _end(session, user, EndReason.SIGNED_OUT, "session.end", tx)


async def revoke_all_sessions(user_id: UserId, present: SessionId | None, tx: Transaction) -> None:
    """End every session of the account, in every hotel; from one that is confined, those in its hotel."""
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        if await is_confined(present, tx):
            await end_other_sessions(user, None, EndReason.REVOKED_ALL, tx, tx.hotel_id)
        else:
            await end_sessions(user, EndReason.REVOKED_ALL, tx)
    tx.audit("session.revoke_all", "user", user_id)


async def revoke_other_sessions(user_id: UserId, kept: SessionId | None, tx: Transaction) -> None:
    """End every session of the account but the one that it is done from; from one that is confined, those in its hotel."""
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        confined = await is_confined(kept, tx)
        await end_other_sessions(user, kept, EndReason.REVOKED_ALL, tx, tx.hotel_id if confined else None)
    tx.audit("session.revoke_others", "user", user_id)


async def end_session(sid: SessionId, user_id: UserId, present: SessionId | None, tx: Transaction) -> None:
    """End one of the account's own sessions, say of a lost phone.

    Raises:
        NotFound: the account has no such session, or the present one is confined to another hotel.
    """
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        session = await tx.lock(SessionRow, sid)
        if await is_confined(present, tx) and session.hotel_id != tx.hotel_id:
            raise NotFound
        if session.ended_at is None:
            _end(session, user, EndReason.SIGNED_OUT, "session.end", tx)


async def change_password(
    user_id: UserId, command: ChangePassword, hasher: Passwords, vault: Vault, tx: Transaction
) -> None:
    """Another password for the account; all its sessions end, and a mail tells its owner.

    Raises:
        WrongPassword: the current password is wrong.
        WeakPassword: the new one would be guessed.
    """
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        await check_password(user_id, command.current_password, hasher, tx)
        await set_password(user, command.password, EndReason.PASSWORD_CHANGED, hasher, vault, tx)
    tx.audit("user.change_password", "user", user_id)


def _person(user_id: UserId, hotel_id: HotelId | None) -> Actor:
    return Actor(kind=ActorKind.USER, id=user_id, hotel_id=hotel_id, subject=str(user_id))


async def _access_now(user_id: UUID, tx: Transaction) -> Access | None:
    """What the account may do in the transaction's hotel, with the membership held as it is until the commit."""
    if tx.hotel_id is not None:
        # The hotel first, as everybody locks: a new session refers to it, and its key would be locked after the membership.
        await tx.execute(_HOTEL_HELD, {"hotel_id": tx.hotel_id})
        mine = col(MembershipRow.hotel_id) == tx.hotel_id, col(MembershipRow.user_id) == user_id
        held = select(col(MembershipRow.status)).where(*mine).with_for_update(read=True)
        if await tx.scalar(held) != MembershipStatus.ACTIVE:
            return None
    return await access_of(user_id, None if tx.hotel_id is None else str(tx.hotel_id), tx, platform=tx.hotel_id is None)


async def _is_enrolling(access: Access, platform_asks: bool, tx: Transaction) -> bool:
    asked_for = platform_asks if access.hotel is None else access.hotel.require_second_factor
    return asked_for and not await has_second_factor(access.user_id, tx)


def _check_served(access: Access) -> None:
    if access.hotel is not None and access.hotel.status != HotelStatus.ACTIVE:
        raise HotelSuspended


def _next_token(session: SessionRow, lifetimes: Lifetimes, tx: Transaction) -> str:
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    tx.add(
        RefreshTokenRow(
            token_hash=RefreshTokenRow.hash_of(token),
            session_id=session.id,
            user_id=session.user_id,
            issued_at=tx.now,
            expires_at=lifetimes.token_ends(tx.now, session.expires_at),
            generation=session.generation,
        )
    )
    return token


async def _end_sign_in(session: SessionRow, user: UserRow, tx: Transaction) -> None:
    """End what was switched to and from: whoever came with the token may be who switched, and to whichever hotel."""
    of_it = or_(col(SessionRow.id) == session.sign_in, col(SessionRow.began_as) == session.sign_in)
    others = select(SessionRow).where(of_it, col(SessionRow.user_id) == user.id, col(SessionRow.ended_at).is_(None))
    for other in await tx.scalars(others.order_by(col(SessionRow.id)).with_for_update()):
        if other.id != session.id:
            _end(other, user, EndReason.TOKEN_REUSED, "session.end", tx)


def _end(session: SessionRow, user: UserRow, reason: EndReason, action: str, tx: Transaction) -> None:
    session.end(reason, tx.now)
    tx.publish(user.sessions_revoked(session.id, tx.now))
    tx.audit(action, "session", session.id)

"""Dashboard sessions: the browser holds a random id in a cookie, Valkey holds the tokens, encrypted."""

import asyncio
import base64
import contextlib
import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from typing import cast

from cryptography.fernet import Fernet, InvalidToken
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.errors import DomainError, Unauthenticated

REFRESH_EARLY_SECONDS = 60
LOCK_MS = 20_000
"""How long one refresh keeps others out, and they wait for it."""
REFRESH_SECONDS = 15.0
"""How long identity may take for all of a refresh, counted from before the lock was asked for: nobody else presents the
token while that call is under way. The rest of the lock's time is for keeping the answer."""
_UNLOCK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
"""Whoever took longer than the lock lasts does not take the next one's away."""


class SessionsUnavailable(DomainError):
    """The store of sessions cannot be reached."""

    slug, title, status = "sessions-unavailable", "Sign-in is not available right now", 503


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser.

    Attributes:
        access_token: what services are called with.
        expires_at: when the access token ends, seconds since the epoch.
        refresh_token: for the next access token; single use.
        csrf_token: what unsafe requests must repeat in `X-CSRF-Token`.
        profile: who signed in where, as identity told it, JSON.
        leaving: the refresh token of the session in the hotel that was left, until identity has ended it.
    """

    access_token: str
    expires_at: float
    refresh_token: str
    csrf_token: str
    profile: str
    leaving: str | None = None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh brings; each replaces what the session had."""

    access_token: str
    expires_at: float
    refresh_token: str
    profile: str


Refresh = Callable[[str], Awaitable[Refreshed]]
"""Takes a refresh token and gives the next tokens."""
Leave = Callable[[str], Awaitable[bool]]
"""Takes the refresh token of a session that was left, and tells whether identity has ended it."""
Change = Callable[[Session], Awaitable[Session]]
"""Makes of a session what it is to be."""
End = Callable[[Session], Awaitable[None]]
"""Ends a session at identity, or raises."""
Done = Callable[[Session], bool]
"""Whether a session is as it should be, so that nothing needs to be changed."""


class _Ended(Unauthenticated):
    """The session was ended as it was asked for."""


class Sessions:
    """Keeps sessions for `days` after their last use."""

    def __init__(self, valkey: Redis, namespace: str, key: str, days: int, now: Callable[[], float]) -> None:
        self._valkey = valkey
        self._namespace = namespace
        self._seconds = days * 24 * 60 * 60
        self._now = now
        self._unlock = valkey.register_script(_UNLOCK)
        self._changing: set[asyncio.Task[Session]] = set()
        self._box = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()))

    def _key(self, session_id: str) -> str:
        return f"{self._namespace}:session:{hashlib.sha256(session_id.encode()).hexdigest()}"

    async def create(self, session: Session) -> str:
        """Keep a session; returns the id for the cookie.

        Raises:
            SessionsUnavailable: the store cannot be reached.
        """
        session_id = secrets.token_urlsafe(32)
        await self._put(session_id, session)
        return session_id

    async def get(self, session_id: str) -> Session:
        """The session of that id.

        Raises:
            Unauthenticated: there is none, or it is over.
            SessionsUnavailable: the store cannot be reached.
        """
        try:
            kept = cast(
                "bytes | None", await self._valkey.get(self._key(session_id))
            )  # bytes: responses are not decoded
        except RedisError as error:
            raise SessionsUnavailable from error
        if kept is None:
            raise Unauthenticated("The session is over; sign in again")
        try:
            return Session(**json.loads(self._box.decrypt(kept)))
        except InvalidToken as error:
            raise Unauthenticated("The session is over; sign in again") from error

    async def delete(self, session_id: str) -> None:
        """Forget a session."""
        try:
            await self._valkey.delete(self._key(session_id))
        except RedisError as error:
            raise SessionsUnavailable from error

    async def fresh(self, session_id: str, refresh: Refresh, leave: Leave | None = None) -> Session:
        """The session with an access token that still holds for a while; refreshed once, however many ask at a time. With
        a refresh, the session of a hotel that was left is ended by `leave`, where that had to wait.

        Raises:
            Unauthenticated: the session is over, or identity refused to refresh it.
            SessionsUnavailable: the store cannot be reached, or another request's refresh takes too long.
            DomainError: what `refresh` raises; the session stays.
        """
        session = await self.get(session_id)
        return session if self._holds(session) else await self._shielded(session_id, _by(refresh, leave), self._holds)

    async def renewed(self, session_id: str, refresh: Refresh) -> Session:
        """The session as identity sees it now, however long its tokens would still hold. Raises as `fresh`."""
        seen = (await self.get(session_id)).access_token
        return await self._shielded(session_id, _by(refresh), lambda session: session.access_token != seen)

    async def changed(self, session_id: str, change: Change, done: Done = lambda _: False) -> Session:
        """The session as `change` makes it, while nobody else refreshes or changes it.

        Raises:
            Unauthenticated: the session is over, or `change` says so.
            SessionsUnavailable: the store cannot be reached, or another request's change takes too long.
            DomainError: what `change` raises; the session stays.
        """
        return await self._shielded(session_id, change, done)

    async def ended(self, session_id: str, end: End) -> None:
        """Forget the session once `end` has ended it, while nobody refreshes or changes it: what a switch under way brings is
        ended, too.

        Raises:
            Unauthenticated: it is over already.
            SessionsUnavailable: the store cannot be reached, or another request's change takes too long.
            DomainError: what `end` raises; the session stays.
        """

        async def change(session: Session) -> Session:
            await end(session)
            raise _Ended

        with contextlib.suppress(_Ended):
            await self._shielded(session_id, change, lambda _: False)

    async def _shielded(self, session_id: str, change: Change, done: Done) -> Session:
        # The token is single use: a request that gives up in the middle must not take the answer with it.
        task = asyncio.create_task(self._change(session_id, change, done))
        self._changing.add(task)
        task.add_done_callback(self._changing.discard)
        return await asyncio.shield(task)

    def _holds(self, session: Session) -> bool:
        return session.expires_at - self._now() > REFRESH_EARLY_SECONDS

    async def _change(self, session_id: str, change: Change, done: Done) -> Session:
        lock, holder = f"{self._key(session_id)}:refresh", secrets.token_hex(8)
        clock = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(LOCK_MS / 1000):
                asked_at = clock()
                while not await self._valkey.set(lock, holder, nx=True, px=LOCK_MS):
                    await asyncio.sleep(0.05)  # another request is changing this very session
                    session = await self.get(session_id)
                    if done(session):
                        return session
                    asked_at = clock()
            try:
                async with asyncio.timeout_at(asked_at + REFRESH_SECONDS):
                    session = await self.get(session_id)
                    if done(session):
                        return session
                    session = await change(session)
                await self._put(session_id, session)
            except Unauthenticated:
                await self.delete(session_id)
                raise
            finally:
                await self._unlock(keys=[lock], args=[holder])
        except (RedisError, TimeoutError) as error:
            raise SessionsUnavailable from error
        return session

    async def _put(self, session_id: str, session: Session) -> None:
        # Instances of the release before know no `leaving`; it is there for moments only.
        kept = {name: value for name, value in asdict(session).items() if value is not None}
        sealed = self._box.encrypt(json.dumps(kept).encode())
        try:
            await self._valkey.set(self._key(session_id), sealed, ex=self._seconds)
        except RedisError as error:
            raise SessionsUnavailable from error


def _by(refresh: Refresh, leave: Leave | None = None) -> Change:
    async def change(session: Session) -> Session:
        session = replace(session, **asdict(await refresh(session.refresh_token)))
        if leave is not None and session.leaving is not None and await leave(session.leaving):
            session = replace(session, leaving=None)
        return session

    return change

"""Who has been revoked since their token was issued: fed by identity's topics, asked on every request, felt within 5 s."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from contracts.event import Event
from contracts.events.access import ApiKeyRevoked, ImpersonationEnded, SigningKeyWithdrawn
from contracts.events.identity import (
    HotelActivated,
    HotelCreated,
    HotelDeactivated,
    HotelDeleted,
    HotelRestored,
    HotelUpdated,
    MembershipChanged,
    MembershipGranted,
    MembershipRevoked,
    SessionRevoked,
)
from contracts.statuses import HotelStatus
from servicekit.actor import Actor
from servicekit.clock import Clock, utc_now

K = TypeVar("K")
Call = Callable[[], None]

KEEP = timedelta(minutes=15)
"""Longer than any access token lives (10 minutes), so that what is forgotten has no token left to deny."""


@dataclass(slots=True)
class DenyList:
    """What no longer holds. Pure state; `denyfeed` reads the topics into it."""

    clock: Clock = utc_now
    _sessions: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    _users: dict[UUID, datetime] = field(default_factory=dict[UUID, datetime])
    _memberships: dict[tuple[UUID, UUID], datetime] = field(default_factory=dict[tuple[UUID, UUID], datetime])
    _hotels: dict[UUID, tuple[int, bool]] = field(default_factory=dict[UUID, tuple[int, bool]])
    _keys: set[str] = field(default_factory=set[str])
    """Never forgotten: with a key in the wrong hands, tokens of any age are made."""
    _watching: set[tuple[Actor, Call]] = field(default_factory=set[tuple[Actor, Call]])

    def denies(self, actor: Actor) -> bool:
        """Whether this actor's token was revoked after it was issued."""
        if actor.signed_with in self._keys:
            return True
        if actor.sid is not None and actor.sid in self._sessions:
            return True
        for person in (actor.id, actor.act.id if actor.act is not None and actor.impersonated else None):
            since = self._users.get(person) if person is not None else None
            if since is not None and actor.issued_at < since:
                return True
        if actor.id is not None and actor.hotel_id is not None:
            since = self._memberships.get((actor.hotel_id, actor.id))
            if since is not None and actor.issued_at < since:
                return True
        if actor.hotel_id is None or actor.is_superadmin:
            return False
        return self._hotels.get(actor.hotel_id, (0, False))[1]

    def is_withdrawn(self, kid: str) -> bool:
        """Whether nothing that this key signed holds any more."""
        return kid in self._keys

    def apply(self, event: Event) -> None:
        """Take in an event of identity; others are ignored. Those who are watched and now denied are told."""
        match event:
            case SessionRevoked(sid=None):
                _raise(self._users, event.user_id, event.revoked_at)
            case SessionRevoked(sid=sid) if sid is not None:
                _raise(self._sessions, sid, event.revoked_at)
            case ApiKeyRevoked():
                _raise(self._sessions, event.sid, event.revoked_at)
            case ImpersonationEnded():
                _raise(self._sessions, event.sid, event.ended_at)
            case SigningKeyWithdrawn():
                self._keys.add(event.kid)
            case MembershipGranted() | MembershipChanged() | MembershipRevoked():
                _raise(self._memberships, (event.hotel_id, event.user_id), event.changed_at)
            case (
                HotelCreated()
                | HotelUpdated()
                | HotelActivated()
                | HotelDeactivated()
                | HotelDeleted()
                | HotelRestored()
            ):
                version, _ = self._hotels.get(event.hotel_id, (0, False))
                if event.version >= version:
                    self._hotels[event.hotel_id] = (event.version, event.status is not HotelStatus.ACTIVE)
            case _:
                return
        for actor, tell in list(self._watching):
            if self.denies(actor):
                tell()

    async def watch(self, actor: Actor) -> None:
        """Returns once the actor is revoked; for open WebSockets, beside their reading loop."""
        revoked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self.telling(actor, lambda: None if revoked.done() else revoked.set_result(None)):
            await revoked

    @contextmanager
    def telling(self, actor: Actor, tell: Call) -> Generator[None]:
        """Call `tell` when the actor is revoked while the block runs, at once if they are; it may be called again."""
        entry = (actor, tell)
        self._watching.add(entry)
        try:
            if self.denies(actor):
                tell()
            yield
        finally:
            self._watching.discard(entry)

    def forget_old(self) -> None:
        """Drop what is older than any token that could still be shown."""
        before = self.clock() - KEEP
        for table in (self._sessions, self._users, self._memberships):
            for key in [key for key, at in table.items() if at < before]:
                del table[key]  # pyright: ignore[reportArgumentType]  # the key comes from this very table

    def __len__(self) -> int:
        return (
            len(self._sessions)
            + len(self._users)
            + len(self._memberships)
            + len(self._keys)
            + sum(off for _, off in self._hotels.values())
        )


def _raise(table: dict[K, datetime], key: K, at: datetime) -> None:
    table[key] = max(at, table.get(key, at))

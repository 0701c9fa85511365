"""Which key signs, which are published, and when one gives way to the next. Pure.

A key is published before it signs, for longer than anybody keeps the key set without asking again, and after it signed for
longer than its tokens last. So whoever verifies always has the key, without asking in a hurry.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from contracts.errors import Conflict

OVERLAP = timedelta(minutes=6)
"""The key set is kept for five minutes; the rest is for instances that pick a key up, and for clocks."""
TOKENS_LAST = timedelta(minutes=15)
"""Longer than any token lives (14 minutes), its leeway, and the seconds until the last instance signs with the next key."""


class KeyState(StrEnum):
    """What a key is for. One is `current`, one is `next`; the database sees to that."""

    NEXT = "next"
    CURRENT = "current"
    FORMER = "former"


class NextKeyTooYoung(Conflict):
    """The next key was published a moment ago, and not everybody has it."""

    slug, title = "next-key-too-young", "The next key is not known everywhere yet; wait, or withdraw the present one"

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.retry_after_seconds = ceil(wait.total_seconds())


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What is known of a key, but the key."""

    kid: str
    state: KeyState
    published_at: datetime
    signs_since: datetime | None = None
    replaced_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def is_published(self, now: datetime) -> bool:
        """Whether tokens that it signed hold. Its checkpoints of the audit log do for good."""
        if self.withdrawn_at is not None:
            return False
        return self.replaced_at is None or now < self.replaced_at + TOKENS_LAST


def check_may_sign(following: SigningKey, now: datetime) -> None:
    """The next key may take over.

    Raises:
        NextKeyTooYoung: not yet.
    """
    wait = following.published_at + OVERLAP - now
    if wait > timedelta(0):
        raise NextKeyTooYoung(wait)


def is_rotation_due(keys: Sequence[SigningKey], every: timedelta, now: datetime) -> bool:
    """Whether the current key has signed for long enough, and the next one is known everywhere."""
    present = {key.state: key for key in keys if key.state is not KeyState.FORMER}
    current, following = present.get(KeyState.CURRENT), present.get(KeyState.NEXT)
    if current is None or following is None or current.signs_since is None:
        return False
    return now >= current.signs_since + every and now >= following.published_at + OVERLAP

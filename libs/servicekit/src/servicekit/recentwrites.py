"""Who has written a moment ago: they read from the primary for a while, so that they see what they wrote."""

import asyncio
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

KEEP_SECONDS = 5
"""Longer than a healthy replica lags behind."""
VALKEY_TIMEOUT_SECONDS = 0.1


class RecentWrites:
    """Knows it for all instances by Valkey; while that is away everybody counts as having written."""

    def __init__(self, valkey: Redis, namespace: str, service: str) -> None:
        self._valkey = valkey
        self._prefix = f"{namespace}:{service}:wrote:"
        self._here: dict[str, float] = {}

    async def note(self, who: str) -> None:
        """`who` has just committed."""
        now = time.monotonic()
        self._here[who] = now + KEEP_SECONDS
        if len(self._here) > 10_000:
            self._here = {other: until for other, until in self._here.items() if until > now}
        try:
            async with asyncio.timeout(VALKEY_TIMEOUT_SECONDS):
                await self._valkey.set(self._prefix + who, 1, ex=KEEP_SECONDS)
        except (RedisError, OSError, TimeoutError):
            return  # readers that cannot ask Valkey either go to the primary

    async def has(self, who: str) -> bool:
        """Whether `who` should read from the primary."""
        if self._here.get(who, 0.0) > time.monotonic():
            return True
        try:
            async with asyncio.timeout(VALKEY_TIMEOUT_SECONDS):
                return bool(await self._valkey.exists(self._prefix + who))
        except (RedisError, OSError, TimeoutError):
            return True

"""Rate limits, counted in Valkey for all instances together; while it is away, each instance counts for itself."""

import asyncio
import functools
import inspect
import time
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import Any, Literal, TypeVar

from fastapi import Request
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from servicekit.access import current_actor
from servicekit.addresses import whose
from servicekit.batches import Batches
from servicekit.logging import log
from servicekit.metrics import counter
from servicekit.problems import TooManyRequests
from servicekit.runtime import Runtime

By = Literal["ip", "user", "hotel"] | Callable[[Request], str | Awaitable[str]]
T = TypeVar("T")
VALKEY_TIMEOUT_SECONDS = 0.25
AWAY_SECONDS = 5.0
"""After a failure Valkey is left alone that long."""
_REFUSED = counter("rate_limited_total", "Requests refused by a rate limit", "service", "limit")


class RateLimits:
    """Counts hits. `limit` is written as `60/minute` or `5 per 10 seconds`."""

    def __init__(self, valkey: Redis, namespace: str, service: str) -> None:
        shared = RedisStorage(
            "redis://",
            implementation="redispy",
            key_prefix=f"{namespace}:{service}:limit",
            connection_pool=valkey.connection_pool,  # type: ignore[arg-type]  # limits' type leaves it out
        )
        self._service = service
        self._batches = Batches(valkey)
        bridge: Any = shared.bridge  # Any: the attribute belongs to one of limits' two bridges and has no type
        bridge.lua_acquire_sliding_window = _together(bridge.lua_acquire_sliding_window, self._batches)
        self._shared = SlidingWindowCounterRateLimiter(shared)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._away_until = 0.0

    async def check(self, limit: str, *key: str) -> None:
        """Count one hit of `key`.

        Raises:
            TooManyRequests: over the limit; says when to come back.
        """
        item = _parsed(limit)
        wait = await self._counted(lambda limiter: _hit(limiter, item, *key))
        if wait:
            _REFUSED.labels(self._service, str(item)).inc()
            raise TooManyRequests(f"the limit is {item}", retry_after_seconds=wait)

    async def count(self, limit: str, *key: str) -> None:
        """Count one hit of `key` and refuse nothing; `wait` tells later what it came to."""
        item = _parsed(limit)
        await self._counted(lambda limiter: limiter.hit(item, *key))

    async def wait(self, limit: str, *key: str) -> int:
        """In how many seconds a hit of `key` would be taken; 0: at once. Counts nothing."""
        item = _parsed(limit)
        return await self._counted(lambda limiter: _wait(limiter, item, *key))

    async def _counted(self, ask: Callable[[SlidingWindowCounterRateLimiter], Awaitable[T]]) -> T:
        """What Valkey says; while it is away, what this instance has counted."""
        if time.monotonic() >= self._away_until:
            try:
                async with asyncio.timeout(VALKEY_TIMEOUT_SECONDS):
                    return await ask(self._shared)
            except (RedisError, OSError, TimeoutError) as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("ratelimit.alone", error=type(error).__name__)
        return await ask(self._own)


async def _hit(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, *key: str) -> int:
    return 0 if await limiter.hit(item, *key) else await _until_free(limiter, item, *key)


async def _wait(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, *key: str) -> int:
    return 0 if await limiter.test(item, *key) else await _until_free(limiter, item, *key)


async def _until_free(limiter: SlidingWindowCounterRateLimiter, item: RateLimitItem, *key: str) -> int:
    stats = await limiter.get_window_stats(item, *key)
    return max(1, ceil(stats.reset_time - time.time()))


@functools.cache
def _parsed(limit: str) -> RateLimitItem:
    return parse(limit)


def _together(script: Any, batches: Batches) -> Any:  # Any: redis-py's AsyncScript, and what limits calls in its place
    """The script that counts a hit, sent together with those of other requests: a round trip alone costs more than
    the counting."""

    async def acquire(keys: Sequence[str], args: Sequence[int]) -> Any:  # Any: Valkey's answer
        try:
            return await batches.ask("EVALSHA", script.sha, len(keys), *keys, *args)
        except NoScriptError:
            return await batches.ask("EVAL", script.script, len(keys), *keys, *args)

    return acquire


def rate_limit(limit: str, *, by: By = "ip", name: str = "") -> Callable[[Request], Awaitable[None]]:
    """A dependency that refuses with 429 and Retry-After: `Depends(rate_limit("10/minute", by="ip"))`.

    Args:
        limit: `60/minute`, `5/10 seconds`.
        by: whose hits are counted together; a function (it may be async) gives a key of its own.
        name: routes with the same name share the count; by default each route has its own.
    """
    return _Limit(limit, by, name)


class _Limit:
    """A dependency that counts, and tells the OpenAPI document that it may refuse."""

    def __init__(self, limit: str, by: By, name: str) -> None:
        _parsed(limit)
        self.limit = limit
        self._by = by
        self._name = name

    async def __call__(self, request: Request) -> None:
        rt: Runtime = request.app.state.runtime
        if callable(self._by):
            given = self._by(request)
            key = await given if inspect.isawaitable(given) else given
        elif self._by == "ip":
            key = whose(request.client.host) if request.client else "unknown"
        else:
            actor = await current_actor(request)
            key = actor.key if self._by == "user" else str(actor.hotel_id)
        name = self._name or f"{request.method} {request.scope['route'].path_format}"
        await rt.limits.check(self.limit, name, str(key))

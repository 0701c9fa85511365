"""Being a considerate visitor: one request at a time to a site, and a pause between two."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

MIN_PAUSE_SECONDS: Final = 0.2
MAX_PAUSE_SECONDS: Final = 10.0
MAX_SITES: Final = 1_000

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class _Turns:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    ended_at: float = float("-inf")
    asking: int = 0


class SitePace:
    """Whose turn it is, by host: http and https are the same machine, mostly."""

    def __init__(self, clock: Clock, sleep: Sleep) -> None:
        self._clock = clock
        self._sleep = sleep
        self._sites: dict[str, _Turns] = {}

    @asynccontextmanager
    async def turn(self, host: str, pause_seconds: float) -> AsyncGenerator[None]:
        """Wait until nobody else asks this host and the last request is `pause_seconds` ago; hold it meanwhile."""
        self._forget_idle()
        turns = self._sites.setdefault(host, _Turns())
        turns.asking += 1
        try:
            async with turns.lock:
                wait = turns.ended_at + pause_seconds - self._clock()
                if wait > 0:
                    await self._sleep(wait)
                try:
                    yield
                finally:
                    turns.ended_at = self._clock()
        finally:
            turns.asking -= 1

    def _forget_idle(self) -> None:
        if len(self._sites) < MAX_SITES:
            return
        since = self._clock() - MAX_PAUSE_SECONDS
        for host in [host for host, turns in self._sites.items() if not turns.asking and turns.ended_at < since]:
            del self._sites[host]

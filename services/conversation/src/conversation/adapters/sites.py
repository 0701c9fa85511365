"""Which sites each hotel allows, kept for a moment so that no message waits for it: many calls, one look."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from contracts.ids import HotelId

KEPT_SECONDS = 5.0
"""How long a site that a hotel has just taken off its list may still call."""
MAX_HOTELS = 10_000

Read = Callable[[HotelId], Awaitable[tuple[str, ...]]]


@dataclass(slots=True)
class Sites:
    """The allowed origins by hotel, read again when they are older than KEPT_SECONDS."""

    read: Read
    clock: Callable[[], float] = time.monotonic
    _kept: dict[HotelId, tuple[float, tuple[str, ...]]] = field(
        default_factory=dict[HotelId, tuple[float, tuple[str, ...]]]
    )
    _reading: dict[HotelId, asyncio.Task[tuple[str, ...]]] = field(
        default_factory=dict[HotelId, asyncio.Task[tuple[str, ...]]]
    )

    async def allowed(self, hotel_id: HotelId) -> tuple[str, ...]:
        """The origins that the hotel names; none: any may call."""
        kept = self._kept.get(hotel_id)
        if kept is not None and kept[0] > self.clock():
            return kept[1]
        task = self._reading.get(hotel_id)
        if task is None:
            task = self._reading[hotel_id] = asyncio.create_task(self._look(hotel_id))
            task.add_done_callback(lambda _: self._reading.pop(hotel_id, None))
        return await asyncio.shield(task)

    async def _look(self, hotel_id: HotelId) -> tuple[str, ...]:
        origins = await self.read(hotel_id)
        if len(self._kept) >= MAX_HOTELS:
            self._kept.clear()
        self._kept[hotel_id] = (self.clock() + KEPT_SECONDS, origins)
        return origins

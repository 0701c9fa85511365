"""A queue and an event for one waiter, small while idle: asyncio's own keep three deques each, 4 kB per open WebSocket."""

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Line(Generic[T]):
    """A queue with one reader: as much of asyncio.Queue as that needs."""

    __slots__ = ("_items", "_reader")

    def __init__(self) -> None:
        self._items: list[T] = []
        self._reader: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._items

    def put_nowait(self, item: T) -> None:
        """Add at the end and wake the reader."""
        self._items.append(item)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def get_nowait(self) -> T:
        """Take from the front.

        Raises:
            IndexError: nothing waits.
        """
        return self._items.pop(0)

    def clear(self) -> None:
        """Forget what waits."""
        self._items.clear()

    async def get(self) -> T:
        """Take from the front, waiting for it if need be; one reader at a time."""
        while not self._items:
            assert self._reader is None, "somebody reads already"
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._items.pop(0)

    async def get_within(self, seconds: float) -> T | None:
        """Take from the front; None when nothing has come by then."""
        if not self._items:
            assert self._reader is None, "somebody reads already"
            loop = asyncio.get_running_loop()
            self._reader = loop.create_future()
            limit = loop.call_later(seconds, _wake, self._reader)
            try:
                await self._reader
            finally:
                limit.cancel()
                self._reader = None
        return self._items.pop(0) if self._items else None


class Gate:
    """An event: open until it is closed, for one who waits and has no more than that to know."""

    __slots__ = ("_closed", "_waiting")

    def __init__(self) -> None:
        self._closed = False
        self._waiting: list[asyncio.Future[None]] | None = None

    def is_set(self) -> bool:
        """Whether it is open."""
        return not self._closed

    def set(self) -> None:
        """Open it."""
        self._closed = False
        waiting, self._waiting = self._waiting, None
        for one in waiting or ():
            _wake(one)

    def clear(self) -> None:
        """Close it."""
        self._closed = True

    async def wait(self) -> bool:
        """Returns once it is open."""
        while self._closed:
            one: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting = [*(self._waiting or ()), one]
            await one
        return True


def _wake(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)

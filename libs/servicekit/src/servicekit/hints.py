"""Hints: "look now" between the processes of one service, over Valkey and within the process. Never the record.

A hint that is lost costs the poll interval of whoever waits for it, nothing else; so a hint is sent after the commit,
in the background, and nobody waits for Valkey. Those that come while one round trip is under way share the next.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from servicekit.batches import Batches
from servicekit.logging import log
from servicekit.waiting import Line

RECONNECT_SECONDS = 0.5
QUEUE_LENGTH = 256
"""Hints kept for a slow subscriber; older ones are dropped, since a hint only says "look"."""

Payload = dict[str, Any]  # Any: JSON
"""What a hint says; empty for a bare "look"."""
GAP: Payload = {"gap": True}
"""What every subscription gets once hints of other processes arrive (again): some may have been missed. Where thousands
wait in one process, one of them looks for all, and the others pass it by."""


class Subscription:
    """One subscriber's hints of one name. Close it, or use it with `with`, when done."""

    __slots__ = ("_hints", "_name", "_queue")

    def __init__(self, hints: "Hints", name: str) -> None:
        self._hints = hints
        self._name = name
        self._queue: Line[Payload] = Line()

    async def wait(self, timeout: float) -> Payload | None:  # noqa: ASYNC109 - the caller polls at this interval
        """The next hint's payload, or None when none came within `timeout` seconds: then look anyway."""
        return await self._queue.get_within(timeout)

    def drain(self) -> None:
        """Forget the hints that wait; for those who are about to look anyway."""
        self._queue.clear()

    def put(self, payload: Payload) -> None:
        """Wake the subscriber; called by `Hints`."""
        if len(self._queue) >= QUEUE_LENGTH:
            self._queue.get_nowait()
        self._queue.put_nowait(payload)

    async def __aiter__(self) -> AsyncIterator[Payload]:
        while True:
            yield await self._queue.get()

    def close(self) -> None:
        """No more hints."""
        self._hints.unsubscribe(self._name, self)

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Hints:
    """The hints of one service. Without Valkey (`valkey=None`) they stay within the process.

    Names in use: `outbox`, `due:<kind>`, and whatever a service agrees with itself (`conversation:<id>`).
    """

    def __init__(self, valkey: Redis | None, namespace: str, service: str) -> None:
        self._valkey = valkey
        self._prefix = f"{namespace}:{service}:hint:"
        self._me = f'{{"from": "{uuid4().hex}", '
        """How every hint of ours begins: those that come back are known by it without being parsed."""
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._batches = None if valkey is None else Batches(valkey)
        self._connected = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether hints of other processes arrive at the moment. If not, poll."""
        return self._connected.is_set()

    async def start(self) -> None:
        """Listen to the other processes of this service. Returns at once, whether Valkey is there or not."""
        if self._valkey is not None and self._reader is None:
            self._reader = asyncio.create_task(self._read(self._valkey), name="hints")

    async def stop(self) -> None:
        """Stop listening."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
        if self._batches is not None:
            await self._batches.close()
        self._connected.clear()

    async def wait_connected(self) -> None:
        """Returns once hints of other processes arrive."""
        await self._connected.wait()

    async def send(self, name: str, payload: Payload | None = None) -> None:
        """Wake whoever waits for `name`: here at once, in other processes soon. Never raises, never waits."""
        self._deliver(name, payload or {})
        if self._batches is not None:
            body = f'{self._me}"payload": {json.dumps(payload)}}}'
            self._batches.tell("PUBLISH", self._prefix + name, body)

    def subscribe(self, name: str) -> Subscription:
        """Hints of `name` from now on."""
        subscription = Subscription(self, name)
        self._subscriptions.setdefault(name, set()).add(subscription)
        return subscription

    def unsubscribe(self, name: str, subscription: Subscription) -> None:
        """Called by `Subscription.close`."""
        self._subscriptions.get(name, set()).discard(subscription)
        if not self._subscriptions.get(name):
            self._subscriptions.pop(name, None)

    def _deliver(self, name: str, payload: Payload) -> None:
        for subscription in tuple(self._subscriptions.get(name, ())):
            subscription.put(payload)

    async def _read(self, valkey: Redis) -> None:
        while True:
            try:
                async with valkey.pubsub(ignore_subscribe_messages=False) as listener:
                    await listener.psubscribe(self._prefix + "*")
                    async for message in listener.listen():
                        self._receive(message)
            except (RedisError, OSError) as error:
                if self._connected.is_set():
                    log.warning("hints.lost", error=type(error).__name__)
            self._connected.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    def _receive(self, message: Payload) -> None:
        if message["type"] == "psubscribe":
            self._connected.set()
            for name in tuple(self._subscriptions):
                self._deliver(name, GAP)
        elif message["type"] == "pmessage":
            channel = message["channel"]
            name = (channel.decode() if isinstance(channel, bytes) else str(channel)).removeprefix(self._prefix)
            if self._is_mine(message["data"]):
                return
            try:
                body = json.loads(message["data"])
            except ValueError:
                return
            self._deliver(name, body.get("payload") or {})

    def _is_mine(self, data: bytes | str) -> bool:
        return data.startswith(self._me.encode()) if isinstance(data, bytes) else data.startswith(self._me)

"""Valkey commands of many callers in one round trip: whoever comes while one is under way goes along with the next.

Alone, a caller waits for nothing; under load the cost of a round trip is shared by all who wait for it.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

MAX_WAITING = 10_000
"""Commands kept while Valkey does not answer; older ones are given up, since nobody waits that long."""

Command = tuple[Any, ...]  # Any: what redis-py encodes: text, bytes, numbers


class GivenUp(RedisError):
    """The command was never sent: too many waited for Valkey."""


class Batches:
    """Sends commands together. Each is done on its own: one that fails has no effect on its neighbours."""

    def __init__(self, valkey: Redis) -> None:
        self._valkey = valkey
        self._waiting: list[tuple[Command, asyncio.Future[Any] | None]] = []
        self._told: set[Command] = set()
        self._sender: asyncio.Task[None] | None = None

    async def ask(self, *command: Any) -> Any:  # Any: Valkey's answers have no common type
        """The answer to a command.

        Raises:
            RedisError, OSError: Valkey refused it, or is away.
        """
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._take(command, answer)
        return await answer

    def tell(self, *command: Any) -> None:  # Any: see Command
        """Send a command whose answer nobody waits for; it is lost when Valkey is away. One that waits to be sent is
        not sent twice."""
        if command not in self._told:
            self._told.add(command)
            self._take(command, None)

    async def close(self) -> None:
        """Send nothing more."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
        self._give_up(self._waiting)
        self._waiting = []
        self._told.clear()

    def _take(self, command: Command, answer: asyncio.Future[Any] | None) -> None:
        self._waiting.append((command, answer))
        if len(self._waiting) > MAX_WAITING:
            self._give_up(self._waiting[: MAX_WAITING // 2])
            del self._waiting[: MAX_WAITING // 2]
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send(), name="valkey batches")

    async def _send(self) -> None:
        while self._waiting:
            batch = [(command, answer) for command, answer in self._waiting if answer is None or not answer.done()]
            self._waiting = []
            self._told.clear()
            if not batch:
                continue
            answers: list[Any]  # Any: Valkey's answers
            try:
                answers = await self._round_trip([command for command, _ in batch])
            except (RedisError, OSError, TimeoutError) as error:
                answers = [error] * len(batch)
            except BaseException:
                self._give_up(batch)
                raise
            for (_, waiting), answer in zip(batch, answers, strict=True):
                if waiting is None or waiting.done():
                    continue
                if isinstance(answer, Exception):
                    waiting.set_exception(answer)
                else:
                    waiting.set_result(answer)

    async def _round_trip(self, commands: Sequence[Command]) -> list[Any]:  # Any: Valkey's answers
        pipeline = self._valkey.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        return await pipeline.execute(raise_on_error=False)

    def _give_up(self, batch: Sequence[tuple[Command, asyncio.Future[Any] | None]]) -> None:
        for _, waiting in batch:
            if waiting is not None and not waiting.done():
                with contextlib.suppress(asyncio.InvalidStateError):
                    waiting.set_exception(GivenUp("Valkey did not answer in time"))

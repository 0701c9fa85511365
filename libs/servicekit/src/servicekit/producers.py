"""Giving up a Kafka producer: as of aiokafka 0.14 its own `stop()` does not, as long as Kafka does not answer.

It first waits until everything is delivered. Cut off there, it leaves the sender at work, and an idempotent producer's
never gives up: it would send its copies after those of the producer that took its place, doubled and out of order.
"""

import asyncio
import contextlib
from typing import Any

from aiokafka import AIOKafkaProducer

from servicekit.logging import log

END_SECONDS = 1.0
_PARTS = ("_sender", "_message_accumulator", "client")


async def abandon(producer: AIOKafkaProducer) -> None:
    """End the producer at once, without sending what it still holds.

    What is on its way to Kafka by then may still be stored. A `send` that somebody awaits would never return: cancel it.
    """
    try:
        await _end(producer)
    finally:
        with contextlib.suppress(Exception):  # it is being thrown away
            async with asyncio.timeout(END_SECONDS):
                await producer.stop()  # without its sender it waits for no delivery
        await _end(producer)


async def _end(producer: AIOKafkaProducer) -> None:
    working = _tasks_of(producer)
    for task in working:
        task.cancel()
    if working:
        _, alive = await asyncio.wait(working, timeout=END_SECONDS)
        if alive:
            log.error("producer.not_ended", tasks=sorted(str(task.get_coro()) for task in alive))


def _tasks_of(producer: AIOKafkaProducer) -> set[asyncio.Task[Any]]:
    """The tasks that work for the producer. aiokafka keeps no list, so they are known by whose method they run.

    Cancelling the sender alone is not enough: it then waits for its requests, and those for brokers and metadata.
    """
    parts = {id(part) for name in _PARTS if (part := getattr(producer, name, None)) is not None}
    return {task for task in asyncio.all_tasks() if id(_runs_for(task)) in parts}


def _runs_for(task: asyncio.Task[Any]) -> object:
    frame = getattr(task.get_coro(), "cr_frame", None)
    return None if frame is None else frame.f_locals.get("self")

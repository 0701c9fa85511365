"""Waiting that ends early when the process stops."""

import asyncio

from servicekit.hints import Subscription


async def wait_for_stop(stop: asyncio.Event, seconds: float) -> bool:
    """Wait `seconds`, or less if `stop` is set meanwhile. True when it is."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
    return stop.is_set()


async def woken_or_stopped(hints: Subscription, seconds: float, stop: asyncio.Event) -> None:
    """Wait for a hint, `seconds` at most, or until `stop` is set."""
    tasks = [asyncio.ensure_future(hints.wait(seconds)), asyncio.ensure_future(stop.wait())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()

"""What every fault needs to mend a stack: start again what does not run, wake what sleeps."""

from __future__ import annotations

import asyncio
import contextlib
import random
from functools import partial

import psutil

from chaos.world import World
from kit.people import until


def runs(world: World, name: str) -> bool:
    """Whether this process or part runs."""
    server = world.stack.parts.servers.get(name)
    return server.running() is not None if server else world.stack.pid(name) is not None


async def revived(world: World, *names: str) -> None:
    """Start what of these does not run, parts first, and wait until all of it takes work."""
    away = [name for name in names if not await asyncio.to_thread(runs, world, name)]
    parts = [name for name in away if name in world.stack.parts.servers]
    await world.start(*parts)
    await world.start(*(name for name in away if name not in parts))


def family(world: World, name: str) -> list[psutil.Process]:
    """The processes behind a name, parents first; empty when it does not run."""
    server = world.stack.parts.servers.get(name)
    if server is not None:
        found = server.running()
    else:
        pid = world.stack.pid(name)
        found = psutil.Process(pid) if pid else None
    if found is None:
        return []
    with contextlib.suppress(psutil.NoSuchProcess):
        return [found, *found.children(recursive=True)]
    return []


def instances(world: World, name: str) -> list[str]:
    """`conversation-worker` and its second and third, as far as this stack has them."""
    return [found for found in world.stack.processes() if found == name or found.startswith(f"{name}-")]


async def answering(world: World, part: str) -> None:
    """Wait until the part takes work.

    Raises:
        AssertionError: it does not within a minute.
    """
    await until(partial(asyncio.to_thread, world.stack.parts.servers[part].answers), 60, what=f"an answer of {part}")


async def lasting(rng: random.Random, least_seconds: float, most_seconds: float) -> None:
    """Let the fault last for a seeded time."""
    await asyncio.sleep(rng.uniform(least_seconds, most_seconds))

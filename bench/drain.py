"""Waits until nothing of an earlier measurement is left: no turn that is due, no event unpublished, no consumer behind."""

from __future__ import annotations

import asyncio
import time

import asyncpg

from bench.stackside import Bench

SERVICES = ("conversation", "escalation", "identity")


async def backlog(bench: Bench) -> tuple[int, int]:
    """Turns that wait, and events that wait in the outboxes."""
    turns = events = 0
    for service in SERVICES:
        connection = await asyncpg.connect(bench.database(service, "worker"))
        try:
            turns += await connection.fetchval("SELECT count(*) FROM due WHERE due_at < now()")
            events += await connection.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")
        finally:
            await connection.close()
    return turns, events


async def until_quiet(bench: Bench, timeout_seconds: float = 300) -> float:
    """Wait until the backlog is gone; how long that took, in seconds.

    Raises:
        TimeoutError: something is left.
    """
    began = time.monotonic()
    while (left := await backlog(bench)) != (0, 0):
        if time.monotonic() - began > timeout_seconds:
            raise TimeoutError(f"{left[0]} turns and {left[1]} events are left after {timeout_seconds:.0f} s")
        await asyncio.sleep(0.2)
    return time.monotonic() - began

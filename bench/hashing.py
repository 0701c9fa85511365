"""What an event loop feels of passwords checked in its own process, beside what any other program on the cores does to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from bench.report import milliseconds, percentile, table
from identity.adapters.hashing import Passwords

CLIENTS = 8
BEAT_SECONDS = 0.005
PASSWORD = "three old kettles sing"


async def loop_lag(rounds: int, seconds: float) -> None:
    """How late a loop wakes up by itself, with eight sign-ins' passwords always in hand, and with other programs in turn."""
    passwords = Passwords(threads=2)
    kept = await passwords.hash(PASSWORD)
    checked = 0

    async def check(until: float) -> None:
        nonlocal checked
        while time.perf_counter() < until:
            await passwords.verify(kept, PASSWORD)
            checked += 1

    @asynccontextmanager
    async def checking() -> AsyncGenerator[None]:
        until = time.perf_counter() + seconds
        clients = [asyncio.create_task(check(until)) for _ in range(CLIENTS)]
        yield
        await asyncio.gather(*clients)

    late: dict[str, list[float]] = {"free": [], "others": [], "passwords": []}
    for _ in range(rounds):
        late["free"] += await _beats(seconds)
        with _others():
            late["others"] += await _beats(seconds)
        async with checking():
            late["passwords"] += await _beats(seconds)
    passwords.close()
    cores = len(os.sched_getaffinity(0))
    table(
        ["the event loop wakes up late by", "p50 / p95 / p99, ms", "most, ms"],
        [
            ["nothing else in hand", *_row(late["free"])],
            [f"{cores} other programs that never rest, of the same priority", *_row(late["others"])],
            [
                f"{CLIENTS} passwords always in hand ({checked / rounds / seconds:.0f} a second)",
                *_row(late["passwords"]),
            ],
        ],
    )


def _row(late: list[float]) -> tuple[str, str]:
    return milliseconds(late), f"{percentile(late, 1) * 1000:.0f}"


async def _beats(seconds: float) -> list[float]:
    late: list[float] = []
    until = time.perf_counter() + seconds
    while (asleep := time.perf_counter()) < until:
        await asyncio.sleep(BEAT_SECONDS)
        late.append(max(0.0, time.perf_counter() - asleep - BEAT_SECONDS))
    return late


@contextmanager
def _others() -> Generator[None]:
    command = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(command) for _ in os.sched_getaffinity(0)]
    try:
        yield
    finally:
        for one in busy:
            one.kill()
            one.wait()

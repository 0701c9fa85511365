"""kill -9 of each process and part: how long until a guest's message is acknowledged, answered, and its events are out."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine
from statistics import median
from typing import Any, TypeVar

import asyncpg
import httpx
import psutil
from uuid_utils.compat import uuid7

from bench import drain, report
from bench.guests import Guest, make_guests
from bench.stackside import Bench

T = TypeVar("T")
PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.05


async def measure(bench: Bench, *, times: int, seed: int) -> None:
    """Each process and part is killed so many times; medians and the worst."""
    report.header(
        "Recovery from kill -9",
        seed,
        f"{times} kills each; `make up` brings back what ends by itself after 0.5 s",
        "seconds from the kill to the first acknowledged message, the first answer to a message sent after it, and to an"
        " empty outbox after that (every event published)",
    )
    rows: list[list[object]] = []
    for name in sorted(bench.processes()):
        seen = [await _one(bench, name) for _ in range(times)]
        rows.append([name, *(_shown([one[index] for one in seen]) for index in range(3))])
        print(f"  {name}: {rows[-1][1:]}", flush=True)
    report.table(["killed", "acknowledged, s", "answered, s", "events out, s"], rows)


async def _one(bench: Bench, name: str) -> tuple[float, float, float]:
    await drain.until_quiet(bench)
    guests = itertools.cycle(await make_guests(bench, 200, "ai"))
    url = bench.stack.addresses["gateway" if name == "gateway" else "conversation"]
    async with httpx.AsyncClient(base_url=url, timeout=2) as client:
        before = bench.processes()[name]
        before.kill()
        killed = time.monotonic()
        await asyncio.to_thread(_until_gone, before)
        guest = await _until(lambda: _say(client, next(guests)))
        acknowledged = time.monotonic() - killed
        await _until(lambda: _answered(client, guest))
        answered = time.monotonic() - killed
    await _until(lambda: _back(bench, name, before.pid))
    await _until(lambda: _published(bench))
    return acknowledged, answered, time.monotonic() - killed


async def _until(attempt: Callable[[], Coroutine[Any, Any, T | None]]) -> T:
    """What the attempt gives, once it gives something; Any: what a coroutine is sent, which is nothing."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE_SECONDS:
        try:
            found = await attempt()
        except (httpx.TransportError, OSError):
            found = None
        if found is not None:
            return found
        await asyncio.sleep(PAUSE_SECONDS)
    raise TimeoutError(f"not within {PATIENCE_SECONDS:.0f} s")


async def _say(client: httpx.AsyncClient, guest: Guest) -> Guest | None:
    answer = await client.post(
        f"/widget/conversations/{guest.conversation_id}/messages",
        json={"id": str(uuid7()), "text": "Can I bring my dog?"},
        headers={"authorization": f"Bearer {guest.token}"},
    )
    return guest if answer.status_code == 201 else None


async def _answered(client: httpx.AsyncClient, guest: Guest) -> bool | None:
    answer = await client.get(
        f"/widget/conversations/{guest.conversation_id}/messages",
        headers={"authorization": f"Bearer {guest.token}"},
    )
    said = answer.json()["items"] if answer.status_code == 200 else []
    return True if any(message["sender"] == "ai" for message in said) else None


async def _back(bench: Bench, name: str, old_pid: int) -> bool | None:
    """Whether a new process runs in place of the old one, ready where it is a service."""
    process = bench.processes().get(name)
    if process is None or process.pid == old_pid:
        return None
    port = bench.state.known_port(f"{name.removesuffix('-api')} metrics")
    if port is None:
        return True
    async with httpx.AsyncClient(timeout=2) as client:
        return True if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200 else None


async def _published(bench: Bench) -> bool | None:
    try:
        return True if (await drain.backlog(bench))[1] == 0 else None
    except asyncpg.PostgresError:
        return None


def _until_gone(process: psutil.Process) -> None:
    try:
        process.wait(10)
    except psutil.Error:
        return


def _shown(seconds: list[float]) -> str:
    return f"{median(seconds):.2f} ({max(seconds):.2f})"

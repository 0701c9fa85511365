"""A driver: a process of its own that plays guests or staff, told what to do by JSON lines on its standard input."""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]  # Any: JSON
Do = Callable[[Json], Awaitable[Json]]

TESTS = Path(__file__).resolve().parents[1]
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
"""The widget's own pause grows to 30 s; what is shown here is how soon one who keeps asking is served again."""


class Backoff:
    """Pauses between attempts that grow, with jitter."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._pause = FIRST_PAUSE_SECONDS

    def reset(self) -> None:
        """It worked."""
        self._pause = FIRST_PAUSE_SECONDS

    async def wait(self, at_least: float = 0.0) -> None:
        """Sleep before the next attempt."""
        await asyncio.sleep(max(at_least, self._pause * self._rng.uniform(0.5, 1.0)))
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)


def retry_after(answer: httpx.Response) -> float:
    """Seconds that the answer asks to wait."""
    value = answer.headers.get("retry-after", "0")
    return float(value) if value.isdecimal() else 0.0


def http_client() -> httpx.AsyncClient:
    """For one driver; who does not answer within 4 s is asked again."""
    limits = httpx.Limits(max_connections=60, max_keepalive_connections=40, keepalive_expiry=20)
    return httpx.AsyncClient(timeout=httpx.Timeout(4, connect=2), trust_env=False, limits=limits)


class Driver:
    """The harness's end of a driver process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def tell(self, do: str, wait_seconds: float, /, **facts: Any) -> Json:  # Any: JSON values
        """Have it do something and wait for its answer.

        Raises:
            RuntimeError: it has died, or does not answer in time: the harness itself is at fault.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **facts}).encode() + b"\n")
        await self._process.stdin.drain()
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), wait_seconds)
        except TimeoutError:
            raise RuntimeError(f"a driver did not {do} within {wait_seconds:.0f} s") from None
        if not line:
            raise RuntimeError(f"a driver died when told to {do}; its own words are above")
        return json.loads(line)


@asynccontextmanager
async def driver(module: str, environment: Mapping[str, str]) -> AsyncGenerator[Driver]:
    """`python -m chaos.MODULE` as a process of its own; ended when the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"chaos.{module}",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=TESTS,
        env={
            **environment,
            "PYTHONPATH": os.pathsep.join([str(TESTS), *filter(None, [environment.get("PYTHONPATH")])]),
        },
        limit=4 * 1024 * 1024,
    )
    try:
        yield Driver(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def serve(orders: Mapping[str, Do]) -> None:
    """The driver's end: carry out one order after the other until standard input ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order: Json = json.loads(line)
        done = await orders[order.pop("do")](order)
        print(json.dumps(done), flush=True)

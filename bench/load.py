"""The load of the message write: wrk where it is installed, else a process of our own that prints the same line."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.guests import Guest, wrk_lines

LUA = Path(__file__).with_name("message_write.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What a load generator saw. Times in seconds."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    max: float
    refused: int
    broken: int
    generator_cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


def tool() -> str:
    """Which generator is used."""
    return "wrk" if shutil.which("wrk") else "bench.loadclient"


async def post_messages(
    url: str, guests: Sequence[Guest], texts: Sequence[str], *, connections: int, seconds: float, seed: int
) -> Load:
    """Messages as fast as they are answered, over so many connections, from a process beside the server.

    Raises:
        RuntimeError: the generator failed.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".guests") as listed:
        listed.write(wrk_lines(guests, texts))
        listed.flush()
        if tool() == "wrk":
            command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", "-s", str(LUA), url]
            command += ["--", listed.name, str(seed)]
        else:
            command = [sys.executable, "-m", "bench.loadclient", url, listed.name, str(connections), f"{seconds:g}"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=dict(os.environ)
        )
        out, err = await process.communicate()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    line = next((line for line in out.decode().splitlines() if line.startswith("RESULT ")), None)
    if process.returncode != 0 or line is None:
        raise RuntimeError(f"{command[0]} failed: {err.decode()[-500:]} {out.decode()[-500:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Load(**json.loads(line.removeprefix("RESULT ")), generator_cpu_seconds=cpu)

"""Ten thousand guests who only have the page open: what they cost one instance, and what a message meets among them."""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
from uuid_utils.compat import uuid7
from websockets.asyncio.client import ClientConnection, connect

from bench import report
from bench.guests import Guest, make_guests
from bench.stackside import Bench

PER_PROCESS = 2500
"""Connections of one client process, each process from an address of its own: so no address runs out of ports."""
HEARERS = 50
"""Guests among them whose socket is listened to."""


def raise_file_limit() -> int:
    """As many files as this account may open; for us and the processes started after."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


async def measure(bench: Bench, *, count: int, messages: int, settle_seconds: float, seed: int) -> None:
    """Memory of the process that serves the sockets, before and with them, and messages to some of them meanwhile."""
    api = bench.processes()["conversation-api" if bench.apart("conversation") else "conversation"]
    role = "api alone" if bench.apart("conversation") else "api and worker in one process, with the embedding model"
    report.header("Idle WebSockets", seed, f"{count} guests, one conversation each, on one instance ({role})")
    guests = await make_guests(bench, count + HEARERS, "staff")
    idle, heard = guests[:count], guests[count:]
    alone = _megabytes(api)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        crowds = await _open(bench, idle, Path(folder))
        took = time.monotonic() - began
        with_them = _megabytes(api)
        before = api.cpu_times()
        await asyncio.sleep(settle_seconds)
        after = api.cpu_times()
        settled = _megabytes(api)
        hears = await _messages(bench, heard, messages, random.Random(seed))
        lost = await _close(crowds)
    busy = (after.user + after.system - before.user - before.system) / settle_seconds
    report.table(
        ["", "MB (RSS)", "kB per socket"],
        [
            ["the instance before", f"{alone:.0f}", ""],
            [f"with {count} sockets", f"{with_them:.0f}", f"{(with_them - alone) * 1000 / count:.1f}"],
            [f"{settle_seconds:.0f} s later", f"{settled:.0f}", f"{(settled - alone) * 1000 / count:.1f}"],
        ],
    )
    print(f"opened in {took:.0f} s; idle they take {busy * 100:.1f} % of a core; {lost} lost")
    print(
        f"message to one of them, POST to frame: p50 / p95 / p99 {report.milliseconds(hears)} ms ({len(hears)} messages)\n"
    )


async def _open(bench: Bench, guests: Sequence[Guest], folder: Path) -> list[asyncio.subprocess.Process]:
    address = urlsplit(bench.conversation)
    crowds: list[asyncio.subprocess.Process] = []
    for number, start in enumerate(range(0, len(guests), PER_PROCESS)):
        listed = folder / f"{number}.guests"
        some = guests[start : start + PER_PROCESS]
        listed.write_text("".join(f"{guest.token} {guest.conversation_id}\n" for guest in some))
        command = [sys.executable, "-m", "bench.idlers", str(address.hostname), str(address.port), str(listed)]
        crowds.append(
            await asyncio.create_subprocess_exec(
                *command, f"127.0.0.{number + 2}", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        )
    for crowd in crowds:
        assert crowd.stdout is not None
        line = (await crowd.stdout.readline()).decode()
        if not line.startswith("OPEN"):
            raise RuntimeError("the sockets could not be opened; the reason is above")
    return crowds


async def _close(crowds: Sequence[asyncio.subprocess.Process]) -> int:
    lost = 0
    for crowd in crowds:
        out, _ = await crowd.communicate(b"")
        lost += int(out.decode().split()[1])
    return lost


async def _messages(bench: Bench, guests: Sequence[Guest], count: int, rng: random.Random) -> list[float]:
    """Seconds from the POST of a message to its frame at the guest's own socket."""
    address = bench.conversation.replace("http", "ws", 1)
    lines: dict[Guest, ClientConnection] = {}
    took: list[float] = []
    async with httpx.AsyncClient(base_url=bench.conversation, timeout=10) as client:
        for guest in guests:
            path = f"/widget/conversations/{guest.conversation_id}/live"
            lines[guest] = await connect(address + path, proxy=None, compression=None, ping_interval=None)
            await lines[guest].send(json.dumps({"type": "hello", "token": guest.token, "after_seq": 0}))
            await lines[guest].recv()
        for _ in range(count):
            guest = rng.choice(guests)
            message_id = str(uuid7())
            began = time.perf_counter()
            sending = asyncio.create_task(
                client.post(
                    f"/widget/conversations/{guest.conversation_id}/messages",
                    json={"id": message_id, "text": "Is the pool open?"},
                    headers={"authorization": f"Bearer {guest.token}"},
                )
            )
            while message_id not in str(await lines[guest].recv()):
                pass
            took.append(time.perf_counter() - began)
            (await sending).raise_for_status()
            await asyncio.sleep(0.05)
        for line in lines.values():
            await line.close()
    return took


def _megabytes(process: psutil.Process) -> float:
    return process.memory_info().rss / 1e6

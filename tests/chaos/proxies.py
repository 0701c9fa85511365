"""TCP proxies between two parts, in a process of their own: slow, held (a black hole) or reset at a word from the tests.

A held proxy keeps every connection open and lets nothing through, also no closing: what was sent arrives when the hole
is gone, as TCP would send it again. What is not simulated: keep-alives are answered by this machine, so neither side
learns from them that the other is gone; `forget_servers` does that for the server's side.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop

Json = dict[str, Any]  # Any: JSON between the tests and the proxies' process
_HOST = "127.0.0.1"
_CHUNK_BYTES = 65_536


class TcpProxy:
    """One way from a process to a part, as the tests hold it in their hands."""

    def __init__(self, name: str, ask: Callable[[Json], Json], port: int) -> None:
        self.name = name
        self.port = port
        self._ask = ask

    async def hold(self) -> None:
        """Packets vanish, connections stay open."""
        await self._set(mode="held")

    async def reset(self) -> None:
        """Every connection is reset, and every new one too."""
        await self._set(mode="reset")

    async def forget_servers(self) -> None:
        """The servers' ends are reset, as by a keep-alive that nobody answered; clients notice nothing while it is held."""
        await asyncio.to_thread(self._ask, {"do": "forget", "name": self.name})

    async def slow(self, least_seconds: float, most_seconds: float, seed: int) -> None:
        """Each piece waits this long, both ways, which also bounds how much gets through (64 kB a piece)."""
        await self._set(delay=[least_seconds, most_seconds], seed=seed)

    async def mend(self) -> None:
        """Let everything through at once again; what was held goes on."""
        await self._set(mode="open", delay=[0, 0])

    async def server_side_ports(self) -> list[int]:
        """Our ports as the server sees them: which of its sessions are this way's."""
        return (await asyncio.to_thread(self._ask, {"do": "ports", "name": self.name}))["ports"]

    async def _set(self, **what: object) -> None:
        await asyncio.to_thread(self._ask, {"do": "set", "name": self.name, **what})


class Proxies(dict[str, TcpProxy]):
    """All proxies by name (`conversation-worker>postgres`), made when `detour` is first asked for one."""

    def __init__(self, control_port: int, wanted: Callable[[str, str], bool]) -> None:
        super().__init__()
        self._control_port = control_port
        self._wanted = wanted

    def detour(self, process: str, to: str, port: int) -> int:
        """As `devstack.layout.Detour`: the port that leads to this one, for the ways that are wanted."""
        if not self._wanted(process, to):
            return port
        name = f"{process}>{to}"
        told = self._ask({"do": "open", "name": name, "to": port})["port"]
        self.setdefault(name, TcpProxy(name, self._ask, told))
        return told

    def _ask(self, question: Json) -> Json:
        with socket.create_connection((_HOST, self._control_port), timeout=10) as connection:
            connection.sendall(json.dumps(question).encode() + b"\n")
            with connection.makefile("r") as answers:
                answer: Json = json.loads(answers.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer


@asynccontextmanager
async def proxies(wanted: Callable[[str, str], bool] = lambda _process, _to: True) -> AsyncGenerator[Proxies]:
    """The proxies' process for the time of the block.

    Args:
        wanted: whether there is to be a proxy between this process and that part.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "chaos.proxies",
        stdin=subprocess.PIPE,  # its end is the sign to go, also when we are killed
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        start_new_session=True,
    )
    try:
        assert child.stdout is not None
        yield Proxies(int(await child.stdout.readline()), wanted)
    finally:
        child.kill()
        await child.wait()


# In the proxies' process


@dataclass(eq=False, slots=True)
class _Pair:
    """A client's connection and ours to the server, once there is one."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    forgotten: bool = False

    def reset(self) -> None:
        for end in (self.client, self.server):
            if end is not None:
                _reset(end)


@dataclass(slots=True)
class _Way:
    """One listening port and what happens to what comes in there."""

    to: int
    port: int = 0
    mode: str = "open"
    delay: tuple[float, float] = (0.0, 0.0)
    rng: random.Random = field(default_factory=random.Random)
    through: asyncio.Event = field(default_factory=asyncio.Event)
    pairs: set[_Pair] = field(default_factory=set[_Pair])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = _Pair(writer)
        if self.mode == "reset":
            pair.reset()
            return
        self.pairs.add(pair)
        try:
            await self.through.wait()
            answers, pair.server = await asyncio.open_connection(_HOST, self.to)
            await asyncio.gather(self._pump(reader, pair.server), self._pump(answers, writer))
        except (OSError, RuntimeError):  # uvloop says RuntimeError of a transport that a reset has closed
            pass
        finally:
            self.pairs.discard(pair)
            pair.reset()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(_CHUNK_BYTES):
            if self.delay[1]:
                await asyncio.sleep(self.rng.uniform(*self.delay))
            await self.through.wait()
            sink.write(piece)
            await sink.drain()
        await self.through.wait()
        if not sink.is_closing() and sink.can_write_eof():
            sink.write_eof()

    def set(self, question: Json) -> None:
        self.mode = question.get("mode", self.mode)
        self.delay = tuple(question.get("delay", self.delay))
        if "seed" in question:
            self.rng.seed(question["seed"])
        if self.mode == "open":
            for pair in [pair for pair in self.pairs if pair.forgotten]:
                pair.reset()  # as a server answers who speaks of a connection that it does not know
            self.through.set()
        elif self.mode == "held":
            self.through.clear()
        else:
            for pair in list(self.pairs):
                pair.reset()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a RST instead of a FIN, if it is not closed yet."""
    with contextlib.suppress(OSError, ValueError):
        found = writer.get_extra_info("socket")
        if found is not None:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def _local_port(writer: asyncio.StreamWriter) -> int:
    name = writer.get_extra_info("sockname")
    return int(name[1]) if name else 0


async def _open(ways: dict[str, _Way], name: str, to: int) -> Json:
    way = ways.setdefault(name, _Way(to))
    way.to = to
    if not way.port:
        way.through.set()
        listening = await asyncio.start_server(way.serve, _HOST, 0, backlog=512)
        way.port = listening.sockets[0].getsockname()[1]
    return {"port": way.port}


async def _answer(ways: dict[str, _Way], question: Json) -> Json:
    if question["do"] == "open":
        return await _open(ways, question["name"], question["to"])
    way = ways[question["name"]]
    if question["do"] == "set":
        way.set(question)
    elif question["do"] == "forget":
        for pair in list(way.pairs):
            if pair.server is not None:
                pair.forgotten = True
                _reset(pair.server)
    elif question["do"] == "ports":
        return {"ports": [_local_port(pair.server) for pair in way.pairs if pair.server is not None]}
    return {}


def _control(ways: dict[str, _Way]) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    lock = asyncio.Lock()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with lock:
                answer = await _answer(ways, json.loads(await reader.readline()))
        except Exception as error:
            answer = {"error": repr(error)}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    return serve


async def _main() -> None:
    control = await asyncio.start_server(_control({}), _HOST, 0)
    print(control.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(_main())

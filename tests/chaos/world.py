"""What a fault gets into its hands: the running stack, the proxies between its parts, and a voice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from devstack.stack import Stack

if TYPE_CHECKING:
    from chaos.proxies import Proxies, TcpProxy

SERVICES = ("identity", "conversation", "escalation", "gateway")
Say = Callable[[str], None]


@dataclass(slots=True)
class World:
    """One stack that serves many rounds.

    Attributes:
        stack: every service as `NAME-api` and `NAME-worker`; nothing comes back by itself.
        say: prints a line with the lane's name before it.
        folder: the stack's own, for what a setup keeps beside it.
        proxies: the tests' own TCP proxies by name, where the setup put some between the parts.
        notes: what a fault did in this round, in words, for the report; emptied at the beginning of each.
    """

    stack: Stack
    say: Say
    folder: Path
    proxies: dict[str, TcpProxy] = field(default_factory=dict[str, "TcpProxy"])
    notes: list[str] = field(default_factory=list[str])

    async def kill(self, *names: str) -> None:
        """kill -9 service processes or parts (`conversation-api`, `kafka`), one after the other without a pause."""
        for name in names:
            part = name in self.stack.parts.servers
            await asyncio.to_thread(self.stack.kill_part if part else self.stack.kill, name)

    async def start(self, *names: str) -> None:
        """Start killed or stopped processes or parts again, side by side, and wait until they take work."""

        def begin(name: str) -> None:
            if name in self.stack.parts.servers:
                self.stack.start_part(name)
            else:
                self.stack.start_service(name)

        await asyncio.gather(*(asyncio.to_thread(begin, name) for name in names))


class Fault(Protocol):
    """Something that goes wrong. One object serves many rounds; what it did is kept between `inject` and `heal`."""

    name: str
    """As in `--fault NAME`: letters, digits, dashes."""
    setup: str
    """The kind of stack it needs, a key of `SETUPS`; faults of one setup share a stack."""
    broken: str
    """Of a deliberately broken build: part of the sentence that the harness must find. Empty: it must find nothing."""

    async def inject(self, world: World, rng: random.Random) -> None:
        """Break it. Returns when the fault has lasted as long as it should; `rng` decides every choice."""
        ...

    async def heal(self, world: World) -> None:
        """Mend it: returns when everything that was taken away is back and ready."""
        ...


Setup = Callable[[Path, Say], AbstractAsyncContextManager[World]]
"""Gives a started world in that (empty) folder, and stops it afterwards."""


@asynccontextmanager
async def started(
    folder: Path,
    say: Say,
    *,
    settings: Mapping[str, Mapping[str, str]] | None = None,
    replicas: Mapping[str, int] | None = None,
    proxies: Proxies | None = None,
) -> AsyncGenerator[World]:
    """The plain world: own parts, kept through kills, api and worker apart, no reviving.

    Args:
        folder: empty.
        say: for what the stack reports.
        settings: more environment per service or process.
        replicas: how many there are of a process.
        proxies: stand between the parts.
    """
    stack = Stack(
        folder / "state",
        own_parts=True,
        apart=set(SERVICES),
        durable=True,
        revive=False,
        settings=settings or {},
        replicas=replicas or {},
        detour=None if proxies is None else proxies.detour,
        say=lambda _line: None,
    )
    await asyncio.to_thread(stack.start)
    try:
        yield World(stack, say, folder, {} if proxies is None else proxies)
    finally:
        await asyncio.to_thread(stack.stop)

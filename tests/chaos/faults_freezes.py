"""SIGSTOP: a process that is frozen for a while and wakes up believing that nothing has happened."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
from dataclasses import dataclass, field

import psutil

from chaos.mending import answering, family, lasting
from chaos.sessions import end_sessions
from chaos.world import Fault, World
from servicekit.consumers import SESSION_SECONDS


def _send(members: list[psutil.Process], what: signal.Signals) -> None:
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.send_signal(what)


@dataclass(slots=True)
class FreezePart:
    """SIGSTOP of Kafka or PostgreSQL with all its children: connections stay open and nobody answers, then all at once."""

    name: str
    victim: str
    least_seconds: float
    most_seconds: float
    setup: str = "plain"
    broken: str = ""
    _frozen: list[psutil.Process] = field(default_factory=list[psutil.Process], init=False)

    async def inject(self, world: World, rng: random.Random) -> None:
        self._frozen = await asyncio.to_thread(family, world, self.victim)
        _send(self._frozen, signal.SIGSTOP)
        seconds = rng.uniform(self.least_seconds, self.most_seconds)
        world.notes.append(f"froze {self.victim} for {seconds:.1f} s")
        await asyncio.sleep(seconds)

    async def heal(self, world: World) -> None:
        _send(self._frozen[::-1], signal.SIGCONT)
        self._frozen = []
        await answering(world, self.victim)


@dataclass(slots=True)
class Zombie:
    """SIGSTOP of a worker for longer than the session time-out, in half of the seeds with its database sessions ended.

    Its partitions, leases and (with the sessions) relay leadership go to the other worker; then it wakes up, in the
    middle of what it did, and must neither mark, store nor publish what is no longer its own.
    """

    name: str = "zombie-worker"
    setup: str = "paired"
    broken: str = ""
    _frozen: list[psutil.Process] = field(default_factory=list[psutil.Process], init=False)

    async def inject(self, world: World, rng: random.Random) -> None:
        victim = rng.choice(["conversation-worker", "escalation-worker"])
        await lasting(rng, 0, 0.5)
        self._frozen = await asyncio.to_thread(family, world, victim)
        sessions_end = rng.random() < 0.5
        seconds = SESSION_SECONDS + rng.uniform(1, 3)
        _send(self._frozen, signal.SIGSTOP)
        world.notes.append(f"froze {victim} for {seconds:.1f} s")
        if sessions_end:
            world.notes.append(f"PostgreSQL ended {await end_sessions(world, victim)} sessions of it")
        await asyncio.sleep(seconds)

    async def heal(self, world: World) -> None:
        del world
        _send(self._frozen, signal.SIGCONT)
        self._frozen = []


FAULTS: list[Fault] = [
    FreezePart("freeze-kafka", "kafka", 3, 12),
    FreezePart("freeze-postgres", "postgres", 2, 8),
    Zombie(),
]

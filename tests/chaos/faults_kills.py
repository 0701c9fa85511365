"""kill -9: of every service's processes, of the relay's leader, of the parts, of one session of PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from functools import partial

import psutil

from chaos.mending import answering, family, instances, lasting, revived
from chaos.sessions import leader_of, relaying
from chaos.world import SERVICES, Fault, World
from kit.people import until


@dataclass(slots=True)
class Kill:
    """kill -9 of a process or a part under load; it is started again after a seeded time.

    A worker is killed a second time in a third of the seeds, while it starts: in the middle of recovering.

    A reader sees refused connections, turns whose lease runs out, records that come again, transactions that are gone.
    """

    name: str
    victim: str
    setup: str = "plain"
    broken: str = ""

    async def inject(self, world: World, rng: random.Random) -> None:
        await lasting(rng, 0, 1)
        await world.kill(self.victim)
        world.notes.append(f"killed {self.victim}")
        if self.victim.endswith("-worker") and rng.random() < 1 / 3:
            await asyncio.to_thread(world.stack.start_service, self.victim, wait=False)
            await lasting(rng, 0.2, 4)
            await world.kill(self.victim)
            world.notes.append("and again while it started")
        await lasting(rng, 0.1, 3)

    async def heal(self, world: World) -> None:
        await revived(world, self.victim)


@dataclass(slots=True)
class KillRelayLeader:
    """kill -9 of the process whose connection holds a service's relay lock, events in flight: the standby takes over."""

    name: str = "kill-relay-leader"
    setup: str = "paired"
    broken: str = ""
    _killed: str | None = field(default=None, init=False)

    async def inject(self, world: World, rng: random.Random) -> None:
        service = rng.choice(["conversation", "escalation"])
        await lasting(rng, 0, 1)
        self._killed = await leader_of(world, service)
        await world.kill(self._killed)
        world.notes.append(f"killed {self._killed}, which led {service}'s relay")
        other = next(one for one in instances(world, f"{service}-worker") if one != self._killed)
        began = asyncio.get_running_loop().time()
        await until(partial(relaying, world, other), 30, what=f"{other} leading")
        world.notes.append(f"{other} led {asyncio.get_running_loop().time() - began:.1f} s later")
        await lasting(rng, 0.1, 1)

    async def heal(self, world: World) -> None:
        if self._killed:
            await revived(world, self._killed)


@dataclass(slots=True)
class KillSession:
    """kill -9 of one server process of PostgreSQL: it throws every session out and recovers from its log."""

    name: str = "kill-postgres-session"
    setup: str = "plain"
    broken: str = ""

    async def inject(self, world: World, rng: random.Random) -> None:
        for _ in range(rng.randint(1, 2)):
            await lasting(rng, 0, 1)
            sessions = [one for one in family(world, "postgres")[1:] if _serves_a_client(one)]
            if sessions:
                rng.choice(sorted(sessions, key=lambda one: one.pid)).kill()
        world.notes.append("killed sessions of postgres")
        await lasting(rng, 0.5, 2)

    async def heal(self, world: World) -> None:
        await revived(world, "postgres")
        await answering(world, "postgres")


def _serves_a_client(process: psutil.Process) -> bool:
    try:
        return "127.0.0.1" in " ".join(process.cmdline())
    except psutil.Error:
        return False


FAULTS: list[Fault] = [
    *(Kill(f"kill-{service}-{role}", f"{service}-{role}") for service in SERVICES for role in ("api", "worker")),
    *(Kill(f"kill-{part}", part) for part in ("kafka", "postgres", "valkey")),
    KillSession(),
    KillRelayLeader(),
]

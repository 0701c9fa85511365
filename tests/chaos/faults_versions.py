"""Two versions at once, and a deploy: rolling restarts under load."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from chaos import installed
from chaos.mending import instances, lasting, revived
from chaos.setups import TWICE
from chaos.world import SERVICES, Fault, World

_SECONDS = [*(f"{name}-2" for name in TWICE), "escalation-api-2"]


@dataclass(slots=True)
class TwoVersions:
    """Some of the second processes run the released version: same databases, groups, relay locks, turns and guests.

    In half of the seeds the present ones beside them are then restarted, so that the old version alone holds leases,
    partitions and the relay for a moment; in the end the old ones go, killed or stopped.
    """

    name: str = "two-versions"
    setup: str = "versions"
    broken: str = ""
    _old: list[str] = field(default_factory=list[str], init=False)
    _kill: bool = field(default=False, init=False)

    async def inject(self, world: World, rng: random.Random) -> None:
        self._old = sorted(rng.sample(_SECONDS, rng.randint(1, len(_SECONDS))))
        self._kill = rng.random() < 0.5
        for name in self._old:
            world.stack.programs[name] = installed.program(name.partition("-")[0])
            world.stack.settings[name] = {"PYTHONPATH": ""}  # or ours would lead it to the present code
        await asyncio.gather(*(asyncio.to_thread(world.stack.restart, name) for name in self._old))
        world.notes.append(f"released version: {', '.join(self._old)}")
        await lasting(rng, 0.5, 2)
        if rng.random() < 0.5:
            first = [name.removesuffix("-2") for name in self._old]
            await asyncio.gather(*(asyncio.to_thread(world.stack.restart, name) for name in first))
            world.notes.append("restarted the present ones beside them")
        await lasting(rng, 0.5, 2)

    async def heal(self, world: World) -> None:
        for name in self._old:
            world.stack.programs.pop(name, None)
            world.stack.settings.pop(name, None)
        end = world.stack.kill if self._kill else world.stack.stop_service
        await asyncio.gather(*(asyncio.to_thread(end, name) for name in self._old))
        await revived(world, *self._old)


@dataclass(slots=True)
class Deploy:
    """A rolling restart of two services of the seed's choice: SIGTERM, wait for its end, start, wait until ready, next.

    Instances one after the other, api and worker side by side; a reader sees closed connections and WebSockets, a drained worker's
    turns taken by the other one, rebalances; nothing that was accepted is dropped.
    """

    name: str = "deploy"
    setup: str = "paired"
    broken: str = ""

    async def inject(self, world: World, rng: random.Random) -> None:
        order = rng.sample(SERVICES, 2)
        for service in order:
            roles = rng.sample(["api", "worker"], 2)
            await asyncio.gather(*(self._roll(world, instances(world, f"{service}-{role}")) for role in roles))
        world.notes.append(f"deployed {', '.join(order)}")

    async def _roll(self, world: World, names: list[str]) -> None:
        for name in names:
            await asyncio.to_thread(world.stack.restart, name)

    async def heal(self, world: World) -> None:
        await revived(world, *world.stack.processes())


FAULTS: list[Fault] = [TwoVersions(), Deploy()]

"""Between two parts: a cut, as a reset or as a black hole, and a slow database."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from chaos.mending import lasting
from chaos.world import Fault, World


@dataclass(slots=True)
class Cut:
    """A process loses a part: in half of the seeds every connection is reset, in half it is a black hole.

    In a black hole packets vanish and connections stay open; for a database the server gives its side up in half of
    the seeds (a keep-alive that nobody answers), so that somebody else leads before the process comes back.
    """

    name: str
    ways: tuple[str, ...]
    """Of which the seed takes one."""
    least_seconds: float = 1
    most_seconds: float = 5
    setup: str = "paired"
    broken: str = ""
    _cut: str | None = field(default=None, init=False)

    async def inject(self, world: World, rng: random.Random) -> None:
        self._cut = rng.choice(self.ways)
        way = world.proxies[self._cut]
        reset, given_up = rng.random() < 0.5, rng.random() < 0.5
        seconds = rng.uniform(self.least_seconds, self.most_seconds)
        await lasting(rng, 0, 0.5)
        if reset:
            await way.reset()
        else:
            await way.hold()
            if given_up and self._cut.endswith(">postgres"):
                await way.forget_servers()
        world.notes.append(f"cut {self._cut} for {seconds:.1f} s: {'reset' if reset else 'black hole'}")
        await lasting(rng, seconds, seconds)

    async def heal(self, world: World) -> None:
        if self._cut:
            await world.proxies[self._cut].mend()


@dataclass(slots=True)
class SlowDatabase:
    """Every piece to and from PostgreSQL takes 25 to 100 ms (50 to 200 ms a round trip) for a few seconds."""

    name: str = "slow-database"
    setup: str = "paired"
    broken: str = ""

    async def inject(self, world: World, rng: random.Random) -> None:
        for name, way in sorted(world.proxies.items()):
            if name.endswith(">postgres"):
                await way.slow(0.025, 0.1, rng.randrange(2**32))
        world.notes.append("PostgreSQL 50 to 200 ms away")
        await lasting(rng, 3, 6)

    async def heal(self, world: World) -> None:
        for name, way in world.proxies.items():
            if name.endswith(">postgres"):
                await way.mend()


FAULTS: list[Fault] = [
    Cut("cut-postgres", ("conversation-api>postgres", "conversation-worker>postgres", "escalation-worker>postgres")),
    Cut("cut-kafka", ("conversation-worker>kafka", "escalation-worker>kafka", "gateway-worker>kafka"), 1, 12),
    Cut("cut-valkey", ("conversation-api>valkey", "conversation-worker>valkey")),
    Cut("cut-gateway-conversation", ("gateway-api>conversation",)),
    SlowDatabase(),
]

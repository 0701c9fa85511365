"""Between two parts: a cut, as a reset or as a black hole, and a slow database."""

from __future__ import annotations

import random
from dataclasses import dataclass

from chaos.mending import lasting
from chaos.world import Fault, World


@dataclass(slots=True)
class Cut:
    """A process loses a part: in half of the seeds every connection is reset, in half it is a black hole.

    In a black hole packets vanish and connections stay open; for a database the server gives its side up in half of
    the seeds (a keep-alive that nobody answers), so that somebody else leads before the process comes back.
    """

    name: str
    way: str
    least_seconds: float = 1
    most_seconds: float = 5
    setup: str = "paired"
    broken: bool = False

    async def inject(self, world: World, rng: random.Random) -> None:
        way = world.proxies[self.way]
        reset, given_up = rng.random() < 0.5, rng.random() < 0.5
        seconds = rng.uniform(self.least_seconds, self.most_seconds)
        await lasting(rng, 0, 0.5)
        if reset:
            await way.reset()
        else:
            await way.hold()
            if given_up and self.way.endswith(">postgres"):
                await way.forget_servers()
        world.notes.append(f"cut {self.way} for {seconds:.1f} s: {'reset' if reset else 'black hole'}")
        await lasting(rng, seconds, seconds)

    async def heal(self, world: World) -> None:
        await world.proxies[self.way].mend()


@dataclass(slots=True)
class SlowDatabase:
    """Every piece to and from PostgreSQL takes 25 to 100 ms (50 to 200 ms a round trip) for a few seconds."""

    name: str = "slow-database"
    setup: str = "paired"
    broken: bool = False

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
    Cut("cut-conversation-api-postgres", "conversation-api>postgres"),
    Cut("cut-conversation-worker-postgres", "conversation-worker>postgres"),
    Cut("cut-conversation-worker-kafka", "conversation-worker>kafka", 1, 12),
    Cut("cut-conversation-api-valkey", "conversation-api>valkey"),
    Cut("cut-conversation-worker-valkey", "conversation-worker>valkey"),
    Cut("cut-escalation-worker-postgres", "escalation-worker>postgres"),
    Cut("cut-escalation-worker-kafka", "escalation-worker>kafka", 1, 12),
    Cut("cut-gateway-conversation", "gateway-api>conversation"),
    Cut("cut-gateway-kafka", "gateway-worker>kafka"),
    SlowDatabase(),
]

"""Builds that are broken on purpose: what the harness must find, or it does not see what it claims to see."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from chaos import patches
from chaos.mending import lasting, revived
from chaos.world import Fault, World


@dataclass(slots=True)
class BrokenBuild:
    """One process is restarted with a patch of `patched/chaos_patches.py` and serves for some seconds.

    Attributes:
        process: the one with the patch.
        patch: the function's name.
        broken: what must be found, part of a finding's sentence: of what the patch does, not of what slowness does, too.
        kafka_away: Kafka is stopped for a moment meanwhile.
    """

    name: str
    process: str
    patch: str
    broken: str
    kafka_away: bool = False
    setup: str = "broken"

    async def inject(self, world: World, rng: random.Random) -> None:
        world.stack.settings[self.process] = patches.environment(self.patch)
        await asyncio.to_thread(world.stack.restart, self.process)
        world.notes.append(f"{self.process} with {self.patch}")
        if self.kafka_away:
            await lasting(rng, 0.5, 1)
            await asyncio.to_thread(world.stack.stop_part, "kafka")
            await lasting(rng, 2, 3)
            await revived(world, "kafka")
        await lasting(rng, 3, 5)

    async def heal(self, world: World) -> None:
        world.stack.settings.pop(self.process, None)
        await asyncio.to_thread(world.stack.restart, self.process)
        await revived(world, "kafka")


FAULTS: list[Fault] = [
    BrokenBuild("broken-ack-before-commit", "conversation-api", "ack_before_commit", "was acknowledged to"),
    BrokenBuild("broken-publish-before-commit", "conversation-worker", "publish_before_commit", "was never committed"),
    BrokenBuild(
        "broken-publish-and-forget", "conversation-worker", "publish_and_forget", "has no event", kafka_away=True
    ),
    BrokenBuild("broken-relay-backwards", "conversation-worker", "relay_backwards", " has version ", kafka_away=True),
    BrokenBuild("broken-settle-apart", "conversation-worker", "settle_apart", " replies and "),
]

"""A clock jump in one process: minutes to hours, forward or back, and then right again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from chaos.mending import lasting
from chaos.patches import clock_file
from chaos.world import Fault, World

_JUMPS_SECONDS = (-5 * 3600, -3600, -600, -60, 60, 600, 3600, 5 * 3600)


@dataclass(slots=True)
class ClockJump:
    """The injected clock and `time.time` of one process jump; the database's and the other processes' stay right.

    Not covered: `datetime.now` of C code (token expiry) and the time inside new ids. A reader sees times that are off,
    and, were the product to trust them, leases and due times that nobody reaches, or that everybody does.
    """

    name: str
    process: str
    setup: str = "paired"
    broken: bool = False

    async def inject(self, world: World, rng: random.Random) -> None:
        jump = rng.choice(_JUMPS_SECONDS) + rng.uniform(-5, 5)
        clock_file(world.folder, self.process).write_text(f"{jump}")
        world.notes.append(f"clock of {self.process} {jump:+.0f} s")
        await lasting(rng, 2, 5)

    async def heal(self, world: World) -> None:
        clock_file(world.folder, self.process).unlink(missing_ok=True)


FAULTS: list[Fault] = [
    ClockJump("clock-conversation-api", "conversation-api"),
    ClockJump("clock-conversation-worker", "conversation-worker"),
    ClockJump("clock-escalation-worker", "escalation-worker"),
]

"""A clock jump in one process: minutes to hours, forward or back, and then right again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from chaos.mending import lasting
from chaos.patches import TURNABLE, clock_file
from chaos.world import Fault, World

_JUMPS_SECONDS = (-5 * 3600, -3600, -600, -60, 60, 600, 3600, 5 * 3600)


@dataclass(slots=True)
class ClockJump:
    """The injected clock and `time.time` of one process (the seed's choice) jump; the database's and the other processes' stay right.

    Not covered: `datetime.now` of C code (token expiry) and the time inside new ids. A reader sees times that are off,
    and, were the product to trust them, leases and due times that nobody reaches, or that everybody does.
    """

    name: str = "clock-jump"
    setup: str = "paired"
    broken: str = ""
    _turned: Path | None = field(default=None, init=False)

    async def inject(self, world: World, rng: random.Random) -> None:
        process = rng.choice(TURNABLE)
        self._turned = clock_file(world.folder, process)
        jump = rng.choice(_JUMPS_SECONDS) + rng.uniform(-5, 5)
        self._turned.write_text(f"{jump}")
        world.notes.append(f"clock of {process} {jump:+.0f} s")
        await lasting(rng, 2, 5)

    async def heal(self, world: World) -> None:
        del world
        if self._turned:
            self._turned.unlink(missing_ok=True)


FAULTS: list[Fault] = [ClockJump()]

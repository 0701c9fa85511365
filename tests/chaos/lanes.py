"""Stacks side by side: each lane takes the next round, and keeps its stack for as long as rounds of that setup are left."""

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from chaos.record import write
from chaos.report import line
from chaos.rounds import Load, Round, Stage, play, staged
from chaos.world import Fault, Say, Setup, World
from devstack.errors import StackError

GIVE_UP = 5
"""That many stacks that did not start, or rounds that hung, are enough."""
ROUND_SECONDS = 300.0
"""A round that takes longer has hung, whatever the reason; its stack is given up."""


@dataclass(slots=True)
class Nothing:
    """No fault: what the load alone does. A finding here is the harness's own mistake, or a plain defect."""

    name: str = "nothing"
    setup: str = "plain"
    broken: str = ""

    async def inject(self, world: World, rng: random.Random) -> None:
        del world
        await asyncio.sleep(rng.uniform(0.5, 1.5))

    async def heal(self, world: World) -> None:
        del world


@dataclass(slots=True)
class Plan:
    """The rounds that are left, and those that have been played."""

    left: list[tuple[Fault, int]]
    until: float | None = None
    played: list[Round] = field(default_factory=list[Round])
    hung: list[str] = field(default_factory=list[str])
    record: Path | None = None
    _busy: dict[str, int] = field(default_factory=dict[str, int])

    def next(self, setup: str | None) -> tuple[Fault, int] | None:
        """The next round for a lane whose stack is of this setup; of another when none is left of it."""
        if self.until is not None and time.monotonic() > self.until:
            self.left = [job for job in self.left if job[0].broken]  # without them a run has shown nothing
        if not self.left:
            return None
        same = next((n for n, (fault, _) in enumerate(self.left) if fault.setup == setup), None)
        if same is None:  # what fewest lanes are at, so that lanes part
            same = min(range(len(self.left)), key=lambda n: self._busy.get(self.left[n][0].setup, 0))
        found = self.left.pop(same)
        if found[0].setup != setup:
            if setup is not None:
                self._busy[setup] -= 1
            self._busy[found[0].setup] = self._busy.get(found[0].setup, 0) + 1
        return found


async def run(plan: Plan, setups: Mapping[str, Setup], lanes: int, load: Load, keep: Path, say: Say) -> None:
    """Play the whole plan on that many lanes."""
    async with asyncio.TaskGroup() as together:
        for number in range(lanes):
            prefix = f"[{number + 1}] " if lanes > 1 else ""
            together.create_task(_lane(plan, setups, load, keep, _prefixed(say, prefix)))


def _prefixed(say: Say, prefix: str) -> Say:
    return lambda words: say(f"{prefix}{words}")


async def _lane(plan: Plan, setups: Mapping[str, Setup], load: Load, keep: Path, say: Say) -> None:
    job = plan.next(None)
    while job is not None:
        setup = job[0].setup
        async with AsyncExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True)))
            began = time.monotonic()
            try:
                world = await held.enter_async_context(setups[setup](folder, say))
            except StackError as problem:
                plan.hung.append(f"no stack for {setup} faults: {problem.what}")
                say(plan.hung[-1])
                if len(plan.hung) > GIVE_UP:
                    return
                continue
            stage = await held.enter_async_context(staged(world, keep))
            say(f"a stack for {setup} faults is up ({time.monotonic() - began:.0f} s)")
            usable = True
            while job is not None and job[0].setup == setup and usable:
                usable = await _play(plan, stage, job, load, say)
                job = plan.next(setup)


async def _play(plan: Plan, stage: Stage, job: tuple[Fault, int], load: Load, say: Say) -> bool:
    """Play one round; whether its stack is fit for another."""
    fault, seed = job
    try:
        async with asyncio.timeout(ROUND_SECONDS):
            played = await play(stage, fault, seed, load)
    except Exception as error:  # a round that could not be played is told, and fails the run
        what = f"{fault.name} seed {seed} could not be played: {type(error).__name__}: {error}"
        plan.hung.append(what)
        say(what)
        return False
    plan.played.append(played)
    if plan.record is not None:
        write(played, plan.record)
    say(line(played))
    if not played.verdict.is_clean:
        for kind, sentence in played.verdict.findings[:12]:
            say(f"    {kind}: {sentence}")
        if stage.world.notes:
            say(f"    what was done: {'; '.join(stage.world.notes)}")
        _keep_logs(stage, played)
        say(f"    journals and logs: {played.kept}")
    return played.verdict.is_clean


def _keep_logs(stage: Stage, played: Round) -> None:
    """Copy the ends of the processes' logs beside the journals of a round that was not clean."""
    if played.kept is None:
        return
    for log in stage.world.stack.state.logs.glob("*.log"):
        with contextlib.suppress(OSError), log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 400_000))
            (played.kept / log.name).write_bytes(file.read())


def plan_of(faults: Sequence[Fault], seeds: Callable[[Fault], Sequence[int]], seconds: float | None = None) -> Plan:
    """Seed by seed, all faults of each, so that a run that is cut short has some of everything."""
    most = max((len(seeds(fault)) for fault in faults), default=0)
    left = [(fault, seeds(fault)[n]) for n in range(most) for fault in faults if n < len(seeds(fault))]
    return Plan(left, None if seconds is None else time.monotonic() + seconds)

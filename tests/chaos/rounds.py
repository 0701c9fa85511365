"""One round: load, a fault in the middle, healing, quiet, and then everything is counted."""

import asyncio
import random
import shutil
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from os import environ
from pathlib import Path

from chaos.counting import judge
from chaos.driving import Driver, driver
from chaos.facts import Facts, Json
from chaos.gather import Witness, learn
from chaos.journal import lines
from chaos.verdict import Verdict
from chaos.world import Fault, World

HOTELS = ("lindenhof", "lindenhof", "harbour-house")
"""Where the guests go, in turn: two in three to the first."""
STAFF = (
    ("sam.staff@lindenhof.example", "anna.admin@lindenhof.example"),
    ("holly.staff@harbour-house.example",),
)
ARRIVAL_SECONDS = 60.0
ACKNOWLEDGED_SECONDS = 60.0
QUIET_SECONDS = 60.0
QUIET_SECONDS_OF_BROKEN = 15.0
"""A build that is broken on purpose often never comes to rest, and what is wrong with it can be counted all the same."""
SEEN_SECONDS = 20.0
TELL_SECONDS = 5.0
"""How often to say what is being waited for."""
CALM_SECONDS = (0.8, 1.6)
"""How long guests and staff go on undisturbed, before the fault and after its healing."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much goes on.

    Attributes:
        guests: how many at a time.
        every_seconds: between two messages of a guest, on average; a guest may say 60 a minute.
    """

    guests: int = 8
    every_seconds: float = 1.2


@dataclass(slots=True)
class Round:
    """What came of one round. Recovery in seconds from the end of the fault, when healing begins."""

    fault: str
    seed: int
    broken: str
    verdict: Verdict = field(default_factory=Verdict)
    recovery: dict[str, float] = field(default_factory=dict[str, float])
    seconds: float = 0.0
    kept: Path | None = None

    @property
    def is_caught(self) -> bool:
        """Whether what was broken on purpose was found; that something else was, shows nothing."""
        return bool(self.broken) and any(self.broken in sentence for _, sentence in self.verdict.findings)


@dataclass(slots=True)
class Stage:
    """A world with the people in it."""

    world: World
    witness: Witness
    guests: Driver
    staff: Driver
    folder: Path


@asynccontextmanager
async def staged(world: World, folder: Path) -> AsyncGenerator[Stage]:
    """The two driver processes beside a world."""
    environment = dict(environ)
    await learn()
    async with driver("guests", environment) as guests, driver("staff", environment) as staff:
        witness = Witness(world.stack)
        try:
            yield Stage(world, witness, guests, staff, folder)
        finally:
            await witness.close()


async def play(stage: Stage, fault: Fault, seed: int, load: Load) -> Round:
    """One round of a fault."""
    outcome = Round(fault.name, seed, fault.broken)
    rng = random.Random(f"{fault.name} {seed}")
    world, stack = stage.world, stage.world.stack
    world.notes.clear()
    folder = stage.folder / f"{fault.name}-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.time()
    base = await stage.witness.insist(stage.witness.baseline, 30)
    await stage.witness.close()  # what is about to be cut off or killed is better not watched
    gateway = stack.url("gateway")
    await stage.staff.tell(
        "begin", ARRIVAL_SECONDS, seed=seed, staff=STAFF, gateway=gateway, journal=str(folder / "staff.jsonl")
    )
    await stage.guests.tell(
        "begin",
        ARRIVAL_SECONDS,
        seed=seed,
        guests=load.guests,
        every_seconds=load.every_seconds,
        hotels=HOTELS,
        gateway=gateway,
        conversation=stack.urls("conversation"),
        journal=str(folder / "guests.jsonl"),
    )
    await asyncio.sleep(rng.uniform(*CALM_SECONDS))
    await fault.inject(world, rng)
    ended = time.time()
    await fault.heal(world)
    outcome.recovery["ready"] = time.time() - ended
    await asyncio.sleep(rng.uniform(*CALM_SECONDS))
    hushed = time.time()
    said = await stage.guests.tell("hush", ACKNOWLEDGED_SECONDS + 10, seconds=ACKNOWLEDGED_SECONDS)
    guests = [line["guest"] for line in lines(folder / "guests.jsonl") if "guest" in line]
    left = await _until_quiet(stage, guests, QUIET_SECONDS_OF_BROKEN if fault.broken else QUIET_SECONDS)
    if said["unacknowledged"]:
        left.append(f"{said['unacknowledged']} messages are not acknowledged")
    outcome.recovery["quiet"] = time.time() - hushed
    synced = await stage.guests.tell("end", SEEN_SECONDS + 10, seconds=SEEN_SECONDS)
    facts = await stage.witness.insist(lambda: stage.witness.facts(base, guests), 60)
    facts.unquiet = left
    outcome.verdict = await _judged(facts, folder, patience=SEEN_SECONDS if not synced["behind"] else 1.0)
    await stage.staff.tell("end", 15, seconds=5 if not left else 0.1)
    problems = [*said["broken"], *(await stage.staff.tell("status", 10))["broken"]]
    assert not problems, f"the drivers themselves are broken: {problems}"
    _measure(outcome, ended, list(lines(folder / "guests.jsonl")), list(lines(folder / "staff.jsonl")))
    outcome.seconds = time.time() - began
    if outcome.verdict.is_clean:
        shutil.rmtree(folder)
    else:
        outcome.kept = folder
        (folder / "findings.txt").write_text(
            "\n".join([*world.notes, *(f"{kind}: {sentence}" for kind, sentence in outcome.verdict.findings)]) + "\n"
        )
    return outcome


async def _until_quiet(stage: Stage, guests: list[str], patience: float) -> list[str]:
    """Wait until nothing goes on any more; what still does when that takes too long."""
    began = told = time.monotonic()
    left: list[str] = []
    while True:
        working = (await stage.staff.tell("status", 10))["cases"]
        try:
            left = await stage.witness.insist(lambda: stage.witness.unquiet(guests), 20)
        except TimeoutError:
            left = ["the parts do not answer"]
        if working:
            left.append(f"{working} cases in the hands of staff")
        if not left or time.monotonic() - began > patience:
            return left
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            stage.world.say(f"waiting for quiet since {told - began:.0f} s: {', '.join(left)}")
        await asyncio.sleep(0.2)


async def _judged(facts: Facts, folder: Path, patience: float) -> Verdict:
    """The verdict; the last frames may still be on their way to staff, so a bad one is looked at again."""
    deadline = time.monotonic() + patience
    while True:
        verdict = judge(facts, list(lines(folder / "guests.jsonl")), list(lines(folder / "staff.jsonl")))
        on_their_way = all("never saw" in sentence for _, sentence in verdict.findings)
        if verdict.is_clean or not on_their_way or time.monotonic() > deadline:
            return verdict
        await asyncio.sleep(0.3)


def _measure(outcome: Round, ended: float, guests: Sequence[Json], staff: Sequence[Json]) -> None:
    """Until the first of each kind after the fault's end, and the longest time without an acknowledgement."""
    acks = [line["t"] for line in guests if line["what"] == "acked"]
    kinds = {
        "message": acks,
        "answer": [line["t"] for line in guests if line["what"] == "saw" and line["sender"] == "ai"],
        "command": [line["t"] for line in staff if line["what"] == "done"],
        "event": [line["t"] for line in staff if line["what"] == "saw"],
    }
    for kind, times in kinds.items():
        after = [t - ended for t in times if t >= ended]
        if after:
            outcome.recovery[kind] = min(after)
    outcome.recovery["silence"] = max((b - a for a, b in pairwise(acks)), default=0.0)

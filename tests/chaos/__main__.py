"""`python -m chaos`: faults and seeds in, verdicts out; exit code 1 when anything was lost, doubled, disordered or left."""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Sequence
from copy import copy
from pathlib import Path
from typing import Any

from chaos.faults import FAULTS
from chaos.lanes import Nothing, plan_of, run
from chaos.record import read
from chaos.report import tables
from chaos.rounds import Load
from chaos.setups import SETUPS
from chaos.world import Fault

CORE = (
    "kill-identity-api",
    "kill-identity-worker",
    "kill-conversation-api",
    "kill-conversation-worker",
    "kill-escalation-api",
    "kill-escalation-worker",
    "kill-gateway-api",
    "kill-gateway-worker",
    "kill-relay-leader",
    "kill-kafka",
    "kill-postgres",
    "kill-valkey",
    "zombie-worker",
    "full-disk",
    "slow-database",
    "cut-kafka",
    "cut-postgres",
    "clock-jump",
    "two-versions",
    "deploy",
)
"""One fault of each kind; the others vary where it strikes."""
BROKEN_SEEDS = 3
"""Rounds of a build that is broken on purpose: it must be caught, not measured."""
SAMPLE_FAULTS = 4
SAMPLE_SECONDS = 75.0
"""After that no new round of the sample begins."""


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument(
        "--fault", action="append", default=[], help="name of a fault, several times; all if none given"
    )
    parser.add_argument("--seeds", type=int, default=20, help="rounds of each fault")
    parser.add_argument("--seed", type=int, help="the first seed; any if not given, and printed")
    parser.add_argument("--lanes", type=int, default=1, help="stacks side by side")
    parser.add_argument("--guests", type=int, default=Load().guests)
    parser.add_argument("--every", type=float, default=Load().every_seconds, help="seconds between a guest's messages")
    parser.add_argument("--seconds", type=float, help="begin no new round after that long")
    parser.add_argument("--core", action="store_true", help="one fault of each kind, and every broken build")
    parser.add_argument("--sample", action="store_true", help="a few faults by the seed, one broken build; for CI")
    parser.add_argument("--report", type=Path, help="append the tables to this file")
    parser.add_argument("--record", type=Path, help="append a JSON line for each round to this file")
    parser.add_argument("--tables", type=Path, nargs="+", help="only print the tables of rounds recorded before")
    parser.add_argument("--keep", type=Path, help="where journals and logs of rounds that are not clean are kept")
    parser.add_argument("--list", action="store_true", help="name the faults")
    wanted = parser.parse_args()
    known: dict[str, Fault] = {"nothing": Nothing(), **FAULTS}
    if wanted.list:
        print(
            "\n".join(f"{fault.name} ({fault.setup}{', broken' if fault.broken else ''})" for fault in known.values())
        )
        return 0
    if wanted.tables:
        recorded = read(wanted.tables)
        recorded.sort(key=lambda played: (list(known).index(played.fault), played.seed))
        print(tables(recorded, "python -m chaos, in parts", min(one.seed for one in recorded), commit(), "together"))
        return 0
    if unknown := set(wanted.fault) - set(known):
        parser.error(f"there is no fault {', '.join(sorted(unknown))}; --list names them")
    first = wanted.seed if wanted.seed is not None else random.SystemRandom().randrange(1, 1_000_000)
    command = f"python -m chaos {' '.join(sys.argv[1:])}".strip()
    print(f"seed {first}; the same again: {command}{'' if wanted.seed is not None else f' --seed {first}'}", flush=True)
    faults = [known[name] for name in wanted.fault] or list(FAULTS.values())
    if wanted.core:
        faults = [known[name] for name in CORE] + [fault for fault in FAULTS.values() if fault.broken]
    seconds = wanted.seconds
    if wanted.sample:
        faults, wanted.seeds, seconds = sample(list(known.values()), first), 1, SAMPLE_SECONDS
        print(f"sample: {', '.join(fault.name for fault in faults)}", flush=True)

    def seeds(fault: Fault) -> Sequence[int]:
        return range(first, first + (min(wanted.seeds, BROKEN_SEEDS) if fault.broken else wanted.seeds))

    plan = plan_of(faults, seeds, seconds)
    plan.record = wanted.record
    keep = wanted.keep or Path(tempfile.mkdtemp(prefix="chaos-kept-"))
    keep.mkdir(parents=True, exist_ok=True)
    began, busy = time.monotonic(), os.getloadavg()[0]
    load = Load(wanted.guests, wanted.every)
    interrupted = asyncio.run(_until_told(run(plan, SETUPS, wanted.lanes, load, keep, _say)))
    order = {fault.name: n for n, fault in enumerate(faults)}
    plan.played.sort(key=lambda played: (order[played.fault], played.seed))
    report = tables(plan.played, command, first, commit(), f"{os.cpu_count()} cores, load {busy:.1f} before")
    print(f"\n{report}\nin {(time.monotonic() - began) / 60:.1f} minutes")
    if wanted.report:
        with wanted.report.open("a") as file:
            file.write(f"\n{report}")
    broken = [played for played in plan.played if played.broken]
    missed = {played.fault for played in broken} - {played.fault for played in broken if played.is_caught}
    skipped = {fault.name for fault in faults if fault.broken} - {played.fault for played in broken}
    unseen = [f"{name} is broken on purpose and was not caught" for name in sorted(missed)]
    unseen += [f"{name} was not played, so nothing shows that it would be caught" for name in sorted(skipped)]
    bad = [
        f"{played.fault} seed {played.seed}"
        for played in plan.played
        if not played.broken and not played.verdict.is_clean
    ]
    for sentence in (*plan.hung, *unseen, *(f"not clean: {name}" for name in bad)):
        print(sentence)
    return 1 if plan.hung or unseen or bad or interrupted else 0


def _say(words: str) -> None:
    print(words, flush=True)


async def _until_told(work: Coroutine[Any, Any, None]) -> bool:  # Any: nothing is sent into it
    """Do it; on SIGINT or SIGTERM stop the stacks, and what was played is still reported. Whether that came."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        print("told to stop; this is what was played", flush=True)
        return True
    return False


def sample(faults: Sequence[Fault], seed: int) -> list[Fault]:
    """A few faults and then one broken build, all on one plain stack, by the seed."""
    rng = random.Random(seed)
    plain = [fault for fault in faults if fault.setup == "plain" and not fault.broken and fault.name != "nothing"]
    broken = copy(rng.choice([fault for fault in faults if fault.broken]))
    broken.setup = (
        "plain"  # it comes last: what it loses troubles nobody after it, and a second stack costs half a minute
    )
    return [*rng.sample(plain, SAMPLE_FAULTS), broken]


def commit() -> str:
    """The commit that is checked out, with a plus when files differ from it."""
    here = Path(__file__).parent
    found = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True, check=False
    )
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=here, capture_output=True, text=True, check=False)
    return (found.stdout.strip() or "unknown") + ("+" if changed.stdout.strip() else "")


if __name__ == "__main__":
    sys.exit(main())

"""Message write: guests' POSTs straight to the conversation service, and pgbench with the same statements, in one run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import median
from typing import Literal

from bench import cpu, drain, load, pgbench, report
from bench.guests import make_guests, needed
from bench.load import Load
from bench.questions import demo_questions
from bench.stackside import Bench

WARM_SECONDS = 2.0
EXPECTED_PER_SECOND = 2500
OWNERS: dict[Literal["staff", "ai"], str] = {"staff": "staff have it", "ai": "the AI answers"}


async def measure(
    bench: Bench,
    *,
    seconds: float,
    connections: Sequence[int],
    rounds: int,
    seed: int,
    owners: Sequence[Literal["staff", "ai"]] = ("staff", "ai"),
) -> None:
    """Rounds of pgbench and of ours in turn, so that both meet the same machine; medians of the rounds."""
    together = "" if bench.apart("conversation") else " in one process with its worker, as `make up` runs it"
    report.header(
        "Message write",
        seed,
        f"load: {load.tool()}; {rounds} rounds of {seconds:g} s each, medians; the conversation service{together}",
        "everything on: tokens, rate limit in Valkey, masking, outbox, relay to Kafka, the other services' consumers, turns",
    )
    texts = demo_questions(random.Random(seed), 200)
    rows: list[list[object]] = []
    rates: dict[tuple[str, int], list[Load]] = {}
    yard: dict[tuple[str, int], list[float]] = {}
    async with pgbench.copies(bench):
        for number in range(rounds):
            for clients in connections:
                for name, script in (("five", pgbench.FIVE), ("function", pgbench.FUNCTION)):
                    found = await pgbench.run(bench, script, clients=clients, seconds=seconds, seed=seed + number)
                    yard.setdefault((name, clients), []).append(found.per_second)
                for owner in owners:
                    key = (owner, clients)
                    first = number == 0
                    found_load, spent, queue = await _round(bench, owner, texts, clients, seconds, seed + number, first)
                    rates.setdefault(key, []).append(found_load)
                    rows.append(_row(number, owner, clients, found_load, spent, queue))
    report.table(
        [
            "round",
            "conversations",
            "connections",
            "requests/s",
            "p50 / p95 / p99, ms",
            "refused, broken",
            "CPU ms per message",
            "left over",
        ],
        rows,
    )
    report.table(
        ["connections", "conversations", "ours/s", "p99, ms", "pgbench five/s", "pgbench function/s", "ours / five"],
        [
            [
                clients,
                OWNERS[owner],
                f"{median(one.per_second for one in rates[owner, clients]):.0f}",
                f"{median(one.p99 for one in rates[owner, clients]) * 1000:.0f}",
                f"{median(yard['five', clients]):.0f}",
                f"{median(yard['function', clients]):.0f}",
                f"{median(one.per_second / five for one, five in zip(rates[owner, clients], yard['five', clients], strict=True)):.2f}",
            ]
            for clients in connections
            for owner in owners
        ],
    )


async def _round(
    bench: Bench,
    owner: Literal["staff", "ai"],
    texts: Sequence[str],
    connections: int,
    seconds: float,
    seed: int,
    warm: bool,
) -> tuple[Load, dict[str, float], str]:
    guests = await make_guests(bench, needed(EXPECTED_PER_SECOND, seconds), owner)
    if warm:
        some = await make_guests(bench, needed(EXPECTED_PER_SECOND, WARM_SECONDS), owner)
        await load.post_messages(
            bench.conversation, some, texts, connections=connections, seconds=WARM_SECONDS, seed=seed
        )
        await drain.until_quiet(bench)
    before = cpu.used(bench)
    found = await load.post_messages(
        bench.conversation, guests, texts, connections=connections, seconds=seconds, seed=seed
    )
    spent = cpu.between(before, cpu.used(bench))
    turns, events = await drain.backlog(bench)
    drained = await drain.until_quiet(bench)
    spent = {"load generator": found.generator_cpu_seconds, **spent}
    return found, spent, f"{events} events, {turns} turns, gone after {drained:.1f} s"


def _row(number: int, owner: str, clients: int, found: Load, spent: dict[str, float], queue: str) -> list[object]:
    times = " / ".join(f"{one * 1000:.1f}" for one in (found.p50, found.p95, found.p99))
    return [
        number + 1,
        OWNERS["staff" if owner == "staff" else "ai"],
        clients,
        f"{found.per_second:.0f}",
        times,
        f"{found.refused}, {found.broken}",
        report.layers(spent, found.requests, 0.02),
        queue,
    ]

"""How long the whole system takes to start, fresh and again, and the memory it holds when it is open."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench import cpu, report
from bench.stackside import Bench
from devstack import running
from devstack.guest import Guest
from devstack.stack import Stack
from devstack.state import State


def measure(seed: int) -> None:
    """A first start on an empty folder and a second on the same, as `make up` does them; then memory by process."""
    report.header(
        "Start-up and memory", seed, "Python packages and Kafka's jars are there; data folder empty, then kept"
    )
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL's account has to get through
        state = Path(folder) / "state"
        shares: dict[str, float] = {}
        for name in ("first start", "second start"):
            stack = Stack(state, own_parts=True, say=lambda _line: None)
            began = time.monotonic()
            with stack.running():
                started = time.monotonic() - began
                with Guest(stack.url("conversation"), "lindenhof", patience_seconds=30) as guest:
                    guest.ask("Can I bring my dog?")
                answered = time.monotonic() - began
                shares = cpu.memory(Bench(State(state), running.find(state), stack))
            rows.append([name, f"{started:.1f}", f"{answered:.1f}"])
    report.table(["", "ready, s", "first answer seen, s"], rows)
    report.table(
        ["process", "MB (PSS)"],
        [
            *((name, f"{megabytes:.0f}") for name, megabytes in sorted(shares.items())),
            ("together", f"{sum(shares.values()):.0f}"),
        ],
    )

"""How results are shown: what was run, on what, and tables that can be pasted into RESULTS.md."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def header(title: str, seed: int, *notes: str) -> None:
    """The lines without which a figure means nothing: command, seed, commit, machine, time."""
    command = "python -m bench " + " ".join(sys.argv[1:])
    print(f"\n### {title}\n")
    print(f"- command: `{command}`; seed {seed}; commit {commit()}; {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    print(f"- machine: {machine()}; load before: {os.getloadavg()[0]:.2f}")
    for note in notes:
        print(f"- {note}")
    print(flush=True)


def commit() -> str:
    """The commit that is measured, and whether what is measured, or measures, differs from it."""
    said = _git("rev-parse", "--short=10", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", "services", "libs", "infra", "web", "bench")
    return f"{said} with {len(changed.splitlines())} changed files" if changed else said


def machine() -> str:
    """Processor, cores, memory, kernel and Python."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    cores = len(os.sched_getaffinity(0))
    return (
        f"{cores} cores of {model}, {gigabytes:.0f} GB, Linux {platform.release()}, Python {platform.python_version()}"
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table in Markdown."""
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed; nearest rank. NaN when there is none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def milliseconds(values: Sequence[float]) -> str:
    """p50 / p95 / p99 of seconds, in milliseconds."""
    return " / ".join(f"{percentile(values, share) * 1000:.1f}" for share in (0.5, 0.95, 0.99))


def layers(spent: Mapping[str, float], per: int, least: float = 0.005) -> str:
    """CPU milliseconds per piece of work, by layer."""
    return ", ".join(
        f"{name} {seconds / max(per, 1) * 1000:.2f}"
        for name, seconds in spent.items()
        if seconds / max(per, 1) * 1000 >= least
    )


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()

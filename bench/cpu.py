"""CPU time and memory by layer, from /proc: what a figure cost and who paid, whatever else the machine does."""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass

import psutil

from bench.stackside import Bench

_BACKEND = re.compile(r"postgres: (?P<role>\w+) (?P<database>\w+) 127")


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds by layer since the start, at one moment."""

    at: float
    seconds: dict[str, float]


def used(bench: Bench) -> Used:
    """CPU seconds (user and system) that each layer has used up to now; PostgreSQL's by the role it worked for."""
    seconds: dict[str, float] = {}

    def add(layer: str, process: psutil.Process) -> None:
        times = process.cpu_times()
        seconds[layer] = seconds.get(layer, 0.0) + times.user + times.system

    for name, process in bench.processes().items():
        with contextlib.suppress(psutil.Error):
            add(name, process)
            if name == "postgres":
                for child in process.children():
                    with contextlib.suppress(psutil.Error):
                        add(_layer_of(child), child)
    return Used(time.monotonic(), seconds)


def between(before: Used, after: Used) -> dict[str, float]:
    """CPU seconds by layer between two moments, the largest first; a process that went takes its share along."""
    spent = {name: seconds - before.seconds.get(name, 0.0) for name, seconds in after.seconds.items()}
    return dict(sorted(((name, one) for name, one in spent.items() if one > 0.0), key=lambda item: -item[1]))


def memory(bench: Bench) -> dict[str, float]:
    """Megabytes each process holds by itself and its part of what is shared (PSS), with its children's."""
    return {name: _megabytes(process) for name, process in bench.processes().items()}


def _megabytes(process: psutil.Process) -> float:
    total = 0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            total += one.memory_full_info().pss
    return total / 1e6


def _layer_of(child: psutil.Process) -> str:
    title = " ".join(child.cmdline())
    found = _BACKEND.match(title)
    if found is None:
        return "postgres background"
    return f"postgres {found['role']}"

"""What the tests change inside a running build: environments that put `patched/` on a process's path. Never product code."""

from __future__ import annotations

import os
from pathlib import Path

TURNABLE = ("conversation-api", "conversation-worker", "escalation-worker")
"""Processes of the paired world whose clock can be turned."""


def folder() -> Path:
    """Where they are."""
    return Path(__file__).parent / "patched"


def environment(*names: str, **more: str) -> dict[str, str]:
    """For the process that is to have these patches, modules' functions in `patched/`."""
    path = os.pathsep.join(filter(None, [str(folder()), os.environ.get("PYTHONPATH")]))
    return {"PYTHONPATH": path, "CHAOS_PATCHES": ",".join(names), **more}


def clock(beside: Path, process: str) -> dict[str, str]:
    """For a process whose clock goes ahead by the seconds in `clock_file`."""
    return environment("clock", CHAOS_CLOCK_FILE=str(clock_file(beside, process)))


def clock_file(beside: Path, process: str) -> Path:
    """Holds how many seconds the process's clock is ahead; absent, it is right."""
    return beside / f"clock-{process}"

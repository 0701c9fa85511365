"""What an earlier run left behind: processes whose supervisor was killed, found by their records and ended."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor

from devstack import process
from devstack.parts.group import NAMES
from devstack.process import Record
from devstack.state import State

SUPERVISOR = "supervisor"


def left_behind(state: State) -> list[Record]:
    """Records of processes that still run, services before parts; the supervisor is not among them."""
    running = [record for record in state.records() if record.name != SUPERVISOR and record.process()]
    return sorted(running, key=lambda record: record.name in NAMES)


def sweep(state: State) -> list[str]:
    """End what is left behind and forget every record but the supervisor's. The names of what ran."""
    running = left_behind(state)
    services = [record for record in running if record.name not in NAMES]
    parts = [record for record in running if record.name in NAMES]
    for together in (services, parts):  # services first: they finish what is in hand while the parts still answer
        if together:
            with ThreadPoolExecutor(len(together)) as pool:
                list(pool.map(_end, together))
    for record in state.records():
        if record.name != SUPERVISOR:
            state.record_path(record.name).unlink(missing_ok=True)
    return [record.name for record in running]


def _end(record: Record) -> None:
    found = record.process()
    if found is not None:
        process.end(found, polite=signal.SIGINT if record.name == "postgres" else signal.SIGTERM)

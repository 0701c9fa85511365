"""`frontdesk status`: what runs, where, since when, and whether it takes work."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
from rich.table import Table

from devstack import ports, show, sweep
from devstack.child import is_ready
from devstack.errors import StackError
from devstack.parts.group import NAMES
from devstack.parts.mail import FOLDER, Mail
from devstack.process import Record
from devstack.running import find
from devstack.state import State


def status(folder: Path) -> bool:
    """Print a line for each process. Whether everything that was started runs and is ready."""
    state = State(folder)
    supervisor = state.supervisor()
    left = sweep.left_behind(state)
    if supervisor is None and not left:
        show.console.print(f"No stack runs on {state.folder}.")
        return False
    if supervisor is None:
        show.warn("The supervisor is gone and what it started still runs; `frontdesk up` or `frontdesk down` ends it.")
    table = Table(box=None, header_style="bold")
    for column in ("", "state", "port", "pid", "up", "memory", "address"):
        table.add_column(column)
    try:
        addresses = find(folder).addresses
    except StackError:
        addresses = {}
    healthy = supervisor is not None
    for record in sorted(state.records(), key=lambda record: (record.name in (*NAMES, Mail.name), record.name)):
        if record.name == sweep.SUPERVISOR:
            continue
        row, ready = _row(record, state, addresses)
        healthy = healthy and ready
        table.add_row(*row)
    show.console.print(table)
    return healthy


def _row(record: Record, state: State, addresses: dict[str, str]) -> tuple[list[str], bool]:
    running = record.process()
    if running is None:
        return [record.name, "[red]ended[/]", str(record.port), "", "", "", ""], False
    try:
        memory, since = running.memory_info().rss, running.create_time()
    except psutil.Error:
        memory, since = 0, time.time()
    if record.name in (*NAMES, Mail.name):
        ready = ports.is_open(record.port)
    else:
        base = record.name.removesuffix("-api").removesuffix("-worker")
        metrics = state.known_port(f"{record.name} metrics") or state.known_port(f"{base} metrics") or 0
        ready = is_ready(metrics)
    shown = "[green]ready[/]" if ready else "[yellow]not ready[/]"
    up = _duration(time.time() - since)
    return [
        record.name,
        shown,
        str(record.port),
        str(record.pid),
        up,
        f"{memory / 1e6:.0f} MB",
        f"{state.folder / FOLDER}, `frontdesk mails`" if record.name == Mail.name else addresses.get(record.name, ""),
    ], ready


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"

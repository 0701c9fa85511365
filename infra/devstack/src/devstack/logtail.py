"""Reading the services' logs for people: JSON lines become one readable line, several logs follow side by side."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_red", "bright_cyan", "bright_magenta")
_FIRST_KEYS = ("timestamp", "time", "ts", "level", "event", "message", "msg", "service", "logger")


@dataclass(frozen=True, slots=True)
class Log:
    """One process's log file."""

    name: str
    path: Path

    @property
    def colour(self) -> str:
        """Always the same for a name."""
        return _COLOURS[sum(self.name.encode()) % len(_COLOURS)]


def readable(line: str) -> str:
    """A structured line as `12:34:56 warning  turn was retried  attempt=2`; any other line as it is."""
    if not line.startswith("{"):
        return line
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    when = str(entry.get("timestamp") or entry.get("time") or entry.get("ts") or "")
    clock = when[11:19] if len(when) >= 19 and when[10] in "T " else when
    what = entry.get("event") or entry.get("message") or entry.get("msg") or ""
    rest = "  ".join(f"{key}={value}" for key, value in entry.items() if key not in _FIRST_KEYS and value is not None)
    return f"{clock} {entry.get('level', ''):7} {what}" + (f"  {rest}" if rest else "")


def last(log: Log, count: int) -> list[str]:
    """The last lines of a log, read from its end."""
    try:
        with log.path.open("rb") as content:
            content.seek(0, os.SEEK_END)
            size = content.tell()
            content.seek(max(0, size - 400 * max(count, 1) - 4096))
            lines = content.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    return lines[-count:] if count else []


def follow(logs: Sequence[Log], emit: Callable[[Log, str], None], stop: threading.Event) -> None:
    """Pass on every line written from now on, until `stop` is set."""
    places = {log: _size(log.path) for log in logs}
    while not stop.is_set():
        quiet = True
        for log in logs:
            for line, end in _new_lines(log.path, places[log]):
                emit(log, line)
                places[log] = end
                quiet = False
            if _size(log.path) < places[log]:
                places[log] = 0  # begun anew
        if quiet:
            stop.wait(0.2)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _new_lines(path: Path, start: int) -> Iterator[tuple[str, int]]:
    """Complete lines behind `start`, each with the place where it ends."""
    try:
        with path.open("rb") as content:
            content.seek(start)
            place = start
            for raw in content:
                if not raw.endswith(b"\n"):
                    return
                place += len(raw)
                yield raw.decode(errors="replace").rstrip("\n"), place
    except OSError:
        return

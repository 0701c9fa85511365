"""What a client did and saw, one JSON line each, appended as it happens: a witness that no fault of the system can edit."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

Json = dict[str, Any]  # Any: JSON


class Journal:
    """Appends to one file; every line is on its way to the disk before the next thing happens."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", encoding="utf-8", buffering=1)

    def note(self, who: str, what: str, **facts: Any) -> None:  # Any: JSON values
        """Write down that `who` did or saw `what`, now (`t`, seconds since the epoch)."""
        self._file.write(json.dumps({"t": round(time.time(), 4), "who": who, "what": what, **facts}) + "\n")

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def lines(path: Path) -> Iterator[Json]:
    """Every whole line of a journal; one that is being written is left for later."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)

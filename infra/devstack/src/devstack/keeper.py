"""Keeps a process running: one that ends by itself is started again, after a pause that doubles up to half a minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from devstack.errors import StackError

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_SECONDS = 60.0
"""Who ran this long starts over with the shortest pause."""


class Kept(Protocol):
    """What can be kept: a server of ours or a service process."""

    @property
    def name(self) -> str: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self) -> None: ...
    def ended(self) -> str | None:
        """How it ended, for people; None while it runs."""


class Keeper:
    """Runs one process and, when asked to, brings it back.

    Args:
        kept: the process.
        revive: start it again when it ends by itself.
        say: told about every end and every new start.
    """

    def __init__(self, kept: Kept, *, revive: bool, say: Callable[[str], None]) -> None:
        self.kept = kept
        self.restarts = 0
        self._revive = revive
        self._say = say
        self._lock = threading.RLock()
        self._wanted = False
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start it. Who does not get ready at once is not to be brought back again and again: `watch` comes later.

        Raises:
            StackError: it does not start.
        """
        with self._lock:
            self.kept.start()

    def watch(self) -> None:
        """Keep it from now on; it runs."""
        self._wanted = True
        if self._revive and self._thread is None:
            self._leave.clear()
            self._thread = threading.Thread(target=self._watch, name=f"keeper-{self.kept.name}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop it the polite way and don't bring it back."""
        with self._lock:
            self._wanted = False
            self.kept.stop()

    def kill(self) -> None:
        """kill -9. It comes back only when the keeper revives."""
        self.kept.kill()

    def close(self) -> None:
        """Stop it and the watching."""
        self._leave.set()
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    def _watch(self) -> None:
        pause, began = FIRST_PAUSE_SECONDS, time.monotonic()
        while not self._leave.wait(0.2):
            how = self.kept.ended() if self._wanted else None
            if how is None:
                continue
            if time.monotonic() - began > HEALTHY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._say(f"{self.kept.name} {how}; starting it again in {pause:g} s")
            if self._leave.wait(pause):
                return
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            with self._lock:
                if not self._wanted or self._leave.is_set():
                    continue
                try:
                    self.kept.start()
                except StackError as problem:
                    self._say(f"{self.kept.name} did not start: {problem.what}")
                    continue
                self.restarts += 1
                began = time.monotonic()
                self._say(f"{self.kept.name} runs again (restart {self.restarts})")

"""How the command talks to people: steps, notes, problems, progress of downloads."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from devstack import jars
from devstack.errors import StackError


class _Terminal(Console):
    """A console whose reader may go away (`frontdesk up | head`): the command then ends in good order."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if threading.current_thread() is threading.main_thread():
            raise SystemExit(1)
        os.kill(os.getpid(), signal.SIGTERM)  # the main thread hears it and stops what it started


console = _Terminal(highlight=False, soft_wrap=True)
errors = _Terminal(highlight=False, soft_wrap=True, stderr=True)


def step(line: str) -> None:
    """One thing done."""
    console.print(f"[green]•[/] {escape(line)}")


def note(line: str) -> None:
    """Something worth knowing, on stderr so that it stays out of pipes."""
    errors.print(f"[dim]{escape(line)}[/]")


def warn(line: str) -> None:
    """Something that was not as it should be and was dealt with."""
    errors.print(f"[yellow]![/] {escape(line)}")


def problem(error: StackError) -> None:
    """What is wrong and the way out, as one paragraph."""
    errors.print(f"[red]✗[/] {escape(error.what)}")
    if error.way_out:
        errors.print(f"  {escape(error.way_out)}")


class JarProgress:
    """A progress bar while Kafka's jars are fetched; nothing when they are there."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=errors
        )

    def __enter__(self) -> None:
        jars.watch(self._advance)

    def _advance(self, there: int, of: int) -> None:
        if not self._progress.tasks:
            self._progress.start()
            self._progress.add_task("Fetching Apache Kafka (once, 44 MB)", total=of)
        self._progress.update(self._progress.tasks[0].id, completed=there)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        jars.watch(None)
        if self._progress.tasks:
            self._progress.stop()

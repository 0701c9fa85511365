"""The one error the local stack shows: what is wrong in one paragraph, and the way out. Never a traceback."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future


class StackError(Exception):
    """Something on this machine keeps the stack from running.

    Args:
        what: what happened, one or two sentences, with the path, port or process concerned.
        way_out: what the reader can do about it, as a command where there is one.
    """

    def __init__(self, what: str, way_out: str = "") -> None:
        self.what = what
        self.way_out = way_out
        super().__init__(f"{what} {way_out}".strip())


def raise_first(under_way: Sequence[Future[None]]) -> None:
    """Raise what went wrong in tasks that ran side by side; one that explains itself before any other."""
    problems = [problem for done in under_way if (problem := done.exception())]
    problems.sort(key=lambda problem: not isinstance(problem, StackError))
    if problems:
        raise problems[0]

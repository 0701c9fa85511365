"""What a service does by the clock: due items, each by one runner at a time, and the leader's periodic jobs.

jobs = Jobs()

@jobs.due("turn", concurrency=8, lease_seconds=30)
async def answer_turn(item: DueItem, rt: Runtime) -> None: ...

@jobs.every(seconds=3600)
async def forget_old_guests(rt: Runtime) -> None: ...
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from servicekit.due import DueItem, LeaseLost

if TYPE_CHECKING:
    from servicekit.runtime import Runtime

__all__ = ["DueItem", "DueJob", "Jobs", "LeaseLost", "PeriodicJob"]

Periodic = Callable[["Runtime"], Awaitable[None]]
Due = Callable[[DueItem, "Runtime"], Awaitable[None]]
Period = float | Callable[["Runtime"], float]
"""Seconds, or what says them of the service's settings."""


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """A job of the leader. It runs right after a process has become leader, and then every `seconds`."""

    name: str
    seconds: Period
    run: Periodic

    def pause(self, rt: "Runtime") -> float:
        """Seconds until the next run."""
        return self.seconds(rt) if callable(self.seconds) else self.seconds


@dataclass(frozen=True, slots=True)
class DueJob:
    """The runner of one kind of due item.

    Attributes:
        kind: as given to `tx.due`.
        concurrency: items in work at once, per process.
        lease_seconds: after this long without renewal another process may claim the item; it is renewed at a third.
        first_backoff_seconds, max_backoff_seconds: how long an item waits after a failure; doubles each time.
        poll_seconds: how often to look when no hint comes.
    """

    kind: str
    run: Due
    concurrency: int = 8
    lease_seconds: float = 30
    first_backoff_seconds: float = 1
    max_backoff_seconds: float = 300
    poll_seconds: float = 1

    def backoff_seconds(self, failures: int) -> float:
        """How long to wait after the `failures`-th failure in a row."""
        return min(self.first_backoff_seconds * 2 ** min(failures - 1, 30), self.max_backoff_seconds)


class Jobs:
    """A service's timed work; `Service(jobs=...)` runs it in the worker."""

    def __init__(self) -> None:
        self.periodic: list[PeriodicJob] = []
        self.due_jobs: list[DueJob] = []

    def joined(self, other: "Jobs") -> "Jobs":
        """These and the other's, in a register of its own."""
        both = Jobs()
        both.periodic = [*self.periodic, *other.periodic]
        both.due_jobs = [*self.due_jobs, *other.due_jobs]
        return both

    def every(self, *, seconds: Period) -> Callable[[Periodic], Periodic]:
        """Run the function every `seconds` in one process of the service. A run that raises is logged; the next comes.

        Where a setting says how often, `seconds` is a function of the runtime.
        """

        def register(run: Periodic) -> Periodic:
            self.periodic.append(PeriodicJob(getattr(run, "__name__", "job"), seconds, run))
            return run

        return register

    def due(
        self,
        kind: str,
        *,
        concurrency: int = 8,
        lease_seconds: float = 30,
        first_backoff_seconds: float = 1,
        max_backoff_seconds: float = 300,
        poll_seconds: float = 1,
    ) -> Callable[[Due], Due]:
        """Run the function for every item of `kind` that is due.

        The function opens its own transactions (`rt.worker_db.transaction(item.hotel_id)`); the one that writes the
        outcome calls `tx.finish(item)` before it writes: that is the fence. It may be cancelled when the lease is lost,
        and run again after a crash. If it returns without `finish`, the item is finished unless it was made due again.
        """

        def register(run: Due) -> Due:
            if any(job.kind == kind for job in self.due_jobs):
                raise ValueError(f"two runners for {kind!r}")
            self.due_jobs.append(
                DueJob(kind, run, concurrency, lease_seconds, first_backoff_seconds, max_backoff_seconds, poll_seconds)
            )
            return run

        return register

"""What the tests of due items run runners on: one hotel's table of due items, and a run that records what it did."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from servicekit.clock import Clock, utc_now
from servicekit.database import Database
from servicekit.due import DueItem
from servicekit.duerunner import DueRunner
from servicekit.hints import Hints
from servicekit.jobs import DueJob
from servicekit.testing.lab import Lab

RECORD = text("insert into effect (hotel_id, event_id, key, number) values (:hotel, :object, 'due', :attempt)")


@dataclass
class Bench:
    """The part of a runtime that runners use."""

    worker_db: Database
    hints: Hints
    clock: Clock = utc_now
    service: str = "lab"
    seen: list[Any] = field(default_factory=list[Any])


def bench(lab: Lab, **more: Any) -> Any:  # Any: stands in for Runtime
    hints = Hints(None, "lab", "lab")
    return Bench(lab.database(hints=hints, pool_size=6), hints, **more)


async def make_due(lab: Lab, rt: Any, object_id: UUID | None = None, *, at: datetime | None = None) -> UUID:
    made = object_id or uuid4()
    db = lab.database("app", hints=rt.hints)
    async with db.transaction(lab.hotel) as tx:
        await tx.due("turn", made, at or tx.now)
    return made


def runner(rt: Any, run: Callable[[DueItem, Any], Awaitable[None]], **settings: Any) -> DueRunner:
    settings = {"poll_seconds": 0.2, "lease_seconds": 5, **settings}
    return DueRunner(DueJob("turn", run, **settings), rt)


async def answer(item: DueItem, rt: Any) -> None:
    """The shape of a real runner: work, then one transaction with the fence."""
    async with rt.worker_db.transaction(item.hotel_id) as tx:
        await tx.finish(item)
        await tx.execute(RECORD, {"hotel": item.hotel_id, "object": item.object_id, "attempt": item.attempt})


async def done(lab: Lab, count: int) -> bool:
    return len(await lab.effects()) == count


async def nothing_due(lab: Lab) -> bool:
    return await lab.sql("select 1 from due") == []

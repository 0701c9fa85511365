"""Claims due items of all hotels and runs them side by side; the lease is renewed while they run, and is the fence.

Leases and pauses are timed by the database's clock, which all processes share. What is due is judged by the later of it
and the process's own: a process whose clock is behind must not leave things undone. So a pause after a failure is not
only a later `due_at`, which a clock that is ahead would skip, but a `lease_until` of nobody's lease as well: until then
nobody may claim the item, unless it is made due anew.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from servicekit.due import DueItem, LeaseLost
from servicekit.jobs import DueJob
from servicekit.logging import log
from servicekit.measures import DUE_CLAIMED, DUE_LATE_SECONDS, DUE_OUTCOMES, DUE_RUNNING
from servicekit.stopping import wait_for_stop, woken_or_stopped
from servicekit.tracing import span

if TYPE_CHECKING:
    from servicekit.database import Database
    from servicekit.runtime import Runtime

_CLAIM = text("""
with ready as (
    select kind, object_id from due
    where kind = :kind and due_at <= greatest(:now, clock_timestamp()) and (lease_until is null or lease_until < clock_timestamp())
    order by due_at limit :free
    for update skip locked
)
update due set lease = nextval('due_lease'), attempt = due.attempt + 1,
    lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
from ready where due.kind = ready.kind and due.object_id = ready.object_id
returning due.hotel_id, due.object_id, due.due_at, due.attempt, due.lease, due.lease_until, due.failures
""")
# Asked after a claim that left nothing ready: what is due is in work elsewhere, so few rows; of the rest, the first.
# Seconds from now, each by the clock that it is judged by.
_NEXT = text("""
with clock as materialized (select clock_timestamp() as ours, greatest(:now, clock_timestamp()) as latest)
select extract(epoch from min(wait))::float8 from (
    select coalesce(lease_until - (select ours from clock), interval '0') as wait
    from due where kind = :kind and due_at <= (select latest from clock)
    union all
    (
        select due_at - (select latest from clock)
        from due where kind = :kind and due_at > (select latest from clock) order by due_at limit 1
    )
) as waiting
""")
_RENEW = text("""
update due set lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
where kind = :kind and object_id = :object_id and lease = :lease and lease_until is not null
returning lease_until
""")
_DONE = text(
    "delete from due where kind = :kind and object_id = :object_id and lease = :lease and lease_until is not null"
)
_PAUSE = text("""
update due set due_at = pause.until, lease = null, lease_until = pause.until, failures = failures + 1
from (select clock_timestamp() + make_interval(secs => :wait) as until) as pause
where kind = :kind and object_id = :object_id and lease = :lease and lease_until is not null
""")
_GIVE_BACK = text("""
update due set lease = null, lease_until = null
where kind = :kind and object_id = :object_id and lease = :lease and lease_until is not null
""")
STATEMENT_SECONDS = 15.0
"""A server that does not answer for this long is away. What it may have claimed for us comes back with its lease's end."""
AWAY = (SQLAlchemyError, OSError, TimeoutError)
"""What the database being away raises."""


@dataclass(slots=True)
class DueRunner:
    """One process's runner of one kind.

    Args:
        job: what to run, and how.
        rt: handed to the job; its worker database is the one claimed from.
    """

    job: DueJob
    rt: "Runtime"
    healthy: bool = field(default=True, init=False)
    _running: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]], init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Claim and run until `stop`, then wait for what is in hand. Cancelled, it gives the items back."""
        try:
            with self.rt.hints.subscribe(f"due:{self.job.kind}") as woken:
                while not stop.is_set():
                    woken.drain()
                    try:
                        wait = await self._claim_and_start()
                        self.healthy = True
                    except AWAY as error:
                        self.healthy = False
                        log.warning("due.database_away", kind=self.job.kind, error=type(error).__name__)
                        await wait_for_stop(stop, self.job.poll_seconds)
                        continue
                    if len(self._running) >= self.job.concurrency:
                        await self._until_one_ends(stop)
                    elif wait > 0:
                        await woken_or_stopped(woken, wait, stop)
            await asyncio.gather(*self._running)
        finally:
            tasks = tuple(self._running)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _claim_and_start(self) -> float:
        """Start what is due. Returns how long to wait before looking again, in seconds."""
        free = self.job.concurrency - len(self._running)
        items = await self._claim(free)
        for item in items:
            task = asyncio.create_task(self._run_item(item), name=f"due:{item.kind}:{item.object_id}")
            self._running.add(task)
            DUE_RUNNING.labels(self._service, item.kind).inc()
            task.add_done_callback(self._ended)
        if len(items) == free:
            return 0
        wait = await self._scalar(_NEXT, {"kind": self.job.kind, "now": self.rt.clock()})
        if wait is None:
            return self.job.poll_seconds
        return min(max(wait, 0.01), self.job.poll_seconds)

    async def _claim(self, free: int) -> Sequence[DueItem]:
        now = self.rt.clock()
        params = {"kind": self.job.kind, "now": now, "free": free, "lease_seconds": self.job.lease_seconds}
        async with asyncio.timeout(STATEMENT_SECONDS), self._database.autocommit() as connection:
            rows = (await connection.execute(_CLAIM, params)).all()
        items = [DueItem(self.job.kind, *row) for row in rows]
        for item in items:
            DUE_CLAIMED.labels(self._service, item.kind).inc()
            DUE_LATE_SECONDS.labels(self._service, item.kind).observe(max((now - item.due_at).total_seconds(), 0))
        return sorted(items, key=lambda item: item.due_at)

    async def _run_item(self, item: DueItem) -> None:
        me = asyncio.current_task()
        assert me is not None
        renewal = asyncio.create_task(self._renew(item, me))
        outcome = "done"
        try:
            with (
                structlog.contextvars.bound_contextvars(hotel_id=str(item.hotel_id), due=item.kind),
                span(f"due {item.kind}", kind="consumer", attempt=item.attempt),
            ):
                try:
                    await self.job.run(item, self.rt)
                    await self._settle(_DONE, item)
                except LeaseLost:
                    outcome = "lost"
                    log.info("due.lease_lost", attempt=item.attempt)
                except asyncio.CancelledError:
                    outcome = "lost"
                    if not renewal.done():  # the process stops: whoever comes next may have it at once
                        await self._settle(_GIVE_BACK, item)
                        raise
                    log.info("due.lease_lost", attempt=item.attempt)
                except Exception as error:
                    outcome = "failed"
                    wait = self.job.backoff_seconds(item.failures + 1)
                    log.error(
                        "due.failed", attempt=item.attempt, again_in_seconds=wait, error=repr(error), exc_info=error
                    )
                    await self._settle(_PAUSE, item, wait=wait)
        finally:
            renewal.cancel()
            DUE_OUTCOMES.labels(self._service, item.kind, outcome).inc()

    async def _renew(self, item: DueItem, task: asyncio.Task[None]) -> None:
        """Renew the lease at a third of its time; cancel the run once the lease is lost."""
        params = {**_key(item), "lease_seconds": self.job.lease_seconds}
        while True:
            await asyncio.sleep(self.job.lease_seconds / 3)
            try:
                until = await self._scalar(_RENEW, params)
            except AWAY as error:
                log.warning("due.not_renewed", kind=item.kind, error=type(error).__name__)
                continue
            if item.finishing:
                continue
            if until is None:
                task.cancel()
                return
            item.lease_until = until

    async def _settle(self, statement: Any, item: DueItem, **params: Any) -> None:  # Any: statement parameters
        """Say how it ended. If the database is away, the lease runs out and the item is run again."""
        if item.finishing:
            return
        try:
            async with asyncio.timeout(STATEMENT_SECONDS), self._database.autocommit() as connection:
                await connection.execute(statement, {**_key(item), **params})
        except AWAY as error:
            log.warning("due.not_settled", kind=item.kind, error=type(error).__name__)

    async def _until_one_ends(self, stop: asyncio.Event) -> None:
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({*self._running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        DUE_RUNNING.labels(self._service, self.job.kind).dec()
        if not task.cancelled() and task.exception() is not None:
            log.error("due.runner_broken", kind=self.job.kind, exc_info=task.exception())

    async def _scalar(self, statement: Any, params: dict[str, Any]) -> Any:  # Any: statement parameters and result
        async with asyncio.timeout(STATEMENT_SECONDS), self._database.autocommit() as connection:
            return (await connection.execute(statement, params)).scalar()

    @property
    def _database(self) -> "Database":
        return self.rt.worker_db

    @property
    def _service(self) -> str:
        return self.rt.service


def _key(item: DueItem) -> dict[str, Any]:  # Any: statement parameters
    return {"kind": item.kind, "object_id": item.object_id, "lease": item.lease}

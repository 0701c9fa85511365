"""Runs a service's periodic jobs in one of its processes: the one that holds the advisory lock."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from servicekit.jobs import PeriodicJob
from servicekit.leader import JOBS_LOCK, Leadership
from servicekit.logging import log
from servicekit.measures import JOB_FAILURES, JOB_SECONDS, JOBS_LEADER
from servicekit.stopping import wait_for_stop
from servicekit.tracing import span

if TYPE_CHECKING:
    from asyncpg import Connection

    from servicekit.runtime import Runtime

HEARTBEAT_SECONDS = 5.0


@dataclass(slots=True)
class LeaderJobs:
    """The periodic jobs of one service. Each runs by itself: a slow one delays only its own next run."""

    jobs: Sequence[PeriodicJob]
    rt: "Runtime"
    leading: bool = field(default=False, init=False)

    async def run(self, stop: asyncio.Event) -> None:
        """Run the jobs whenever this process leads, until `stop`; runs in progress are finished."""
        url = self.rt.worker_db.url
        await Leadership(url, JOBS_LOCK, f"{self.rt.service} jobs").run(lambda c: self._lead(c, stop), stop)

    async def _lead(self, connection: "Connection", stop: asyncio.Event) -> None:
        self.leading = True
        JOBS_LEADER.labels(self.rt.service).set(1)
        running = [asyncio.create_task(self._repeat(job, stop), name=f"job:{job.name}") for job in self.jobs]
        try:
            while not await wait_for_stop(stop, HEARTBEAT_SECONDS):
                await connection.execute("select 1")
            await asyncio.gather(*running)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self.leading = False
            JOBS_LEADER.labels(self.rt.service).set(0)

    async def _repeat(self, job: PeriodicJob, stop: asyncio.Event) -> None:
        while True:
            try:
                with JOB_SECONDS.labels(self.rt.service, job.name).time(), span(f"job {job.name}"):
                    await job.run(self.rt)
            except Exception as error:
                JOB_FAILURES.labels(self.rt.service, job.name).inc()
                log.error("job.failed", job=job.name, error=repr(error), exc_info=error)
            if await wait_for_stop(stop, job.pause(self.rt)):
                return

"""The worker half of a service: relay, consumers, due runners and the leader's jobs, started and stopped together."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from servicekit import retention
from servicekit.consumers import Consumers
from servicekit.duerunner import DueRunner
from servicekit.jobs import Jobs
from servicekit.leaderjobs import LeaderJobs
from servicekit.logging import log
from servicekit.reactions import Reactions
from servicekit.relay import Relay
from servicekit.stopping import wait_for_stop

if TYPE_CHECKING:
    from servicekit.runtime import Runtime

RESTART_SECONDS = 1.0


@dataclass(slots=True)
class Worker:
    """What runs, for the readiness probe and for tests."""

    relay: Relay
    consumers: Consumers
    due_runners: list[DueRunner]
    leader_jobs: LeaderJobs
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def not_ready(self) -> dict[str, str]:
        """What does not work yet or any more, and why; empty when all does. A standby relay is ready."""
        problems: dict[str, str] = {}
        if not self.consumers.started:
            problems["consumers"] = "not connected to Kafka yet"
        for runner in self.due_runners:
            if not runner.healthy:
                problems[f"due:{runner.job.kind}"] = "the database does not answer"
        return problems


@asynccontextmanager
async def run_worker(
    rt: "Runtime", reactions: Reactions | None, jobs: Jobs | None, *, drain_timeout_seconds: float
) -> AsyncGenerator[Worker]:
    """Run the worker while the block runs. Leaving it stops taking work at once and finishes what is in hand.

    What is still in hand after `drain_timeout_seconds` is cancelled: due items are given back, records come again.
    """
    settings = rt.base_settings
    registered = jobs or Jobs()
    worker = Worker(
        relay=Relay(rt.worker_db.url, settings.kafka_url, settings.kafka_namespace, rt.service, rt.hints),
        consumers=Consumers(
            reactions or Reactions(),
            rt.worker_db,
            settings.kafka_url,
            settings.kafka_namespace,
            graceful_seconds=max(drain_timeout_seconds - 2, 1),
        ),
        due_runners=[DueRunner(job, rt) for job in registered.due_jobs],
        leader_jobs=LeaderJobs([*registered.periodic, retention.JOB], rt),
    )
    parts: list[tuple[str, Callable[[asyncio.Event], Awaitable[None]]]] = [
        ("relay", worker.relay.run),
        ("consumers", worker.consumers.run),
        ("leader jobs", worker.leader_jobs.run),
        *((f"due {runner.job.kind}", runner.run) for runner in worker.due_runners),
    ]
    tasks = [asyncio.create_task(_supervise(name, run, worker.stop), name=name) for name, run in parts]
    try:
        yield worker
    finally:
        worker.stop.set()
        _, late = await asyncio.wait(tasks, timeout=drain_timeout_seconds)
        for task in late:
            log.warning("worker.cut_off", part=task.get_name())
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _supervise(name: str, run: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
    """Run a part until `stop`; one that breaks is reported and started again."""
    while not stop.is_set():
        try:
            await run(stop)
        except Exception as error:
            log.error("worker.part_broken", part=name, error=repr(error), exc_info=error)
            await wait_for_stop(stop, RESTART_SECONDS)

"""Tasks that run as long as the service does: started again with a growing pause when they fail."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from servicekit.logging import log
from servicekit.metrics import counter
from servicekit.runtime import Runtime

Task = Callable[[Runtime], Awaitable[None]]
MAX_PAUSE_SECONDS = 30.0
_FAILED = counter("background_task_failures_total", "Background tasks that ended with an error", "service", "task")


def start(rt: Runtime, tasks: Iterable[Task]) -> list[asyncio.Task[None]]:
    """Run each of `tasks` side by side until cancelled."""
    return [asyncio.create_task(_keep(rt, task), name=_name(task)) for task in tasks]


async def stop(running: list[asyncio.Task[None]]) -> None:
    """Cancel and wait until they are gone."""
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _name(task: Task) -> str:
    return getattr(task, "__name__", type(task).__name__)


async def _keep(rt: Runtime, task: Task) -> None:
    pause = 0.5
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await task(rt)
        except Exception as error:
            _FAILED.labels(rt.service, _name(task)).inc()
            log.error("task.failed", task=_name(task), again_in_seconds=pause, exc_info=error)
        else:
            return
        if asyncio.get_running_loop().time() - began > MAX_PAUSE_SECONDS:
            pause = 0.5
        await asyncio.sleep(pause)
        pause = min(pause * 2, MAX_PAUSE_SECONDS)

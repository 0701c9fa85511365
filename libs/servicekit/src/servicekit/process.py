"""A service as a process: event loop, garbage collector, memory, signals, exit code."""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
from typing import TYPE_CHECKING

import uvloop

from servicekit import tracing
from servicekit.logging import log
from servicekit.server import PortTaken
from servicekit.startup import Role, running

if TYPE_CHECKING:
    from servicekit.service import Service
    from servicekit.settings import ServiceSettings

GEN0_THRESHOLD = 50_000
"""Objects between two young collections; with everything of the start frozen, p99 of a POST fell from 60 to 20 ms."""
FORCED = 130
M_MMAP_THRESHOLD = -3
"""From glibc's malloc.h, as mallopt(3) has it."""
LARGE_BYTES = 128 * 1024
"""Where glibc itself begins; it raises that, up to 32 MB, with what the process has freed."""


def serve(service: "Service", settings: "ServiceSettings", role: Role) -> int:
    """Run until SIGTERM or SIGINT; a second one ends it at once. The exit code: 0 after an orderly stop."""
    _give_large_pieces_back()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_serve(service, settings, role))
        except PortTaken as taken:
            log.error("service.port_taken", reason=str(taken))
            return 3


async def _serve(service: "Service", settings: "ServiceSettings", role: Role) -> int:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(name: str) -> None:
        if asked.is_set():
            log.warning("service.forced", signal=name)
            os._exit(FORCED)
        log.info("service.stop_asked", signal=name)
        asked.set()
        loop.call_later(settings.drain_timeout_seconds + 5, _give_up, settings.drain_timeout_seconds)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number.name)
    async with running(service, settings, role):
        gc.collect()
        gc.freeze()
        gc.set_threshold(GEN0_THRESHOLD, 20, 20)
        await asked.wait()
    tracing.flush()
    return 0


def _give_large_pieces_back() -> None:
    """Have freed memory of LARGE_BYTES and more returned to the system at once.

    Left alone, glibc keeps it after the first time: clients that never read their answers then left the gateway at 254 MB
    instead of 144. Other C libraries have no such habit, and no mallopt.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def _give_up(seconds: float) -> None:
    log.error("service.drain_exceeded", seconds=seconds)
    os._exit(1)

"""The kinds of stack that faults ask for: few, because each costs a start and the memory of a whole system."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from chaos import installed, patches
from chaos.proxies import proxies
from chaos.world import Say, Setup, World, started

TWICE = {"conversation-api": 2, "conversation-worker": 2, "escalation-worker": 2}
"""What another process takes over from: turns, relay leadership, partitions, guests."""

_WAYS = frozenset(
    {
        ("conversation-api", "postgres"),
        ("conversation-api", "valkey"),
        ("conversation-worker", "postgres"),
        ("conversation-worker", "kafka"),
        ("conversation-worker", "valkey"),
        ("escalation-worker", "postgres"),
        ("escalation-worker", "kafka"),
        ("gateway-api", "conversation"),
        ("gateway-worker", "kafka"),
    }
)
"""Between whom there is a proxy in the paired world; the second of two processes has none."""


@asynccontextmanager
async def _paired(folder: Path, say: Say) -> AsyncGenerator[World]:
    """Two of what can take over, proxies between the parts, and a clock that can be turned in some processes."""
    async with proxies(lambda process, to: (process, to) in _WAYS) as between:
        clocks: Mapping[str, Mapping[str, str]] = {
            process: patches.clock(folder, process) for process in patches.TURNABLE
        }
        async with started(folder, say, replicas=TWICE, proxies=between, settings=clocks) as world:
            yield world


@asynccontextmanager
async def _versions(folder: Path, say: Say) -> AsyncGenerator[World]:
    """The present version, each twice, and the released one installed beside it."""
    await installed.released(say)
    async with started(folder, say, replicas={**TWICE, "escalation-api": 2}) as world:
        yield world


SETUPS: dict[str, Setup] = {"plain": started, "paired": _paired, "versions": _versions, "broken": started}
"""By the name that a fault gives. Broken builds have a stack of their own: what they lose stays lost."""

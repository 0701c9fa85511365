"""A disk that takes no more: for PostgreSQL and Kafka by a file-size limit, for PostgreSQL also by a read-only folder."""

from __future__ import annotations

import asyncio
import contextlib
import random
import resource
import subprocess
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
import psutil

from chaos.mending import family, lasting, revived, runs
from chaos.world import Fault, World
from devstack.parts.postgres import Postgres
from kit.people import until


def _limit(world: World, part: str, most_bytes: int) -> None:
    """No file of this part may grow beyond the size; `resource.RLIM_INFINITY` takes the limit away.

    Set from a process of the same account, which is all the right that it takes.
    """
    for member in family(world, part):
        with contextlib.suppress(psutil.NoSuchProcess, subprocess.SubprocessError):
            subprocess.run(
                ["true"],
                user=member.uids().real,
                group=member.gids().real,
                extra_groups=[],
                preexec_fn=partial(
                    resource.prlimit, member.pid, resource.RLIMIT_FSIZE, (most_bytes, resource.RLIM_INFINITY)
                ),
                check=True,
            )


async def _ended(world: World, part: str, seconds: float) -> bool:
    """Whether the part gives up within the time, as it should when it can't write its log."""

    async def gone() -> bool:
        return not await asyncio.to_thread(runs, world, part)

    try:
        return await until(gone, seconds)
    except AssertionError:
        return False


async def _restarted(world: World, part: str) -> None:
    """As an operator does who has made room: end what is left of it, start it again."""
    await asyncio.to_thread(world.stack.kill_part, part)
    await revived(world, part)


@dataclass(slots=True)
class FullDisk:
    """No file of PostgreSQL or of Kafka may grow: each write past a seeded size fails with EFBIG, where a full disk says ENOSPC.

    Both parts take the two the same way: PostgreSQL fails statements that need room, panics when its log has none and
    may not come up again; Kafka gives its log folder up and ends. Other programs on the disk are not affected, and
    what was written stays. Healing takes the limit away and restarts the part.
    """

    name: str = "full-disk"
    setup: str = "plain"
    broken: str = ""
    _part: str = field(default="postgres", init=False)

    async def inject(self, world: World, rng: random.Random) -> None:
        self._part = rng.choice(["postgres", "kafka"])
        size = rng.choice([0, 1024, 65_536, 1_048_576])
        await lasting(rng, 0, 0.5)
        await asyncio.to_thread(_limit, world, self._part, size)
        gone = await _ended(world, self._part, rng.uniform(2, 5))
        world.notes.append(f"{self._part}: files up to {size} bytes; it {'ended' if gone else 'went on'}")

    async def heal(self, world: World) -> None:
        await asyncio.to_thread(_limit, world, self._part, resource.RLIM_INFINITY)
        await _restarted(world, self._part)


@dataclass(slots=True)
class ReadOnlyFolder:
    """PostgreSQL may make no new files in its data folder (every directory's mode is r-x), and its log has to go on.

    Open files stay writable, as they do not on a disk that was remounted read-only; so the log is pushed to its next
    segment, which PostgreSQL can't make: it panics. Only PostgreSQL: it runs without rights even when started by root,
    Kafka runs as whoever started it, and root may write anywhere.
    """

    name: str = "read-only-postgres"
    setup: str = "plain"
    broken: str = ""
    _modes: dict[Path, int] = field(default_factory=dict[Path, int], init=False)

    async def inject(self, world: World, rng: random.Random) -> None:
        await lasting(rng, 0, 0.5)
        await asyncio.to_thread(self._close, world)
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            session = await asyncpg.connect(world.stack.part_urls.postgres, timeout=2, command_timeout=3)
            try:
                for _ in range(100):
                    await session.execute("select pg_logical_emit_message(true, 'x', 'x')")
                    await session.execute("select pg_switch_wal()")
            finally:
                session.terminate()
        gone = await _ended(world, "postgres", rng.uniform(1, 3))
        world.notes.append(f"postgres: no new files; it {'ended' if gone else 'went on'}")

    def _close(self, world: World) -> None:
        server = world.stack.parts.servers["postgres"]
        assert isinstance(server, Postgres)
        folders = [server.data, *(path for path in server.data.rglob("*") if path.is_dir())]
        for folder in folders:
            self._modes[folder] = folder.stat().st_mode & 0o7777
            folder.chmod(0o500)

    def _open(self) -> None:
        for folder, mode in self._modes.items():
            with contextlib.suppress(FileNotFoundError):
                folder.chmod(mode)
        self._modes.clear()

    async def heal(self, world: World) -> None:
        await asyncio.to_thread(self._open)
        await _restarted(world, "postgres")


FAULTS: list[Fault] = [
    FullDisk(),
    ReadOnlyFolder(),
]

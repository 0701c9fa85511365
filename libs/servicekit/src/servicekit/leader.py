"""Leadership: of all processes of a service one does a thing, as long as its connection to PostgreSQL holds.

The lock is a session-level advisory lock on a connection of its own, which goes straight to the server: behind a
transaction pooler it would belong to nobody. When the process dies, its connection does, and the next one leads.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from servicekit.logging import log
from servicekit.stopping import wait_for_stop

if TYPE_CHECKING:
    from asyncpg import Connection

RELAY_LOCK = 4_201_003
JOBS_LOCK = 4_201_004
TRY_SECONDS = 0.5
"""How often a standby tries; with the server noticing a dead client at once, the bound on a take-over."""
CONNECT_SECONDS = 5
STATEMENT_SECONDS = 15
"""A leader whose server does not answer for this long gives up its leadership."""
LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
)
"""What a connection that is gone, or a server that is not there, raises."""


@dataclass(frozen=True, slots=True)
class Leadership:
    """A thing that one process of a service does.

    Attributes:
        url: `postgresql://` of the worker role, without a pooler in between.
        lock: the advisory lock's number; unique within the database.
        name: for the logs and `pg_stat_activity`.
    """

    url: str
    lock: int
    name: str

    async def run(self, lead: "Callable[[Connection], Awaitable[None]]", stop: asyncio.Event) -> None:
        """Call `lead` with the connection that holds the lock whenever this process leads, until `stop`.

        `lead` returns when `stop` is set, and is cancelled when the connection is lost.
        """
        while not stop.is_set():
            try:
                await self._once(lead, stop)
            except LOST as error:
                log.warning("leader.lost", what=self.name, error=type(error).__name__)
            await wait_for_stop(stop, TRY_SECONDS)

    async def _once(self, lead: "Callable[[Connection], Awaitable[None]]", stop: asyncio.Event) -> None:
        settings = {
            "application_name": self.name,
            "tcp_keepalives_idle": "5",
            "tcp_keepalives_interval": "2",
            "tcp_keepalives_count": "3",
        }
        connection = await asyncpg.connect(
            self.url, timeout=CONNECT_SECONDS, command_timeout=STATEMENT_SECONDS, server_settings=settings
        )
        try:
            while not await connection.fetchval("select pg_try_advisory_lock($1)", self.lock):
                if await wait_for_stop(stop, TRY_SECONDS):
                    return
            log.info("leader.won", what=self.name)
            await self._lead(connection, lead)
        finally:
            with contextlib.suppress(*LOST):
                await connection.close(timeout=1)

    async def _lead(self, connection: "Connection", lead: "Callable[[Connection], Awaitable[None]]") -> None:
        work = asyncio.ensure_future(lead(connection))

        def gone(_: object) -> None:
            work.cancel("connection lost")

        connection.add_termination_listener(gone)
        try:
            await work
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
                raise
            raise ConnectionResetError("the connection that held the lock is gone") from None
        finally:
            connection.remove_termination_listener(gone)

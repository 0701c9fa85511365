"""The service's database: a pool of connections, and transactions that see one hotel's rows."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import greenlet_spawn

from contracts.actor import ActorKind
from contracts.envelope import Envelope
from contracts.ids import HotelId
from servicekit.actor import Actor, service_actor
from servicekit.clock import Clock, utc_now
from servicekit.hints import Hints
from servicekit.logging import log
from servicekit.metrics import DB_POOL_IN_USE, DB_POOL_SIZE
from servicekit.rows import HOTEL, NOW, Row, TenantRow, timestamp
from servicekit.transaction import Transaction

__all__ = ["Database", "Row", "TenantRow", "Transaction", "async_url", "timestamp"]

PING_AFTER_IDLE_SECONDS = 1.0
"""A connection that was used less than this long ago is taken as alive; if it is not, that one use fails."""
_IDLE_SINCE = "idle_since"
_SCOPE = text("select set_config('app.hotel_id', :hotel_id, true), set_config('app.platform', :platform, true)")


def async_url(url: str) -> str:
    """`postgresql://...` as SQLAlchemy wants it for asyncpg."""
    scheme, rest = url.split("://", 1)
    if scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise ValueError(f"a database URL starts with postgresql://, not {scheme}://")
    return f"postgresql+asyncpg://{rest}"


class Database:
    """One role's connections to the service's database.

    Args:
        url: `postgresql://role:password@host:port/database`.
        pool_size: connections kept open at most; nothing overflows, so that the sum over processes is known.
        clock: what `tx.now` is taken from.
        service: named in `ce_source`, and shown in `pg_stat_activity`.
        hints: woken after a commit that published or made something due.
        role: what the figures call the pool; by default the end of the role's name, `app` or `worker`.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        clock: Clock = utc_now,
        service: str = "",
        hints: Hints | None = None,
        role: str | None = None,
    ) -> None:
        self.url = url
        self.service = service
        self.clock = clock
        self.hints = hints
        self.engine = create_async_engine(
            async_url(url),
            hide_parameters=True,  # an error that is logged must not show what a guest wrote
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_recycle=1800,
            connect_args={
                "timeout": 10,
                # UTC: what a statement turns into text, as `to_jsonb` does, reads the same whatever the server is set to.
                "server_settings": {
                    "application_name": service or "servicekit",
                    "jit": "off",
                    "timezone": "UTC",
                },
            },
        )
        self._autocommit = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._ping_after_idling()
        called = role or (self.engine.url.username or "").rpartition("_")[2]
        DB_POOL_SIZE.labels(service, called).set(pool_size)
        pool = self.engine.sync_engine.pool
        assert isinstance(pool, QueuePool)
        DB_POOL_IN_USE.labels(service, called).set_function(pool.checkedout)

    @asynccontextmanager
    async def transaction(
        self,
        hotel_id: UUID | None,
        *,
        actor: Actor | None = None,
        envelope: Envelope | None = None,
        platform: bool = False,
        read_only: bool = False,
    ) -> AsyncGenerator[Transaction]:
        """One transaction that sees the rows of `hotel_id`; without a hotel and without `platform` it sees none.

        It commits when the block ends and rolls back when the block raises; a commit that fails raises. Platform scope
        sees every hotel's rows of the tables made `platform_readable`; it is logged, and audited when a user has it.
        """
        hotel = None if hotel_id is None else HotelId(hotel_id)
        who = actor or service_actor(self.service, hotel)
        now = self.clock()
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            session.info[NOW] = now
            session.info[HOTEL] = hotel
            tx = Transaction(
                session,
                service=self.service,
                hotel_id=hotel,
                actor=who,
                now=now,
                envelope=envelope,
                platform=platform,
                clock=self.clock,
            )
            try:
                async with session.begin():
                    scope = {"hotel_id": str(hotel or ""), "platform": "on" if platform else ""}
                    if read_only:  # said with BEGIN, not in a round trip of its own
                        await session.connection(execution_options={"postgresql_readonly": True})
                    await session.execute(_SCOPE, scope)
                    if platform:
                        self._note_platform_scope(tx, read_only)
                    yield tx
                    await tx.write_events()
            except BaseException:
                tx.take_back()
                raise
        if self.hints is not None:
            for name, payload in tx.hints():
                await self.hints.send(name, payload)
        await tx.run_after_commit(lambda error: log.warning("after_commit.failed", error=repr(error)))

    @asynccontextmanager
    async def autocommit(self) -> AsyncGenerator[AsyncConnection]:
        """A connection without a transaction around its statements: for the one-call hot path and for claims.

        No hotel is set: the statement sets it itself, transaction-locally, before it touches a tenant's rows.
        """
        async with self._autocommit.connect() as connection:
            yield connection

    async def call(self, statement: str, *values: Any) -> Any:  # Any: the driver's parameters and its row
        """The first row of one statement in a transaction of its own, by the driver itself: for the one-call hot path,
        where everything between us and the driver costs as much as the call. Parameters are `$1`, `$2` ...

        As in `autocommit`, the statement sets the hotel itself.

        Raises:
            asyncpg.PostgresError, asyncpg.InterfaceError, OSError: as the driver has them; `refusal_of` knows them.
        """
        taken = await self.engine.raw_connection()
        try:
            driver: Any = taken.driver_connection  # Any: asyncpg's connection; SQLAlchemy does not say
            try:
                return await driver.fetchrow(statement, *values)
            except BaseException as error:
                if not isinstance(error, asyncpg.PostgresError) or driver.is_closed():
                    await greenlet_spawn(taken.invalidate, error)  # broken or in the middle of something
                raise
        finally:
            await greenlet_spawn(taken.close)

    async def dispose(self) -> None:
        """Close the connections."""
        await self.engine.dispose()

    def _ping_after_idling(self) -> None:
        """Look whether a connection still lives when it was idle for a while.

        SQLAlchemy's own `pool_pre_ping` asks at every checkout, which halves what the one-call write can do.
        """
        dialect = self.engine.dialect

        def taken(connection: Any, record: Any, _: object) -> None:  # Any: SQLAlchemy's pool events
            if monotonic() - record.info.get(_IDLE_SINCE, monotonic()) > PING_AFTER_IDLE_SECONDS:
                try:
                    dialect.do_ping(connection)
                except Exception as error:
                    raise InvalidatePoolError("the server closed its connections") from error

        def given_back(_: object, record: Any) -> None:  # Any: SQLAlchemy's pool events
            record.info[_IDLE_SINCE] = monotonic()

        event.listen(self.engine.sync_engine, "checkout", taken)
        event.listen(self.engine.sync_engine, "checkin", given_back)

    def _note_platform_scope(self, tx: Transaction, read_only: bool) -> None:
        if tx.actor.kind is ActorKind.USER:
            log.warning("platform.scope", actor=tx.actor.key, read_only=read_only)
            if not read_only:
                tx.audit("platform.enter", "platform", self.service)
        else:
            log.debug("platform.scope", actor=tx.actor.key, read_only=read_only)

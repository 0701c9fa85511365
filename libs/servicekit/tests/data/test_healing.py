"""Which errors may heal, and that none is described with what it was about."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from contracts.errors import NotFound
from servicekit import NotYet
from servicekit.database import Database
from servicekit.healing import describe, may_heal
from servicekit.testing.lab import Lab
from servicekit.testing.parts import Parts


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        OSError("Multiple exceptions: [Errno 111] Connect call failed"),
        TimeoutError(),
        NotYet(),
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.SerializationError("could not serialize"),
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.TooManyConnectionsError("sorry"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.InterfaceError("connection is closed"),
    ],
)
def test_what_comes_back_by_itself_may_heal(error: Exception) -> None:
    assert may_heal(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        NotFound(),
        FileNotFoundError("x"),
        asyncpg.UniqueViolationError("duplicate"),
        asyncpg.UndefinedColumnError("no such column"),
    ],
)
def test_what_a_person_has_to_mend_may_not(error: Exception) -> None:
    assert not may_heal(error)


async def test_errors_that_arrive_through_sqlalchemy_are_told_apart(lab: Lab) -> None:
    db = lab.database()
    with pytest.raises(DBAPIError) as cancelled:
        await execute(db, "set local statement_timeout = 20; select pg_sleep(1)")
    assert may_heal(cancelled.value)
    with pytest.raises(DBAPIError) as unique:
        await execute(
            db,
            "insert into inbox (consumer, event_id) select 'Frau Huber', gen_random_uuid() from generate_series(1, 2), (select 1) x where false union all select 'Frau Huber', '01900000-0000-7000-8000-000000000001' from generate_series(1, 2)",
        )
    assert not may_heal(unique.value)
    assert describe(unique.value) == "UniqueViolationError 23505 inbox_pkey"


async def test_a_database_that_is_not_there_may_heal(parts: Parts) -> None:
    nowhere = Database("postgresql://nobody:nothing@127.0.0.1:1/none", service="lab")
    with pytest.raises(ConnectionRefusedError) as refused:
        await execute(nowhere, "select 1")
    assert may_heal(refused.value)
    unknown = Database(parts.postgres_url.replace("/postgres", "/no_such_database"), service="lab")
    with pytest.raises((DBAPIError, asyncpg.PostgresError)) as missing:
        await execute(unknown, "select 1")
    assert may_heal(missing.value)


async def execute(db: Database, statements: str) -> None:
    async with db.transaction(None) as tx:
        for statement in statements.split(";"):
            await tx.execute(text(statement))

"""Fixtures around the real parts: a fresh database, a topic namespace of one's own, and waiting for what will be true."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import asyncpg
import pytest

from servicekit import topics
from servicekit.migrations import create_chassis_tables
from servicekit.provision import DatabaseUrls, provision, unprovision

T = TypeVar("T")
PASSWORD = "test-only"  # noqa: S105 - of databases that live as long as one test session


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the real parts are: PostgreSQL (as superuser), Kafka, Valkey."""

    postgres_url: str
    kafka_url: str
    valkey_url: str


@pytest.fixture(scope="session")
def parts() -> Parts:
    """The running parts, by `FRONTDESK_POSTGRES_URL`, `FRONTDESK_KAFKA_URL` and `FRONTDESK_VALKEY_URL`."""
    names = ("FRONTDESK_POSTGRES_URL", "FRONTDESK_KAFKA_URL", "FRONTDESK_VALKEY_URL")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        pytest.fail(
            f"These tests run against a real PostgreSQL, Kafka and Valkey; {', '.join(missing)} not set. "
            "`make test` starts them; so does `frontdesk with-parts -- pytest FOLDER`, and with --keep it prints the variables."
        )
    return Parts(*(os.environ[name] for name in names))


@pytest.fixture(scope="session")
def namespace(parts: Parts) -> Iterator[str]:
    """A prefix for topics and groups that no other session has, e.g. `t4f2a91.`; its topics are deleted at the end."""
    prefix = f"t{secrets.token_hex(4)}."
    yield prefix
    asyncio.run(topics.delete(parts.kafka_url, prefix))


@asynccontextmanager
async def temporary_database(admin_url: str, label: str) -> AsyncGenerator[DatabaseUrls]:
    """A database with its roles that is gone afterwards."""
    name = f"t_{label}_{secrets.token_hex(4)}"
    try:
        yield await provision(admin_url, name, password=PASSWORD)
    finally:
        await unprovision(admin_url, name)


class _Statements:
    """Collects what a migration helper would execute, for `run_sql`."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def execute(self, sqltext: str, /) -> None:
        self.statements.append(sqltext)


async def run_migration(owner_url: str, *helpers: Callable[[_Statements], None]) -> None:
    """Run migration helpers (`create_chassis_tables`, or lambdas around `tenant_table`) without Alembic."""
    collected = _Statements()
    for helper in helpers:
        helper(collected)
    connection = await asyncpg.connect(owner_url)
    try:
        for statement in collected.statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def chassis_database(owner_url: str) -> None:
    """Give a fresh database the tables every service has."""
    await run_migration(owner_url, create_chassis_tables)


async def eventually(
    condition: Callable[[], Awaitable[T]] | Callable[[], T],
    timeout: float = 10,  # noqa: ASYNC109 - part of the test kit's words
    interval: float = 0.02,
) -> T:
    """Wait until `condition` gives something true, or raises no AssertionError; return that.

    Raises:
        AssertionError: it did not within `timeout` seconds.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    while True:
        problem: AssertionError | None = None
        value: T | None = None
        try:
            found = condition()
            value = await found if isinstance(found, Awaitable) else found
            if value:
                return value
        except AssertionError as error:
            problem = error
        if asyncio.get_running_loop().time() > deadline:
            raise problem or AssertionError(f"not within {timeout} s: {condition}, last {value!r}")
        await asyncio.sleep(interval)


def migrations_folder(start: Path) -> Path:
    """The nearest `migrations/` folder at or above `start`."""
    for folder in (start, *start.parents):
        if (folder / "migrations" / "env.py").is_file():
            return folder / "migrations"
    raise FileNotFoundError(f"no migrations at or above {start}")

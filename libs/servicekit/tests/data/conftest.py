"""Fixtures of the data half's tests: a fresh database per module, topics of one's own per test."""

import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.topics import SESSIONS
from servicekit import topics
from servicekit.migrations import create_chassis_tables, tenant_table
from servicekit.provision import DatabaseUrls
from servicekit.testing.lab import EFFECT, Lab
from servicekit.testing.parts import Parts, run_migration, temporary_database

sys.path.insert(0, str(Path(__file__).parent))  # so that tests say `from duebench import ...`


@pytest.fixture(scope="module")
async def urls(parts: Parts) -> AsyncIterator[DatabaseUrls]:
    async with temporary_database(parts.postgres_url, "lab") as made:
        await run_migration(
            made.owner, create_chassis_tables, lambda op: op.execute(EFFECT), lambda op: tenant_table(op, "effect")
        )
        yield made


@pytest.fixture
async def lab(parts: Parts, urls: DatabaseUrls, namespace: str) -> AsyncIterator[Lab]:
    lab = Lab(parts, urls, f"{namespace}{secrets.token_hex(3)}.")
    await lab.sql("truncate outbox, inbox, due, effect")
    await topics.apply(parts.kafka_url, lab.namespace, [SESSIONS])
    yield lab
    for database in lab.databases:
        await database.dispose()

"""A Valkey key space of the test session's own."""

import secrets
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from servicekit.testing import Parts


@pytest.fixture(scope="session")
async def valkey(parts: Parts) -> AsyncIterator[Redis]:
    """The real Valkey."""
    client = Redis.from_url(parts.valkey_url)
    yield client
    await client.aclose()


@pytest.fixture
def prefix() -> str:
    """A namespace that no other test has."""
    return f"t{secrets.token_hex(6)}"

"""The gateway running on the real Kafka and Valkey; a key space of each test's own."""

import secrets
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from gateway.app import service
from servicekit.testing import Parts, RunningService, StartService

sys.path.insert(0, str(Path(__file__).parent))  # so that tests say `from gateway_play import ...`

NOBODY_THERE = "http://127.0.0.1:9"
"""The discard port: refused at once, as by a service that is down."""


@pytest.fixture(scope="session")
async def valkey(parts: Parts) -> AsyncGenerator[Redis]:
    """The real Valkey."""
    client = Redis.from_url(parts.valkey_url)
    yield client
    await client.aclose()


@pytest.fixture
def prefix() -> str:
    """A namespace that no other test has."""
    return f"t{secrets.token_hex(6)}"


@pytest.fixture(scope="session")
async def gateway(service_app: StartService) -> RunningService:
    """The gateway, alone: the services behind it are down."""
    return await service_app(
        service,
        session_key="a key for tests, thirty-two characters",
        conversation_url=NOBODY_THERE,
        escalation_url=NOBODY_THERE,
        cookie_secure=False,
        live_stream_length=200,
    )

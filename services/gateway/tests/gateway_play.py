"""The gateway's inside before an identity service of a test's making."""

from collections.abc import Callable

import httpx
from redis.asyncio import Redis

from gateway.adapters.apikeys import ApiKeys
from gateway.adapters.livestream import LiveStream
from gateway.adapters.services import Services
from gateway.adapters.sessions import Sessions
from gateway.adapters.upstream import Upstream
from gateway.live import LiveHub
from gateway.resources import Resources

NOW = 1_000_000.0
CALLER = {"x-forwarded-for": "203.0.113.7", "user-agent": "Browser/1.0"}
KEY = "a key for tests, thirty-two characters"


def before(identity: Callable[[httpx.Request], httpx.Response], valkey: Redis, prefix: str) -> Resources:
    """The gateway before this identity service."""
    behind = Upstream("identity", httpx.AsyncClient(transport=httpx.MockTransport(identity), base_url="http://there"))
    return Resources(
        Services(behind, behind, behind),
        Sessions(valkey, prefix, KEY, days=1, now=lambda: NOW),
        LiveHub(LiveStream(valkey, prefix, 100), 10),
        ApiKeys(behind),
    )

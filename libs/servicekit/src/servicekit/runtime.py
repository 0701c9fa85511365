"""What a running service has at hand: databases, Valkey, tokens, clock; handed to routes, reactions, jobs and tasks."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import httpx
from fastapi import Depends
from redis.asyncio import Redis
from starlette.requests import HTTPConnection

from contracts.errors import Unauthenticated
from servicekit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from servicekit.actor import Actor
    from servicekit.auth import TokenVerifier
    from servicekit.database import Database
    from servicekit.denylist import DenyList
    from servicekit.hints import Hints
    from servicekit.ratelimit import RateLimits
    from servicekit.recentwrites import RecentWrites
    from servicekit.servicetokens import ServiceTokens
    from servicekit.settings import ServiceSettings


@dataclass(slots=True)
class Runtime:
    """One started service. Its parts live exactly as long as it does.

    Attributes:
        service: the service's name.
        settings: the service's own settings class.
        valkey: the client; losing the server loses no data, so callers expect ConnectionError.
        hints: wake-ups between processes.
        tokens: verifies access tokens.
        deny: who has been revoked since their token was issued.
        limits: rate limits, for what no route dependency covers.
        service_tokens: tokens for calls to other services.
        resources: what the service's own `resources` factory gave.
        draining: True once a stop was asked for.
    """

    service: str
    settings: (
        Any  # Any: each service reads its own subclass of ServiceSettings, and a generic would be on every signature
    )
    valkey: "Redis"
    hints: "Hints"
    tokens: "TokenVerifier"
    deny: "DenyList"
    service_tokens: "ServiceTokens"
    limits: "RateLimits"
    recent_writes: "RecentWrites"
    clock: Clock = utc_now
    resources: Any = None  # Any: the service's own type; its module narrows it in one place
    draining: bool = False
    app_database: "Database | None" = None
    worker_database: "Database | None" = None
    replica_database: "Database | None" = None
    guest_tokens: "Callable[[str], Awaitable[Actor | None]] | None" = None
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict[str, httpx.AsyncClient])

    @property
    def db(self) -> "Database":
        """The database as the app role."""
        return _there(self.app_database)

    @property
    def worker_db(self) -> "Database":
        """The database as the worker role; only in `worker` and `all`."""
        return _there(self.worker_database)

    @property
    def read_db(self) -> "Database":
        """The replica where there is one, else the primary."""
        return _there(self.replica_database or self.app_database)

    @property
    def base_settings(self) -> "ServiceSettings":
        """The settings that every service has, typed."""
        return self.settings

    async def authenticate(self, token: str) -> "Actor":
        """Who a bearer token says is calling, revocations considered.

        Raises:
            Unauthenticated: the token does not hold.
            Unavailable: no signing keys could be fetched yet.
        """
        if self.guest_tokens is not None:
            guest = await self.guest_tokens(token)
            if guest is not None:
                if self.deny.denies(guest):
                    raise Unauthenticated("the session has been revoked")
                return guest
        return await self.tokens.verify(token)

    def http(self, base_url: str, *, timeout_seconds: float = 5) -> httpx.AsyncClient:
        """The client for another service: trace context is sent along, calls are timed; closed with the runtime."""
        from servicekit.httpclient import make_client

        key = f"{base_url}|{timeout_seconds}"
        if key not in self.clients:
            self.clients[key] = make_client(self.service, base_url, timeout_seconds=timeout_seconds)
        return self.clients[key]


def _there(database: "Database | None") -> "Database":
    if database is None:
        raise RuntimeError(
            "this process has no such database: see Service(database=...) and the command it was started with"
        )
    return database


async def runtime(connection: HTTPConnection) -> Runtime:
    """The runtime of the service that answers this request."""
    return connection.app.state.runtime


Rt = Annotated[Runtime, Depends(runtime)]

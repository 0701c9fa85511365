"""Brings a service up and takes it down again: the runtime, the servers, the worker; the same in production and tests."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ConnectionCut
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from servicekit import kafkasends, tasks
from servicekit.app import create_app
from servicekit.auth import USER_AUDIENCE, JwksCache, TokenVerifier
from servicekit.database import Database
from servicekit.denyfeed import DenyFeed
from servicekit.denylist import DenyList
from servicekit.health import Check, Health, NotReady
from servicekit.hints import Hints
from servicekit.httpclient import make_client
from servicekit.logging import log
from servicekit.ratelimit import RateLimits
from servicekit.recentwrites import RecentWrites
from servicekit.runtime import Runtime
from servicekit.server import HttpServer
from servicekit.servicetokens import ServiceTokens
from servicekit.settings import ServiceSettings, require

if TYPE_CHECKING:
    from servicekit.service import Service
    from servicekit.worker import Worker

DENYLIST_SECONDS = 5.0
"""How long a start waits for Kafka to say who was revoked lately."""
Role = Literal["api", "worker", "all", "command"]


@dataclass(slots=True)
class Running:
    """A service that is up. Leaving `running()` takes it down."""

    rt: Runtime
    health: Health
    api: HttpServer | None
    metrics: HttpServer | None
    worker: "Worker | None"


@asynccontextmanager
async def open_runtime(service: "Service", settings: ServiceSettings, role: Role) -> AsyncGenerator[Runtime]:
    """The runtime alone, without servers and worker.

    Raises:
        BadSettings: a variable that this role needs is empty.
    """
    if service.database:
        require(settings, "database_url", *(["database_worker_url"] if role in ("worker", "all") else []))
    kafkasends.mend()
    async with AsyncExitStack() as stack:
        valkey = Redis.from_url(
            settings.valkey_url,
            client_name=f"{settings.valkey_namespace}-{service.name}",  # CLIENT LIST tells whose a connection is
            socket_connect_timeout=1,
            socket_timeout=5,
            health_check_interval=30,
            # Once anew over a new connection: those in the pool were cut when Valkey was restarted. Nothing that timed out.
            retry=Retry(NoBackoff(), 1, (ConnectionCut,)),
        )
        stack.push_async_callback(valkey.aclose)
        hints = Hints(valkey, settings.valkey_namespace, service.name)
        await hints.start()
        stack.push_async_callback(hints.stop)
        identity = make_client(service.name)
        stack.push_async_callback(identity.aclose)
        deny = DenyList(service.clock)
        rt = Runtime(
            service=service.name,
            settings=settings,
            valkey=valkey,
            hints=hints,
            deny=deny,
            limits=RateLimits(valkey, settings.valkey_namespace, service.name),
            recent_writes=RecentWrites(valkey, settings.valkey_namespace, service.name),
            clock=service.clock,
            tokens=TokenVerifier(
                JwksCache(settings.keys_url, identity),
                deny,
                issuer=settings.token_issuer,
                audiences=frozenset({USER_AUDIENCE, service.name}),
                clock=service.clock,
            ),
            service_tokens=ServiceTokens(
                identity,
                settings.identity_url,
                settings.service_client_id or service.name,
                settings.service_client_secret,
            ),
        )
        if service.database:
            rt.app_database = _database(service, settings, "app", settings.database_url, rt)
            stack.push_async_callback(rt.app_database.dispose)
            if settings.database_worker_url:
                rt.worker_database = _database(service, settings, "worker", settings.database_worker_url, rt)
                stack.push_async_callback(rt.worker_database.dispose)
            if settings.database_read_url:
                rt.replica_database = _database(service, settings, "replica", settings.database_read_url, rt)
                stack.push_async_callback(rt.replica_database.dispose)
        stack.push_async_callback(_close_clients, rt)
        if service.resources is not None:
            rt.resources = await stack.enter_async_context(service.resources(rt))
        if service.guest_tokens is not None:
            rt.guest_tokens = service.guest_tokens(rt)
        yield rt


@asynccontextmanager
async def running(service: "Service", settings: ServiceSettings, role: Role) -> AsyncGenerator[Running]:
    """The service, up. On leaving: not ready any more, no new requests, what is in hand is finished, then all is closed.

    Raises:
        BadSettings, PortTaken: it cannot start.
    """
    async with open_runtime(service, settings, role) as rt, AsyncExitStack() as stack:
        feed = DenyFeed(rt.deny, settings.kafka_url, settings.kafka_namespace, service.name)
        up = Running(rt, Health([]), None, None, None)
        up.health = Health([*_checks(up, role), _denylist(feed)])
        up.metrics = HttpServer(up.health, settings.host, settings.metrics_port)
        await up.metrics.start()
        stack.push_async_callback(up.metrics.stop)
        background = tasks.start(rt, [feed.task])
        stack.push_async_callback(tasks.stop, background)
        closing = AsyncExitStack()
        try:
            if role in ("worker", "all"):
                if service.database:
                    from servicekit.worker import run_worker  # an API process does without Kafka's consumers

                    drain = settings.drain_timeout_seconds
                    worker = run_worker(rt, *service.work(), drain_timeout_seconds=drain)
                    up.worker = await closing.enter_async_context(worker)
                background += tasks.start(rt, service.worker_tasks)
            if role in ("api", "all"):
                up.api = HttpServer(
                    create_app(service, settings, rt),
                    settings.host,
                    settings.port,
                    drain_timeout_seconds=settings.drain_timeout_seconds,
                    trusted_proxies=settings.trusted_proxies,
                    websocket_limit_bytes=settings.body_limit_bytes,
                    connections_per_address=settings.connections_per_address,
                )
                await up.api.start()
                background += tasks.start(rt, service.api_tasks)
            log.info("service.started", role=role, port=up.api.port if up.api else None, metrics_port=up.metrics.port)
            yield up
        finally:
            rt.draining = True
            log.info("service.draining", role=role)
            stopping = [closing.aclose(), *([up.api.stop()] if up.api else [])]
            for outcome in await asyncio.gather(*stopping, return_exceptions=True):
                if isinstance(outcome, Exception):
                    log.error("service.stop_failed", exc_info=outcome)
    log.info("service.stopped", role=role)


def _database(service: "Service", settings: ServiceSettings, role: str, url: str, rt: Runtime) -> Database:
    size = settings.database_pool_size
    return Database(url, pool_size=size, clock=service.clock, service=service.name, hints=rt.hints, role=role)


async def _close_clients(rt: Runtime) -> None:
    for client in rt.clients.values():
        await client.aclose()


def _denylist(feed: DenyFeed) -> Check:
    began = time.monotonic()

    async def denylist() -> NotReady:
        """A new instance learns first who was revoked; but guests do not wait for Kafka."""
        if feed.caught_up.is_set() or time.monotonic() - began > DENYLIST_SECONDS:
            return {}
        return {"denylist": "not read yet"}

    return denylist


def _checks(up: Running, role: Role) -> list[Check]:
    seen_ready = False

    async def draining() -> NotReady:
        return {"service": "stopping"} if up.rt.draining else {}

    async def database() -> NotReady:
        if up.rt.app_database is None:
            return {}
        try:
            async with up.rt.db.engine.connect() as connection:
                await connection.execute(text("select 1"))
        except (SQLAlchemyError, OSError) as error:
            return {"database": type(error).__name__}
        return {}

    async def api() -> NotReady:
        return {"api": "not listening yet"} if role in ("api", "all") and up.api is None else {}

    async def worker() -> NotReady:
        nonlocal seen_ready
        if role not in ("worker", "all") or up.rt.app_database is None:
            return {}
        waiting = {"worker": "not started yet"} if up.worker is None else up.worker.not_ready()
        seen_ready = seen_ready or not waiting
        # One process for both: guests are still answered while Kafka is away, so it stays in service once it was ready.
        return {} if role == "all" and seen_ready else waiting

    return [draining, database, api, worker]

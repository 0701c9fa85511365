"""A service running in the test's own process, on real ports, with its own database; tokens for it; and its events."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from contracts.envelope import Envelope
from contracts.event import Event, event_types
from contracts.ids import EventId, HotelId
from servicekit import migrations, topics
from servicekit.clock import utc_now
from servicekit.ids import new_id
from servicekit.runtime import Runtime
from servicekit.service import Service
from servicekit.settings import ServiceSettings
from servicekit.startup import Running, running
from servicekit.testing.parts import Parts, eventually, temporary_database
from servicekit.testing.tokens import TokenIssuer

E = TypeVar("E", bound=Event)


@dataclass
class RunningService:
    """A service under test."""

    service: Service
    settings: ServiceSettings
    up: Running
    kafka_url: str
    _producer: AIOKafkaProducer | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _clients: list[httpx.AsyncClient] = field(default_factory=list[httpx.AsyncClient])

    @property
    def runtime(self) -> Runtime:
        """The service's runtime."""
        return self.up.rt

    @property
    def url(self) -> str:
        """Where the API answers."""
        assert self.up.api is not None
        return self.up.api.url

    @property
    def metrics_url(self) -> str:
        """Where `/livez`, `/readyz` and `/metrics` answer."""
        assert self.up.metrics is not None
        return self.up.metrics.url

    async def ready(self) -> bool:
        """Whether `/readyz` would say yes.

        Raises:
            AssertionError: names what is not.
        """
        waiting = await self.up.health.not_ready()
        assert not waiting, waiting
        return True

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A client of the API, with that bearer token."""
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        client = httpx.AsyncClient(
            base_url=self.url,
            headers={**bearer, **headers},
            timeout=20,
            trust_env=False,
            verify=False,  # noqa: S501 - plain http; loading certificates takes 50 ms a client
        )
        self._clients.append(client)
        return client

    async def publish(
        self,
        event: Event,
        hotel_id: UUID | None = None,
        *,
        id: UUID | None = None,
        service: str = "test",
        traceparent: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Envelope:
        """Play another service: put an event on its topic. The same `id` again is a redelivery. `headers` are added."""
        if self._producer is None:
            self._producer = AIOKafkaProducer(bootstrap_servers=self.kafka_url, acks="all", enable_idempotence=True)
            await self._producer.start()
        envelope = Envelope.of(
            event,
            id=EventId(id or new_id()),
            service=service,
            time=utc_now(),
            hotel_id=HotelId(hotel_id) if hotel_id else None,
            traceparent=traceparent,
        )
        await self._producer.send_and_wait(
            self.settings.kafka_namespace + event.TOPIC.name,
            event.model_dump_json().encode(),
            key=envelope.subject.encode(),
            headers=[(name, value.encode()) for name, value in (envelope.headers() | dict(headers or {})).items()],
        )
        return envelope

    async def events(
        self,
        kind: type[E],
        count: int = 1,
        *,
        hotel_id: UUID | None = None,
        timeout: float = 10,  # noqa: ASYNC109 - words of the kit
    ) -> list[E]:
        """The events of that class on their topic (of that hotel), oldest first, once there are at least `count`.

        Raises:
            AssertionError: fewer came within `timeout` seconds.
        """
        return [event for event, _ in await self.records(kind, count, hotel_id=hotel_id, timeout=timeout)]

    async def records(
        self,
        kind: type[E],
        count: int = 1,
        *,
        hotel_id: UUID | None = None,
        timeout: float = 10,  # noqa: ASYNC109 - words of the kit
    ) -> list[tuple[E, Envelope]]:
        """As `events`, each with its envelope."""
        found: list[tuple[E, Envelope]] = []
        async with _reading(self.kafka_url, self.settings.kafka_namespace + kind.TOPIC.name) as consumer:
            deadline = asyncio.get_running_loop().time() + timeout
            ends = await consumer.end_offsets(list(consumer.assignment()))
            while True:
                for records in (await consumer.getmany(timeout_ms=50)).values():
                    found += [pair for record in records if (pair := _read(record, kind, hotel_id))]
                caught_up = all([await consumer.position(partition) >= end for partition, end in ends.items()])
                if caught_up and len(found) >= count:
                    return sorted(found, key=lambda pair: pair[1].id.int)
                if asyncio.get_running_loop().time() > deadline:
                    raise AssertionError(f"{len(found)} of {count} {kind.__name__} within {timeout} s: {found}")

    async def stop(self) -> None:
        """Stop the service as SIGTERM would. What is in hand is finished."""
        for client in self._clients:
            await client.aclose()
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None
        self._stop.set()
        if self._task is not None:
            await self._task


class StartService(Protocol):
    """`service_app(service, role="all", **settings)` gives the service, running."""

    async def __call__(
        self, service: Service, *, role: Any = "all", **settings: Any
    ) -> RunningService: ...  # Any: settings


@asynccontextmanager
async def start_service(
    service: Service, parts: Parts, namespace: str, issuer: TokenIssuer, *, role: Any = "all", **settings: Any
) -> AsyncGenerator[RunningService]:
    """A migrated database of its own, topics under the namespace, servers on free ports. (Any: the service's settings.)"""
    given: dict[str, Any] = {  # Any: the service's settings
        "kafka_url": parts.kafka_url,
        "kafka_namespace": namespace,
        "valkey_url": parts.valkey_url,
        "valkey_namespace": f"test:{uuid4().hex[:8]}",
        "identity_url": issuer.url,
        "port": 0,
        "metrics_port": 0,
        "drain_timeout_seconds": 10,
        "log_level": "warning",
        **settings,
    }
    await topics.apply(parts.kafka_url, namespace)
    if not service.database:
        async with _run(service, service.settings(**given), role, parts) as up:
            yield up
        return
    async with temporary_database(parts.postgres_url, service.name) as urls:
        given = {
            "database_url": urls.app,
            "database_worker_url": urls.worker,
            "database_owner_url": urls.owner,
            "database_pool_size": 5,
        } | given
        directory = service.settings(**given).migrations_dir or service.migrations_dir
        assert directory is not None, f"{service.name} has no migrations/ folder"
        await migrations.upgrade_database(urls.owner, Path(directory), service=service.name)
        async with _run(service, service.settings(**given), role, parts) as up:
            yield up


@asynccontextmanager
async def _run(service: Service, settings: ServiceSettings, role: Any, parts: Parts) -> AsyncGenerator[RunningService]:
    started: asyncio.Future[Running] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()

    async def live() -> None:
        try:
            async with running(service, settings, role) as up:
                started.set_result(up)
                await stop.wait()
        except BaseException as error:
            if not started.done():
                started.set_exception(error)
                return
            raise

    task = asyncio.create_task(live(), name=f"service:{service.name}")
    up = RunningService(service, settings, await started, parts.kafka_url, _stop=stop, _task=task)
    try:
        await eventually(up.ready, timeout=30)
        yield up
    finally:
        await up.stop()


@pytest.fixture(scope="session")
async def service_app(parts: Parts, namespace: str, issuer: TokenIssuer) -> AsyncGenerator[StartService]:
    """Starts services in this process: `app = await service_app(service, some_setting=...)`; stopped at the session's end."""
    open_ones: list[tuple[asyncio.Event, asyncio.Task[None]]] = []

    async def start(service: Service, *, role: Any = "all", **settings: Any) -> RunningService:
        up: asyncio.Future[RunningService] = asyncio.get_running_loop().create_future()
        done = asyncio.Event()

        async def keep() -> None:
            try:
                async with start_service(service, parts, namespace, issuer, role=role, **settings) as app:
                    up.set_result(app)
                    await done.wait()
            except BaseException as error:
                if up.done():
                    raise
                up.set_exception(error)

        open_ones.append((done, asyncio.create_task(keep(), name=f"keep:{service.name}")))
        return await up

    yield start
    for done, _ in open_ones:
        done.set()
    await asyncio.gather(*(task for _, task in open_ones))


@asynccontextmanager
async def _reading(kafka_url: str, topic: str) -> AsyncGenerator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka_url, group_id=None, auto_offset_reset="earliest", fetch_max_wait_ms=50
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


def _read(record: Any, kind: type[E], hotel_id: UUID | None) -> tuple[E, Envelope] | None:  # Any: aiokafka's record
    envelope = Envelope.from_headers(record.headers)
    if event_types().get(envelope.type) is not kind or hotel_id not in (None, envelope.hotel_id):
        return None
    return kind.model_validate_json(record.value), envelope

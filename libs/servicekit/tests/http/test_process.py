"""The service as a process: its command, its start and its stop."""

import asyncio
import gzip
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from starlette.types import Receive, Scope, Send

from contracts.events import AuditRecorded
from contracts.ids import HotelId
from servicekit import logging, topics
from servicekit.migrations import upgrade_database
from servicekit.provision import DatabaseUrls
from servicekit.server import HttpServer
from servicekit.testing import Parts, TokenIssuer, eventually
from servicekit.testing.parts import temporary_database

DESK = Path(__file__).parent / "sample" / "desk.py"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One run of the sample service's command."""

    def __init__(self, running: asyncio.subprocess.Process, port: int, metrics_port: int) -> None:
        self.running = running
        self.url, self.metrics_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{metrics_port}"
        self.client = httpx.AsyncClient(verify=False, trust_env=False, timeout=20)

    async def ready(self) -> bool:
        assert self.running.returncode is None, await self.output()
        try:
            return (await self.client.get(self.metrics_url + "/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    async def in_hand(self) -> bool:
        """Whether a request is being answered."""
        figures = (await self.client.get(self.metrics_url + "/metrics")).text
        return 'http_requests_in_flight{service="desk"} 1.0' in figures

    async def stopping(self) -> bool:
        """Whether the probe says so."""
        return "service" in (await self.client.get(self.metrics_url + "/readyz")).json()["not_ready"]

    async def refuses(self) -> bool:
        """Whether nobody can connect any more."""
        try:
            async with httpx.AsyncClient(verify=False) as late:
                await late.get(self.url + "/whoever")
        except httpx.TransportError as error:
            return isinstance(error, httpx.ConnectError)
        return False

    async def output(self) -> str:
        out, _ = await self.running.communicate()
        return out.decode()


def environment(urls: DatabaseUrls, parts: Parts, namespace: str, issuer: TokenIssuer, **extra: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "FRONTDESK_DATABASE_URL": urls.app,
        "FRONTDESK_DATABASE_WORKER_URL": urls.worker,
        "FRONTDESK_DATABASE_OWNER_URL": urls.owner,
        "FRONTDESK_KAFKA_URL": parts.kafka_url,
        "FRONTDESK_KAFKA_NAMESPACE": namespace,
        "FRONTDESK_VALKEY_URL": parts.valkey_url,
        "FRONTDESK_IDENTITY_URL": issuer.url,
        "FRONTDESK_DRAIN_TIMEOUT_SECONDS": "8",
        **extra,
    }


@asynccontextmanager
async def started(role: str, env: dict[str, str]) -> AsyncGenerator[Process]:
    port, metrics_port = free_port(), free_port()
    ports = {"FRONTDESK_PORT": str(port), "FRONTDESK_METRICS_PORT": str(metrics_port)}
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        str(DESK),
        role,
        env=env | ports,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    process = Process(running, port, metrics_port)
    try:
        await eventually(process.ready, timeout=40, interval=0.1)
        yield process
    finally:
        await process.client.aclose()
        if running.returncode is None:
            running.kill()
            await running.wait()


@pytest.fixture(scope="module")
async def urls(parts: Parts, desk_module: ModuleType, namespace: str) -> AsyncGenerator[DatabaseUrls]:
    async with temporary_database(parts.postgres_url, "desk") as made:
        await upgrade_database(made.owner, desk_module.service.migrations_dir)
        await topics.apply(parts.kafka_url, namespace)
        yield made


@pytest.fixture(scope="module")
def env(urls: DatabaseUrls, parts: Parts, namespace: str, issuer: TokenIssuer) -> dict[str, str]:
    return environment(urls, parts, namespace, issuer)


class Collector:
    """Takes what is exported over OTLP."""

    def __init__(self) -> None:
        self.got = b""
        self.server = HttpServer(self, "127.0.0.1", 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        body = b""
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = bool(message.get("more_body"))
        self.got += gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def test_all_in_one_process_publishes_what_the_api_writes_and_stops_in_order(
    env: dict[str, str], issuer: TokenIssuer, hotel: HotelId, parts: Parts, namespace: str
) -> None:
    collector = Collector()
    await collector.server.start()
    headers = {"Authorization": f"Bearer {issuer.token(hotel_id=hotel)}"}
    async with started("all", env | {"FRONTDESK_OTLP_URL": collector.server.url}) as process:
        made = await process.client.post(process.url + "/notes", json={"text": "hello"}, headers=headers)
        assert made.status_code == 201, made.text
        topic = namespace + AuditRecorded.TOPIC.name
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=parts.kafka_url, auto_offset_reset="earliest")
        await consumer.start()
        try:
            async with asyncio.timeout(20):
                async for record in consumer:
                    if made.json()["id"].encode() in (record.value or b""):
                        break
        finally:
            await consumer.stop()

        slow = asyncio.create_task(process.client.post(process.url + "/slow/2"))
        await eventually(process.in_hand)
        began = time.monotonic()
        process.running.send_signal(signal.SIGTERM)
        await eventually(process.stopping)
        await eventually(process.refuses)
        assert (await slow).json() == "done"  # what was in hand is finished
        out = await process.output()
        assert process.running.returncode == 0, out
        assert time.monotonic() - began < 10
    await collector.server.stop()
    assert bytes.fromhex(made.headers["x-trace-id"]) in collector.got
    assert b"POST /notes" in collector.got
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["service"] for line in lines} == {"desk"}
    assert [line["event"] for line in lines if line["event"].startswith("service.")] == [
        "service.started", "service.stop_asked", "service.draining", "service.stopped",
    ]  # fmt: skip
    assert not [line for line in lines if line["level"] in ("error", "warning")], out


async def test_a_second_signal_ends_it_at_once(env: dict[str, str]) -> None:
    async with started("api", env) as process:
        slow = asyncio.create_task(process.client.post(process.url + "/slow/20"))
        await eventually(process.in_hand)
        process.running.send_signal(signal.SIGTERM)
        await eventually(process.stopping)
        process.running.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.running.wait(), 3) == 130
        await asyncio.gather(slow, return_exceptions=True)


async def test_what_takes_longer_than_the_drain_time_is_cut_off(env: dict[str, str]) -> None:
    async with started("api", env | {"FRONTDESK_DRAIN_TIMEOUT_SECONDS": "1"}) as process:
        slow = asyncio.create_task(process.client.post(process.url + "/slow/25"))
        await eventually(process.in_hand)
        process.running.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.running.wait(), 15) == 0
        await asyncio.gather(slow, return_exceptions=True)


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(desk_module: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command, in this process: exit code and what it printed."""

    def quiet(*_: object, **__: object) -> None:
        """Leave this process's logging as pytest has it."""

    def call(*arguments: str, env: dict[str, str]) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["desk", *arguments])
        monkeypatch.setattr(logging, "configure", quiet)
        for name in [name for name in os.environ if name.startswith("FRONTDESK_")]:
            monkeypatch.delenv(name)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            desk_module.main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return call


def test_a_start_without_its_settings_says_what_is_missing(run: Run) -> None:
    code, out = run("worker", env={})
    assert code == 2
    assert "FRONTDESK_DATABASE_URL is missing (or FRONTDESK_DATABASE_URL_FILE)" in out
    assert "FRONTDESK_DATABASE_WORKER_URL is missing" in out
    assert "Traceback" not in out
    code, out = run("api", env={"FRONTDESK_PORT": "eighty"})
    assert code == 2
    assert "FRONTDESK_PORT:" in out
    assert "eighty" not in out


def test_a_taken_port_is_said_and_not_a_traceback(
    run: Run, env: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, out = run("api", env=env | {"FRONTDESK_PORT": port, "FRONTDESK_METRICS_PORT": "0"})
    assert code == 3
    assert f"127.0.0.1:{port}" in caplog.text
    assert "Traceback" not in out


def test_migrate_openapi_and_the_services_own_command(run: Run, env: dict[str, str], hotel: HotelId) -> None:
    assert run("migrate", env=env)[0] == 0
    code, out = run("openapi", env={})
    assert code == 0
    assert "/notes" in json.loads(out)["paths"]
    code, out = run("count-notes", str(hotel), "--times", "3", env=env)
    assert (code, out.strip().splitlines()[-1]) == (0, "0")
    assert "How many notes a hotel has." in run("--help", env=env)[1]

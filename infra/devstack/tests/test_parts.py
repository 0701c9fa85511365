"""The real servers: they start where others fail, keep their data, and say clearly why they don't start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError

from devstack import ports
from devstack.errors import StackError
from devstack.parts.group import Parts, without_password
from devstack.parts.kafka import Kafka, cluster_id
from devstack.parts.postgres import SURVIVES_KILL, THROWAWAY, Postgres
from devstack.parts.valkey import Valkey
from devstack.state import State


@pytest.fixture
def postgres(folder: Path) -> Iterator[Postgres]:
    server = Postgres(folder / "postgres", ports.find_free(), password="s3cret", settings=SURVIVES_KILL)
    yield server
    server.stop()
    server.remove()


@pytest.fixture
def kafka(folder: Path) -> Iterator[Kafka]:
    server = Kafka(folder / "kafka", ports.find_free(), ports.find_free())
    yield server
    server.stop()


@asynccontextmanager
async def admin(kafka: Kafka) -> AsyncGenerator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka.url)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def test_postgres_keeps_its_data_has_vectors_and_asks_for_the_password(postgres: Postgres) -> None:
    postgres.start()
    session = await asyncpg.connect(postgres.url)
    await session.execute("create extension vector; create table kept as select '[1,2]'::vector as v")
    await session.close()
    postgres.kill()
    postgres.start()
    session = await asyncpg.connect(postgres.url)
    assert await session.fetchval("select count(*) from kept") == 1
    await session.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url.replace("s3cret", "guess"))


def test_postgres_starts_with_a_stale_pid_file_that_names_another_living_process(postgres: Postgres) -> None:
    postgres.start()
    postgres.kill()
    account = postgres.user()
    bystander = subprocess.Popen(["sleep", "60"], user=account.uid if account else None)
    try:
        stale = postgres.data / "postmaster.pid"
        stale.write_text("\n".join([str(bystander.pid), *stale.read_text().splitlines()[1:]]) + "\n")
        postgres.start()
        assert postgres.answers()
    finally:
        bystander.kill()
        bystander.wait()


def test_postgres_refuses_data_of_another_major_version_with_the_way_out(postgres: Postgres) -> None:
    postgres.data.mkdir(parents=True)
    (postgres.data / "PG_VERSION").write_text("15\n")
    with pytest.raises(StackError, match="written by PostgreSQL 15; this version brings PostgreSQL 18") as caught:
        postgres.start()
    assert "pg_dumpall" in caught.value.way_out
    assert "frontdesk up --fresh" in caught.value.way_out


def test_an_initdb_that_was_interrupted_is_done_again(postgres: Postgres) -> None:
    (postgres.data / "base").mkdir(parents=True)
    postgres.start()
    assert postgres.answers()


def test_a_full_disk_under_postgres_is_one_clear_message(folder: Path) -> None:
    script = f"""
import resource
from pathlib import Path
from devstack.errors import StackError
from devstack.parts.postgres import Postgres
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    Postgres(Path("{folder}") / "postgres", {ports.find_free()}).start()
except StackError as problem:
    print(problem)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "is full" in done.stdout
    assert "--state-dir" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that PostgreSQL's account can't enter")
async def test_postgres_starts_when_only_root_may_enter_its_folder() -> None:
    with tempfile.TemporaryDirectory() as private:  # mode 0700
        server = Postgres(Path(private) / "state", ports.find_free(), settings=THROWAWAY)
        try:
            server.start()
            session = await asyncpg.connect(server.url)
            assert await session.fetchval("select 1") == 1
            await session.close()
        finally:
            server.stop()
            server.remove()
        assert not server.data.exists()


def test_a_port_that_somebody_holds_is_reported_with_the_holder(postgres: Postgres, folder: Path) -> None:
    valkey = Valkey(folder / "valkey", postgres.port, keep=False)
    valkey.start()
    try:
        with pytest.raises(StackError, match=rf"needs port {postgres.port}, and .*\(pid \d+\) listens there"):
            postgres.start()
    finally:
        valkey.stop()


async def test_kafka_keeps_topics_over_a_kill_on_the_same_port_and_creates_none_by_itself(kafka: Kafka) -> None:
    kafka.start()
    async with admin(kafka) as client:
        await client.create_topics([NewTopic("kept", 3, 1)])
    kafka.kill()
    kafka.start()
    async with admin(kafka) as client:
        await client.describe_topics(["never-made"])
        assert await client.list_topics() == ["kept"]


def test_a_cluster_id_never_looks_like_an_option() -> None:
    made = iter([UUID(bytes=b"\xf8" + bytes(15)), UUID(bytes=bytes(16))])
    assert cluster_id(lambda: next(made)) == "A" * 22


def test_kafka_refuses_data_of_a_newer_release_with_the_way_out(kafka: Kafka) -> None:
    kafka.home.mkdir(parents=True)
    (kafka.home / "version").write_text("4.3.0\n")
    with pytest.raises(StackError, match=r"written by Kafka 4\.3\.0; this version brings Kafka 4\.1\.1") as caught:
        kafka.start()
    assert "--fresh" in caught.value.way_out


def test_a_kafka_home_that_is_none_is_refused(kafka: Kafka, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRONTDESK_KAFKA_HOME", str(tmp_path))
    with pytest.raises(StackError, match="no unpacked Kafka distribution"):
        kafka.start()


async def test_valkey_keeps_what_it_holds_over_a_stop_and_asks_for_the_password(folder: Path) -> None:
    server = Valkey(folder / "valkey", ports.find_free(), password="s3cret")
    server.start()
    try:
        async with Redis.from_url(server.url) as client:
            await client.set("kept", "yes")
        server.stop()
        server.start()
        async with Redis.from_url(server.url) as client:
            assert await client.get("kept") == b"yes"
        async with Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as stranger:
            with pytest.raises(AuthenticationError):
                await stranger.get("kept")
    finally:
        server.stop()


def test_a_part_yields_to_the_environment(folder: Path) -> None:
    state = State(folder)
    state.open()
    named = {
        "FRONTDESK_POSTGRES_URL": "postgresql://me:pw@db:5432/postgres",
        "FRONTDESK_KAFKA_URL": "kafka:9092",
        "FRONTDESK_VALKEY_URL": "redis://cache:6379/0",
    }
    said: list[str] = []
    parts = Parts(state, environment=named, say=said.append)
    parts.start()
    assert parts.urls.environment() == named
    assert parts.servers == {}
    assert "postgres: using postgresql://me@db:5432/postgres" in said


def test_a_shown_address_has_no_password() -> None:
    assert without_password("redis://:secret@127.0.0.1:6379/0") == "redis://@127.0.0.1:6379/0"
    assert without_password("127.0.0.1:9092") == "127.0.0.1:9092"

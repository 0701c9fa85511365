"""The same three parts as containers, where a Docker engine answers (`FRONTDESK_PARTS=docker`)."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from devstack import ports
from devstack.errors import StackError
from devstack.parts.group import PartUrls
from devstack.parts.kafka import Kafka
from devstack.parts.postgres import THROWAWAY, Postgres
from devstack.parts.server import Server
from devstack.parts.valkey import Valkey

POSTGRES_IMAGE = "pgvector/pgvector:pg18"
KAFKA_IMAGE = "apache/kafka:4.1.1"
VALKEY_IMAGE = "valkey/valkey:9"
_READY_SECONDS = 180.0


@contextmanager
def docker_parts() -> Generator[PartUrls]:
    """Throw-away containers for the time of the block.

    Raises:
        StackError: testcontainers is not installed, or no Docker engine answers.
    """
    try:
        from docker.errors import DockerException
        from testcontainers.core.container import DockerContainer
    except ImportError as problem:
        raise StackError(
            "FRONTDESK_PARTS=docker needs the testcontainers package, which is not installed.",
            "Install the development requirements, or unset FRONTDESK_PARTS to use the local parts.",
        ) from problem
    postgres_port, kafka_port, valkey_port = (ports.find_free() for _ in range(3))
    # The local servers' probes know how to ask each one whether it takes work.
    nowhere = Path("/nonexistent")
    probes: list[Server] = [
        Postgres(nowhere, postgres_port),
        Kafka(nowhere, kafka_port, 0),
        Valkey(nowhere, valkey_port),
    ]
    settings = [f"{key}={value}" for key, value in {"max_connections": "400", **THROWAWAY}.items()]
    with ExitStack() as running:
        try:
            postgres = DockerContainer(POSTGRES_IMAGE).with_bind_ports(5432, postgres_port)
            postgres = postgres.with_env("POSTGRES_HOST_AUTH_METHOD", "trust").with_command(
                ["postgres", *(part for setting in settings for part in ("-c", setting))]
            )
            kafka = DockerContainer(KAFKA_IMAGE).with_bind_ports(kafka_port, kafka_port)
            for key, value in _kafka_environment(kafka_port).items():
                kafka = kafka.with_env(key, value)
            valkey = DockerContainer(VALKEY_IMAGE).with_bind_ports(6379, valkey_port)
            for container in (postgres, kafka, valkey):
                running.enter_context(container)
        except DockerException as problem:
            raise StackError(
                f"FRONTDESK_PARTS=docker is set, and the Docker engine did not start the parts ({str(problem)[:200]}).",
                "Start Docker, or unset FRONTDESK_PARTS to use the local parts.",
            ) from problem
        _wait(probes)
        yield PartUrls(*(probe.url for probe in probes))


def _wait(probes: list[Server]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    for probe in probes:
        while not probe.answers():
            if time.monotonic() > deadline:
                raise StackError(
                    f"The container of {probe.name} did not get ready in {_READY_SECONDS:.0f} s.",
                    "`docker ps` and `docker logs` show why.",
                )
            time.sleep(0.1)


def _kafka_environment(port: int) -> dict[str, str]:
    """server.properties as the image takes it; clients are sent to the same port on the host."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{ports.HOST}:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }

"""Which processes there are, and by which ports they are told to reach each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from devstack.layout import Detour, Layout
from devstack.parts.group import PartUrls
from devstack.parts.kafka import Kafka, Listener
from devstack.services import named
from devstack.state import State

PARTS = PartUrls("postgresql://postgres:p@127.0.0.1:5432/postgres", "127.0.0.1:9092", "redis://:s3@127.0.0.1:6379/0")
DATABASE = {role: f"postgresql://conversation_{role}:p@127.0.0.1:5432/conversation" for role in ("owner", "app")}


def layout(
    folder: Path,
    *,
    replicas: Mapping[str, int] | None = None,
    settings: Mapping[str, Mapping[str, str]] | None = None,
    detour: Detour | None = None,
) -> Layout:
    state = State(folder)
    state.open()
    return Layout(
        state,
        named(["conversation", "gateway"]),
        apart={"conversation"},
        usual_ports=False,
        namespace="",
        settings=settings or {},
        replicas=replicas or {},
        detour=detour,
        say=print,
    )


def environment(of: Layout, process: str) -> dict[str, str]:
    unit = next(unit for unit in of.of("conversation") if unit.name == process)
    return of.environment(unit, PARTS, DATABASE)


def test_a_second_process_of_a_kind_has_ports_of_its_own_and_serves_under_its_own_address(folder: Path) -> None:
    found = layout(folder, replicas={"conversation-api": 2, "conversation-worker": 2})
    units = found.of("conversation")
    assert sorted(unit.name for unit in units) == [
        "conversation-api",
        "conversation-api-2",
        "conversation-worker",
        "conversation-worker-2",
    ]
    assert len({unit.metrics_port for unit in units}) == 4
    first, second = found.urls("conversation")
    assert first == found.url("conversation") != second
    again = layout(folder, replicas={"conversation-api": 2, "conversation-worker": 2})
    assert again.urls("conversation") == [first, second]


def test_a_process_gets_its_services_settings_and_its_own_which_win(folder: Path) -> None:
    found = layout(
        folder,
        replicas={"conversation-worker": 2},
        settings={"conversation": {"A": "1", "B": "1"}, "conversation-worker-2": {"B": "2"}},
    )
    assert (environment(found, "conversation-worker")["B"], environment(found, "conversation-worker-2")["B"]) == (
        "1",
        "2",
    )
    assert environment(found, "conversation-worker-2")["A"] == "1"


def test_only_the_process_with_a_detour_is_told_other_ports_and_migrations_go_straight(folder: Path) -> None:
    around = {"postgres": 1, "kafka": 2, "valkey": 3, "identity": 4}

    def detour(process: str, to: str, port: int) -> int:
        return around.get(to, port) if process == "conversation-worker" else port

    found = layout(folder, detour=detour)
    told = environment(found, "conversation-worker")
    assert told["FRONTDESK_DATABASE_URL"] == "postgresql://conversation_app:p@127.0.0.1:1/conversation"
    assert told["FRONTDESK_DATABASE_OWNER_URL"] == DATABASE["owner"]
    assert told["FRONTDESK_KAFKA_URL"] == "127.0.0.1:2"
    assert told["FRONTDESK_VALKEY_URL"] == "redis://:s3@127.0.0.1:3/0"
    assert told["FRONTDESK_IDENTITY_URL"] == "http://127.0.0.1:4"
    assert told["FRONTDESK_GATEWAY_URL"] == found.url("gateway")
    straight = environment(found, "conversation-api")
    assert straight["FRONTDESK_KAFKA_URL"] == PARTS.kafka
    assert straight["FRONTDESK_DATABASE_URL"] == DATABASE["app"]
    assert [(way.name, way.advertised) for way in found.kafka_listeners()] == [("CONVERSATION_WORKER", 2)]


def test_the_broker_sends_the_clients_of_another_listener_to_the_port_that_leads_to_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka = Kafka(folder, 1000, 1001, [Listener("CONVERSATION_WORKER", 1002, 2000)])
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "meta.properties").touch()
    monkeypatch.setattr(Kafka, "_class_path", ("4.1", "jars"))
    kafka.prepare()
    settings = (folder / "server.properties").read_text().splitlines()
    assert (
        "listeners=PLAINTEXT://127.0.0.1:1000,CONVERSATION_WORKER://127.0.0.1:1002,CONTROLLER://127.0.0.1:1001"
        in settings
    )
    assert "advertised.listeners=PLAINTEXT://127.0.0.1:1000,CONVERSATION_WORKER://127.0.0.1:2000" in settings
    assert (
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONVERSATION_WORKER:PLAINTEXT,CONTROLLER:PLAINTEXT"
        in settings
    )

"""Which processes a stack has: ports, roles, and the environment each one gets."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from devstack import ports
from devstack.parts.group import PartUrls
from devstack.parts.kafka import Listener
from devstack.services import Service, environment, named
from devstack.state import State

Detour = Callable[[str, str, int], int]
"""Given a process, the part or service that it wants to reach, and the port of that: the port it is told instead.

Whoever answers another port has something listen there that leads on, e.g. a proxy that a test can cut.
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """One process: a service in one of its roles."""

    service: Service
    role: str
    """`all`, or `api` and `worker` apart."""
    name: str
    port: int
    metrics_port: int


def units(
    service: Service,
    state: State,
    *,
    apart: bool,
    usual_ports: bool,
    replicas: Mapping[str, int],
    say: Callable[[str], None] | None = None,
) -> list[Unit]:
    """The processes of one service: one for all, or `NAME-api` and `NAME-worker` when they are to be killed apart.

    More of a kind (`replicas`) are called `NAME-api-2`, `NAME-api-3` and so on.
    """
    first = _first_units(service, state, apart=apart, usual_ports=usual_ports, say=say)
    more = [
        _another(unit, f"{unit.name}-{number}", state)
        for unit in first
        for number in range(2, replicas.get(unit.name, 1) + 1)
    ]
    return [*first, *more]


def _another(unit: Unit, name: str, state: State) -> Unit:
    port = unit.port if unit.role == "worker" else state.port(name)
    return replace(unit, name=name, port=port, metrics_port=state.port(f"{name} metrics"))


def _first_units(
    service: Service, state: State, *, apart: bool, usual_ports: bool, say: Callable[[str], None] | None
) -> list[Unit]:
    port = state.port(service.name, service.port if usual_ports else None, say)
    metrics = state.port(f"{service.name} metrics", service.metrics_port if usual_ports else None, say)
    if not apart:
        return [Unit(service, "all", service.name, port, metrics)]
    second = state.port(f"{service.name}-worker metrics")
    return [
        Unit(service, "api", f"{service.name}-api", port, metrics),
        Unit(service, "worker", f"{service.name}-worker", port, second),
    ]


class Layout:
    """Every process of the system with its ports, also of services that this stack does not start: others find them.

    Args:
        state: remembers the ports.
        services: those this stack starts.
        apart: names of those that run as `api` and `worker`.
        usual_ports: prefer 8080 and its neighbours; otherwise any that are free.
        namespace: put before topics, groups and Valkey keys.
        settings: more environment per service, or per process, which wins.
        replicas: how many there are of a process.
        detour: asked for every port that a process is told.
        say: told about ports that were taken.
    """

    def __init__(
        self,
        state: State,
        services: Collection[Service],
        *,
        apart: Collection[str],
        usual_ports: bool,
        namespace: str,
        settings: Mapping[str, Mapping[str, str]],
        replicas: Mapping[str, int],
        detour: Detour | None,
        say: Callable[[str], None],
    ) -> None:
        self._state = state
        self._namespace = namespace
        self._settings = settings
        self._detour = detour or _straight
        self._units: dict[str, list[Unit]] = {}
        for service in named():
            if service in services:
                split = service.name in apart
                self._units[service.name] = units(
                    service, state, apart=split, usual_ports=usual_ports, replicas=replicas, say=say
                )
            else:
                port = state.known_port(service.name) or service.port
                self._units[service.name] = [Unit(service, "all", service.name, port, service.metrics_port)]

    def of(self, service: str) -> list[Unit]:
        """The processes of a service."""
        return self._units[named([service])[0].name]

    def playing(self, service: str, role: str) -> Unit:
        """The process that plays this role."""
        found = self.of(service)
        return next((unit for unit in found if unit.role == role), found[0])

    def url(self, service: str) -> str:
        """Base URL of the service's API."""
        return f"http://{ports.HOST}:{self.playing(service, 'api').port}"

    def urls(self, service: str) -> list[str]:
        """Base URL of the API of every process that serves it."""
        return [f"http://{ports.HOST}:{unit.port}" for unit in self.of(service) if unit.role != "worker"]

    def kafka_listeners(self) -> list[Listener]:
        """The broker's own listener for each process with a detour to it: a client goes where its listener says."""
        found: list[Listener] = []
        for unit in (unit for units in self._units.values() for unit in units):
            port = self._state.port(_listener(unit)) if self._detour is not _straight else 0
            told = self._detour(unit.name, "kafka", port)
            if told != port:
                found.append(Listener(re.sub(r"\W", "_", unit.name).upper(), port, told))
        return found

    def environment(self, unit: Unit, parts: PartUrls, database: Mapping[str, str]) -> dict[str, str]:
        """The environment of one process."""

        def way(to: str, url: str) -> str:
            return re.sub(r"(?<=:)\d+(?=/|$)", lambda found: str(self._detour(unit.name, to, int(found[0]))), url)

        listener = self._state.known_port(_listener(unit)) or 0
        advertised = self._detour(unit.name, "kafka", listener)
        own = environment(
            unit.service,
            state=self._state,
            parts=replace(
                parts,
                kafka=parts.kafka if advertised == listener else f"{ports.HOST}:{advertised}",
                valkey=way("valkey", parts.valkey),
            ),
            addresses={service.name: way(service.name, self.url(service.name)) for service in named()},
            database={role: url if role == "owner" else way("postgres", url) for role, url in database.items()},
            namespace=self._namespace,
        )
        listening = {"FRONTDESK_PORT": str(unit.port), "FRONTDESK_METRICS_PORT": str(unit.metrics_port)}
        return {**own, **listening, **self._settings.get(unit.service.name, {}), **self._settings.get(unit.name, {})}


def _straight(_process: str, _to: str, port: int) -> int:
    return port


def _listener(unit: Unit) -> str:
    return f"kafka for {unit.name}"

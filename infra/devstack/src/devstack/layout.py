"""Which processes a stack has: ports, roles, and the environment each one gets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from devstack import ports
from devstack.parts.group import PartUrls
from devstack.services import Service, environment, named, program
from devstack.state import State


@dataclass(frozen=True, slots=True)
class Unit:
    """One process: a service in one of its roles."""

    service: Service
    role: str
    """`all`, or `api` and `worker` apart."""
    name: str
    port: int
    metrics_port: int

    @property
    def command(self) -> list[str]:
        """How it is started."""
        return [program(self.service), self.role]


def units(
    service: Service, state: State, *, apart: bool, usual_ports: bool, say: Callable[[str], None] | None = None
) -> list[Unit]:
    """The processes of one service: one for all, or `NAME-api` and `NAME-worker` when they are to be killed apart."""
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
        settings: more environment per service.
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
        say: Callable[[str], None],
    ) -> None:
        self._state = state
        self._namespace = namespace
        self._settings = settings
        self._units: dict[str, list[Unit]] = {}
        for service in named():
            if service in services:
                split = service.name in apart
                self._units[service.name] = units(service, state, apart=split, usual_ports=usual_ports, say=say)
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

    def environment(self, unit: Unit, parts: PartUrls, database: Mapping[str, str]) -> dict[str, str]:
        """The environment of one process."""
        own = environment(
            unit.service,
            state=self._state,
            parts=parts,
            addresses={service.name: self.url(service.name) for service in named()},
            database=database,
            namespace=self._namespace,
        )
        listening = {"FRONTDESK_PORT": str(unit.port), "FRONTDESK_METRICS_PORT": str(unit.metrics_port)}
        return {**own, **listening, **self._settings.get(unit.service.name, {})}

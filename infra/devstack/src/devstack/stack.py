"""The whole system as one object, for the command line and for tests: start, stop, kill, restart, addresses.

with Stack(tmp_path / "state", own_parts=True, revive=False).running() as stack:
    stack.kill("conversation")
    stack.start_service("conversation")
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from devstack import ports, prepare, process, sweep
from devstack.child import Child
from devstack.errors import raise_first
from devstack.keeper import Keeper
from devstack.layout import Detour, Layout, Unit
from devstack.parts.group import Parts, PartUrls
from devstack.parts.mail import FOLDER, VARIABLE, Letter, Mail, letters
from devstack.parts.postgres import KEPT, SURVIVES_KILL
from devstack.running import Running
from devstack.services import Service, named, program
from devstack.state import State

_NOTHING: Mapping[str, Mapping[str, str]] = MappingProxyType({})
_NO_MORE: Mapping[str, int] = MappingProxyType({})
_READY_SECONDS = 90.0


class Stack:
    """PostgreSQL, Kafka, Valkey and the services, on one state folder.

    Args:
        folder: the state folder; a later start on it finds its data again.
        only: the services to run (None: all; an empty list: the parts alone).
        own_parts: start all three parts even where the environment names others.
        namespace: put before databases, topics, groups and Valkey keys; for several stacks on the same servers.
        apart: services that run as `NAME-api` and `NAME-worker`, to be killed apart.
        usual_ports: the gateway on 8080 and so on where these are free; otherwise any, so that tests run side by side.
        settings: more environment per service, e.g. `{"conversation": {"FRONTDESK_LOG_LEVEL": "DEBUG"}}`, or per process.
        replicas: how many there are of a process, e.g. `{"conversation-worker": 2}`: the second is `conversation-worker-2`.
        detour: asked for every port that a process is told, so that something can stand in between (`layout.Detour`).
        durable: keep what is written through a power cut; without it tests run faster.
        demo: seed the demo hotels.
        revive: start again what ends by itself.
        say: gets one line for each step and each thing that happens later.
    """

    def __init__(
        self,
        folder: Path,
        *,
        only: Sequence[str] | None = None,
        own_parts: bool = False,
        namespace: str = "",
        apart: Collection[str] = (),
        usual_ports: bool = False,
        settings: Mapping[str, Mapping[str, str]] = _NOTHING,
        replicas: Mapping[str, int] = _NO_MORE,
        detour: Detour | None = None,
        durable: bool = True,
        demo: bool = True,
        revive: bool = True,
        say: Callable[[str], None] = print,
    ) -> None:
        self.state = State(folder)
        self.services = named(None if only is None else list(only))
        self.namespace = namespace
        self._own_parts = own_parts
        self._apart = apart
        self._usual_ports = usual_ports
        self.settings = {name: dict(more) for name, more in settings.items()}
        """More environment per service or process; a change counts from the next start of the process."""
        self.programs: dict[str, Path] = {}
        """Where the program of a process is, when not next to our own Python; counts from its next start."""
        self._replicas = replicas
        self._detour = detour
        self._durable = durable
        self._demo = demo
        self._revive = revive
        self._say = say
        self._held = ExitStack()
        self.started = False
        """Whether there is anything to stop."""
        self.stopping = False
        """Whether that is being done: who stops it had better not be interrupted."""
        self._databases: dict[str, dict[str, str]] = {}
        self._keepers: dict[str, Keeper] = {}
        self._children: dict[str, Child] = {}
        self._layout: Layout | None = None

    def start(self) -> None:
        """Start everything and wait until every service is ready.

        Raises:
            StackError: something keeps it from running; what had started is stopped again.
        """
        self.state.open()
        self._held.enter_context(self.state.alone())
        self.started = True
        process.record_of(sweep.SUPERVISOR, os.getpid()).write(self.state.record_path(sweep.SUPERVISOR))
        try:
            for name in sweep.sweep(self.state):
                self._say(f"{name} was still running from a start that was killed; stopped it")
            self._layout = Layout(
                self.state,
                self.services,
                apart=self._apart,
                usual_ports=self._usual_ports,
                namespace=self.namespace,
                settings=self.settings,
                replicas=self._replicas,
                detour=self._detour,
                say=self._say,
            )
            self._start_parts()
            self._prepare()
            self._start_services()
            self._running().write(self.state)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the services, then the parts; data stays."""
        if not self.started:
            return
        self.stopping = True
        services = [name for name in self._keepers if name in self._children]
        servers = [name for name in self._keepers if name not in self._children]
        for together in (services, servers):
            if together:
                with ThreadPoolExecutor(len(together)) as pool:
                    list(pool.map(Keeper.close, [self._keepers[name] for name in together]))
        self._keepers.clear()
        self._children.clear()
        self.__dict__.pop("parts", None)
        self.__dict__.pop("_mail", None)
        Running.forget(self.state)
        self.state.record_path(sweep.SUPERVISOR).unlink(missing_ok=True)
        self._held.close()
        self.started = self.stopping = False

    @contextmanager
    def running(self) -> Generator[Stack]:
        """Started for the block, stopped after it."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    # Parts

    @cached_property
    def parts(self) -> Parts:
        """The three servers; there from `start` to `stop`."""
        return Parts(
            self.state,
            settings=KEPT if self._durable else SURVIVES_KILL,
            guarded=self._durable,
            environment={} if self._own_parts else os.environ,
            kafka_listeners=self.layout.kafka_listeners(),
            say=self._say,
        )

    @property
    def part_urls(self) -> PartUrls:
        """Where PostgreSQL (as superuser), Kafka and Valkey are."""
        return self.parts.urls

    def start_part(self, name: str) -> None:
        """Start a stopped or killed part again, on the same port, with its data."""
        self._keepers[name].start()
        self._keepers[name].watch()

    def stop_part(self, name: str) -> None:
        """Stop a part while the services go on."""
        self._keepers[name].stop()

    def kill_part(self, name: str) -> None:
        """kill -9 a part."""
        self._keepers[name].kill()

    # Services

    def url(self, service: str) -> str:
        """Base URL of the service's API."""
        return self.layout.url(service)

    def urls(self, service: str) -> list[str]:
        """Base URL of the API of every process that serves it."""
        return self.layout.urls(service)

    def letters(self, to: str | None = None) -> list[Letter]:
        """The mails that identity has sent, the oldest first."""
        return letters(self.state.folder, to)

    def metrics_url(self, service: str, role: str = "api") -> str:
        """Base URL of /livez, /readyz and /metrics; `role` matters for services that run apart."""
        return f"http://{ports.HOST}:{self.layout.playing(service, role).metrics_port}"

    def database_urls(self, service: str) -> Mapping[str, str]:
        """The service's database as `owner`, `app` and `worker`."""
        return self._databases[service]

    def log(self, name: str) -> Path:
        """What the process printed."""
        return self._children[name].log

    def pid(self, name: str) -> int | None:
        """Of a service process; None when it does not run."""
        return self._children[name].pid

    def processes(self) -> list[str]:
        """Names of the service processes, for the methods below."""
        return list(self._children)

    def kill(self, name: str) -> None:
        """kill -9 a service process. It comes back by itself when the stack revives."""
        self._keepers[name].kill()

    def stop_service(self, name: str) -> None:
        """SIGTERM a service process and wait until it has finished."""
        self._keepers[name].stop()

    def start_service(self, name: str, *, wait: bool = True) -> None:
        """Start a service process that was killed or stopped."""
        self._keepers[name].start()
        if wait:
            self._children[name].wait_ready(_READY_SECONDS)
        self._keepers[name].watch()

    def restart(self, name: str) -> None:
        """Stop and start a service process, and wait until it is ready."""
        self.stop_service(name)
        self.start_service(name)

    def restarts(self, name: str) -> int:
        """How often this process or part was brought back."""
        return self._keepers[name].restarts

    def _running(self) -> Running:
        return Running(
            addresses={service.name: self.url(service.name) for service in self.services},
            databases={name: dict(urls) for name, urls in self._databases.items()},
            kafka=self.part_urls.kafka,
            valkey=self.part_urls.valkey,
            namespace=self.namespace,
        )

    # Steps of a start

    def _start_parts(self) -> None:
        self.parts.start()
        for name, server in self.parts.servers.items():
            keeper = Keeper(server, revive=self._revive, say=self._say)
            keeper.watch()
            self._keepers[name] = keeper
        if self._takes_mails:
            self._mail.start()
            self._say(f"mail is ready on port {self._mail.port}; what is sent stays in {self._mail.home}")
            self._keepers[Mail.name] = Keeper(self._mail, revive=self._revive, say=self._say)
            self._keepers[Mail.name].watch()

    @cached_property
    def _mail(self) -> Mail:
        server = Mail(self.state.folder / FOLDER, self.state.port(Mail.name))
        server.record_path = self.state.record_path(Mail.name)
        return server

    @property
    def _takes_mails(self) -> bool:
        """Whether identity's mails are caught here: it runs, and nobody named a server for them."""
        named = VARIABLE in self.settings.get("identity", {}) or (
            not self._own_parts and bool(os.environ.get(VARIABLE))
        )
        return not named and any(one.name == "identity" for one in self.services)

    def _prepare(self) -> None:
        with_database = [service for service in self.services if service.has_database]
        if not self.services:
            return
        with ThreadPoolExecutor(len(with_database) + 1) as pool:
            under_way: list[Future[None]] = [pool.submit(self._topics)]
            under_way += [pool.submit(self._database, service) for service in with_database]
        raise_first(under_way)

    def _topics(self) -> None:
        for drift in prepare.apply_topics(self.part_urls.kafka, self.namespace):
            self._say(f"topic {drift}: it was made by another version; `frontdesk up --fresh` starts over")
        self._say("topics are there")

    def _database(self, service: Service) -> None:
        self._databases[service.name] = prepare.database_urls(
            service,
            admin_url=self.part_urls.postgres,
            namespace=self.namespace,
            password=self.state.secret_text("database-password"),
        )
        self._run_once(service, "migrate")

    def _start_services(self) -> None:
        for service in self.services:
            for unit in self.layout.of(service.name):
                child = Child(
                    unit,
                    self.state,
                    lambda unit=unit: [str(self.programs.get(unit.name) or program(unit.service)), unit.role],
                    lambda unit=unit: self._environment(unit),
                )
                self._children[unit.name] = child
                self._keepers[unit.name] = Keeper(child, revive=self._revive, say=self._say)
        if not self._children:
            return
        with ThreadPoolExecutor(2 * len(self._children)) as pool:
            starting = [pool.submit(self._start_service, name) for name in self._children]
            demo = [service for service in self.services if self._demo and service.has_demo]
            starting += [pool.submit(self._run_once, service, "seed-demo") for service in demo]
        raise_first(starting)

    def _start_service(self, name: str) -> None:
        began = time.monotonic()
        self.start_service(name)
        unit = self._children[name].unit
        where = "" if unit.role == "worker" else f" on port {unit.port}"
        self._say(f"{name} is ready{where} ({time.monotonic() - began:.1f} s)")

    def _run_once(self, service: Service, argument: str) -> None:
        """Run `SERVICE ARGUMENT`, unless that is done for its files as they are, in a database of ours."""
        done = prepare.Done(self.state)
        settings = self._environment(self.layout.playing(service.name, "all"))
        if "postgres" in self.parts.servers and done.is_done(argument, service, settings):
            return
        prepare.run(service, argument, state=self.state, environment=settings)
        self._say(f"{service.name}: {argument}")
        done.note(argument, service, settings)

    @property
    def layout(self) -> Layout:
        """The processes and their ports; there once `start` has begun."""
        assert self._layout is not None, "the stack has not been started"
        return self._layout

    def _environment(self, unit: Unit) -> dict[str, str]:
        told = self.layout.environment(unit, self.part_urls, self._databases.get(unit.service.name, {}))
        caught = (
            self._mail.settings(os.environ.get("FRONTDESK_DASHBOARD_URL") or self.url("gateway"))
            if unit.service.name == "identity" and self._takes_mails
            else {}
        )
        return {**told, **caught, **self.settings.get(unit.service.name, {}), **self.settings.get(unit.name, {})}

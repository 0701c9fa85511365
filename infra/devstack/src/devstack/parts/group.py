"""The three parts together: which are ours and which the environment names, started side by side."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from devstack import jars
from devstack.errors import raise_first
from devstack.parts.kafka import Kafka, Listener
from devstack.parts.postgres import KEPT, Postgres
from devstack.parts.server import Server
from devstack.parts.valkey import Valkey
from devstack.state import State

NAMES = ("postgres", "kafka", "valkey")


def variable(part: str) -> str:
    """The environment variable that names this part's address: `FRONTDESK_POSTGRES_URL`."""
    return f"FRONTDESK_{part.upper()}_URL"


@dataclass(frozen=True, slots=True)
class PartUrls:
    """Where the parts are; PostgreSQL's is the superuser's."""

    postgres: str
    kafka: str
    valkey: str

    def environment(self) -> dict[str, str]:
        """As the variables that tests and services read."""
        return {variable(name): getattr(self, name) for name in NAMES}


class Parts:
    """PostgreSQL, Kafka and Valkey for one stack.

    Args:
        state: where their folders and ports are kept; nothing of an earlier run may be left (`sweep`).
        settings: PostgreSQL's: `KEPT`, `SURVIVES_KILL` or `THROWAWAY`.
        guarded: PostgreSQL and Valkey ask for a password of this state folder.
        environment: where `FRONTDESK_*_URL` is looked up: a part named there is used and not started.
        kafka_listeners: more ways into the broker, when it is ours.
    """

    def __init__(
        self,
        state: State,
        *,
        settings: Mapping[str, str] = KEPT,
        guarded: bool = False,
        environment: Mapping[str, str] | None = None,
        kafka_listeners: Sequence[Listener] = (),
        say: Callable[[str], None] | None = None,
    ) -> None:
        named = os.environ if environment is None else environment
        self._external = {name: named[variable(name)] for name in NAMES if named.get(variable(name))}
        self._say = say or _nobody_listens
        password = state.secret_text("postgres-password") if guarded else ""
        valkey_password = state.secret_text("valkey-password") if guarded else ""
        self.servers: dict[str, Server] = {}
        for name in NAMES:
            if name in self._external:
                continue
            home, port = state.folder / name, state.port(name, say=say)
            if name == "postgres":
                self.servers[name] = Postgres(home, port, password=password, settings=settings)
            elif name == "kafka":
                self.servers[name] = Kafka(home, port, state.port("kafka-controller"), kafka_listeners)
            else:
                self.servers[name] = Valkey(home, port, password=valkey_password, keep=settings is KEPT)
            self.servers[name].record_path = state.record_path(name)

    @property
    def urls(self) -> PartUrls:
        """Where each part is."""
        found = {name: self._external.get(name) or self.servers[name].url for name in NAMES}
        return PartUrls(**found)

    def start(self) -> None:
        """Start ours side by side and wait for all.

        Raises:
            StackError: one of them does not start; the others are stopped.
        """
        for name, url in self._external.items():
            self._say(f"{name}: using {without_password(url)}")
        if not self.servers:
            return
        with ThreadPoolExecutor(len(self.servers)) as pool:
            under_way = [pool.submit(self._start_one, server) for server in self.servers.values()]
            try:
                wait(under_way)
            except BaseException:  # Ctrl-C: what is being started is let through, then stopped
                jars.give_up()
                wait(under_way)
                self.stop()
                raise
        try:
            raise_first(under_way)
        except BaseException:
            self.stop()
            raise

    def _start_one(self, server: Server) -> None:
        began = time.monotonic()
        server.start()
        self._say(f"{server.name} is ready on port {server.port} ({time.monotonic() - began:.1f} s)")

    def stop(self) -> None:
        """Stop ours side by side; others' are left alone."""
        if self.servers:
            with ThreadPoolExecutor(len(self.servers)) as pool:
                list(pool.map(Server.stop, self.servers.values()))

    def remove(self) -> None:
        """Forget all their data."""
        for server in self.servers.values():
            server.remove()


def _nobody_listens(_line: str) -> None: ...


def without_password(url: str) -> str:
    """The address as it may be shown."""
    head, at, tail = url.rpartition("@")
    scheme, slashes, account = head.partition("://")
    return f"{scheme}{slashes}{account.partition(':')[0]}@{tail}" if at else url

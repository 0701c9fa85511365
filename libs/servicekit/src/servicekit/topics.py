"""Topics at the broker: made as `contracts.topics` says, and checked for drift. Nothing is created by being used."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code

from contracts.topics import DAY_MS, TOPICS, Topic
from servicekit import deadletters

DLQ_RETENTION_MS = 90 * DAY_MS
"""Dead letters wait this long for a person."""
PERSONAL_DLQ_RETENTION_MS = 14 * DAY_MS
"""Those of topics that hold personal data."""
READY_SECONDS = 30
TOPIC_ALREADY_EXISTS = 36  # Kafka protocol error code


class TopicsNotMade(Exception):
    """The broker refused to make a topic, or does not show it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A topic as it should be at the broker."""

    name: str
    partitions: int
    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference between plan and broker, in words: `partitions are 6, should be 12`."""

    topic: str
    what: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.what}"


@dataclass(slots=True)
class Applied:
    """What `apply` did, and what it may not do in place."""

    created: list[str] = field(default_factory=list[str])
    changed: list[Drift] = field(default_factory=list[Drift])
    left: list[Drift] = field(default_factory=list[Drift])


def plan(namespace: str, topics: Sequence[Topic] = TOPICS, *, replication: int = 1) -> list[Planned]:
    """Every topic and its dead-letter topic. With three replicas or more a write needs two of them."""
    durable = {"min.insync.replicas": "2" if replication >= 3 else "1"}
    planned: list[Planned] = []
    for topic in topics:
        planned.append(Planned(namespace + topic.name, topic.partitions, topic.config() | durable))
        planned.append(Planned(namespace + topic.dlq, 1, _dead(topic) | durable))
    return planned


def _dead(topic: Topic) -> dict[str, str]:
    """How dead letters are kept; those that hold personal data in such a way that a tombstone takes them away."""
    kept = {"cleanup.policy": "delete", "retention.ms": str(DLQ_RETENTION_MS)}
    if topic.personal:
        kept = {
            "cleanup.policy": "compact,delete",
            "max.compaction.lag.ms": str(DAY_MS),
            "retention.ms": str(PERSONAL_DLQ_RETENTION_MS),
        }
    return kept | {"max.message.bytes": str(deadletters.MAX_BYTES)}


async def apply(
    kafka_url: str, namespace: str = "", topics: Sequence[Topic] = TOPICS, *, replication: int = 1
) -> Applied:
    """Make what is missing and set configuration that differs; returns once the broker shows every topic.

    A partition count is never changed in place, since it would move keys: it is reported in `left`.

    Raises:
        TopicsNotMade: the broker refused.
    """
    planned = plan(namespace, topics, replication=replication)
    done = Applied()
    async with _admin(kafka_url) as client:
        existing = set(await client.list_topics())
        missing = [topic for topic in planned if topic.name not in existing]
        if missing:
            new = [NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.config) for topic in missing]
            response: Any = await client.create_topics(new)  # Any: the protocol's versioned answers
            for name, code, *detail in response.topic_errors:
                if code not in {0, TOPIC_ALREADY_EXISTS}:
                    raise TopicsNotMade(f"{name}: {for_code(code).__name__} {detail}")
            done.created = [topic.name for topic in missing]
            await _until_shown(client, {topic.name for topic in missing})
        drifts = await _drifts(client, planned)
        if drifts:
            fixable = {drift.topic for drift in drifts if not drift.what.startswith(_PARTITIONS)}
            resources = [
                ConfigResource(ConfigResourceType.TOPIC, topic.name, topic.config)
                for topic in planned
                if topic.name in fixable
            ]
            if resources:
                await client.alter_configs(resources)
            done.changed = [drift for drift in drifts if drift.topic in fixable]
            done.left = [drift for drift in drifts if drift.what.startswith(_PARTITIONS)]
    return done


async def check(
    kafka_url: str, namespace: str = "", topics: Sequence[Topic] = TOPICS, *, replication: int = 1
) -> list[Drift]:
    """How the broker differs from the plan; changes nothing."""
    async with _admin(kafka_url) as client:
        return await _drifts(client, plan(namespace, topics, replication=replication))


async def delete(kafka_url: str, namespace: str) -> None:
    """Delete every topic whose name starts with `namespace`. For tests; refuses an empty namespace."""
    if not namespace:
        raise ValueError("an empty namespace means every topic")
    async with _admin(kafka_url) as client:
        names = [name for name in await client.list_topics() if name.startswith(namespace)]
        if names:
            await client.delete_topics(names)


_PARTITIONS = "partitions are "


async def _drifts(client: AIOKafkaAdminClient, planned: Sequence[Planned]) -> list[Drift]:
    existing = set(await client.list_topics())
    found = [topic.name for topic in planned if topic.name in existing]
    drifts = [Drift(topic.name, "is missing") for topic in planned if topic.name not in existing]
    if not found:
        return drifts
    partitions = {about["topic"]: len(about["partitions"]) for about in await client.describe_topics(found)}
    config = await _configs(client, found)
    for topic in planned:
        if topic.name not in existing:
            continue
        if partitions.get(topic.name) != topic.partitions:
            drifts.append(Drift(topic.name, f"{_PARTITIONS}{partitions.get(topic.name)}, should be {topic.partitions}"))
        drifts += [
            Drift(topic.name, f"{name} is {config[topic.name].get(name)}, should be {value}")
            for name, value in topic.config.items()
            if config[topic.name].get(name) != value
        ]
    return drifts


async def _configs(client: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    responses: list[Any] = await client.describe_configs(resources)  # Any: the protocol's versioned answers
    for response in responses:
        for _, _, _, name, entries in response.resources:
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


async def _until_shown(client: AIOKafkaAdminClient, names: set[str]) -> None:
    """A fresh topic is known to the controller first; producers need it in the metadata, with leaders."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                about = await client.describe_topics(sorted(names))
                ready = {t["topic"] for t in about if not t["error_code"] and t["partitions"]}
                if ready == names and all(p["leader"] >= 0 for t in about for p in t["partitions"]):
                    return
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise TopicsNotMade(f"not shown by the broker after {READY_SECONDS} s: {', '.join(sorted(names))}") from error


@asynccontextmanager
async def _admin(kafka_url: str) -> AsyncGenerator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_url)
    try:
        await client.start()
        yield client
    finally:
        await client.close()

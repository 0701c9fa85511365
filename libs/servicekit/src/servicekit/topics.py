"""Topics at the broker: made as `contracts.topics` says, and checked for drift. Nothing is created by being used."""

from collections.abc import Iterable, Sequence
from contextlib import asynccontextmanager
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contracts.topics import DAY_MS, TOPICS, Topic

DLQ_RETENTION_MS = 90 * DAY_MS
"""Dead letters wait this long for a person."""
MAX_COMPACTION_LAG_MS = DAY_MS
"""An erased guest's old states are gone from compacted topics after this at the latest."""
ATTEMPTS_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Planned:
    """A topic as it should be at the broker."""

    name: str
    partitions: int
    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class Drift:
    """A difference between plan and broker, in words: `partitions: 6, should be 12`."""

    topic: str
    what: str


def plan(namespace: str, topics: Sequence[Topic] = TOPICS, *, replication: int = 1) -> list[Planned]:
    """Every topic and its dead-letter topic. With three replicas or more a write needs two of them."""
    durable = {"min.insync.replicas": "2" if replication >= 3 else "1"}
    planned: list[Planned] = []
    for topic in topics:
        config = {"cleanup.policy": "compact" if topic.compacted else "delete", "retention.ms": str(topic.retention_ms)}
        if topic.compacted:
            config["max.compaction.lag.ms"] = str(MAX_COMPACTION_LAG_MS)
        planned.append(Planned(namespace + topic.name, topic.partitions, config | durable))
        dead = {"cleanup.policy": "delete", "retention.ms": str(DLQ_RETENTION_MS)}
        planned.append(Planned(namespace + topic.dlq, 1, dead | durable))
    return planned


@asynccontextmanager
async def _admin(kafka_url: str) -> AsyncGenerator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka_url)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def delete(kafka_url: str, namespace: str) -> None:
    """Delete every topic whose name starts with `namespace`. For tests; refuses an empty namespace."""
    if not namespace:
        raise ValueError("an empty namespace means every topic")
    async with _admin(kafka_url) as client:
        names = [name for name in await client.list_topics() if name.startswith(namespace)]
        if names:
            await client.delete_topics(names)

"""Where words can still be read in the whole system: every database, Valkey, every topic, every log."""

from collections.abc import Iterable, Sequence

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from redis.asyncio import Redis

from devstack.stack import Stack
from servicekit.testing.leftovers import in_database


async def leftovers(stack: Stack, words: Sequence[str]) -> list[str]:
    """Each place where one of the words still stands, as `word in place`."""
    databases = [found async for found in _in_databases(stack, words)]
    return [*databases, *await in_valkey(stack, words), *await in_topics(stack, words), *in_logs(stack, words)]


async def _in_databases(stack: Stack, words: Sequence[str]):
    url = stack.part_urls.postgres
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch("select datname from pg_database where datallowconn and not datistemplate")
    finally:
        await connection.close()
    for (name,) in names:
        for place in await in_database(url, name, words):
            yield place


async def in_valkey(stack: Stack, words: Sequence[str]) -> list[str]:
    """In keys and values of every kind."""
    found: list[str] = []
    valkey = Redis.from_url(stack.part_urls.valkey)
    try:
        async for key in valkey.scan_iter(count=1000):
            match await valkey.type(key):
                case b"string":
                    value = await valkey.get(key)
                case b"hash":
                    value = await valkey.hgetall(key)
                case b"list":
                    value = await valkey.lrange(key, 0, -1)
                case b"set":
                    value = await valkey.smembers(key)
                case b"zset":
                    value = await valkey.zrange(key, 0, -1)
                case b"stream":
                    value = await valkey.xrange(key)
                case b"none":
                    continue  # it expired meanwhile
                case kind:
                    raise AssertionError(f"nobody looks into a {kind}")
            found += _found(words, repr((key, value)), f"Valkey {key!r}")
    finally:
        await valkey.aclose()
    return found


async def in_topics(stack: Stack, words: Sequence[str]) -> list[str]:
    """In keys, headers and values of all that a consumer reads from the beginning, dead letters included."""
    found: list[str] = []
    parts = await _partitions(stack)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.part_urls.kafka, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign(parts)
        ends = await consumer.end_offsets(parts)
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for part, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    text = repr((record.key, record.headers)) + (record.value or b"").decode("utf-8", "replace")
                    found += _found(words, text, f"Kafka {part.topic}")
    finally:
        await consumer.stop()
    return found


async def _partitions(stack: Stack) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.part_urls.kafka)
    await admin.start()
    try:
        ours = [topic for topic in await admin.list_topics() if topic.startswith(f"{stack.namespace}frontdesk.")]
        about = await admin.describe_topics(ours)
    finally:
        await admin.close()
    return [TopicPartition(topic["topic"], one["partition"]) for topic in about for one in topic["partitions"]]


def in_logs(stack: Stack, words: Sequence[str]) -> list[str]:
    """In what services and parts have printed. Kafka calls its segments logs, too; they are read through Kafka."""
    logs = [path for path in stack.state.folder.rglob("*.log*") if path.is_file() and "data" not in path.parts]
    assert len(logs) > len(stack.processes()), f"the logs were looked at: {logs}"
    return [one for path in logs for one in _found(words, path.read_text(errors="replace"), f"log {path.name}")]


def _found(words: Iterable[str], text: str, place: str) -> list[str]:
    folded = text.casefold()
    return [f"{word} in {place}" for word in words if word.casefold() in folded]

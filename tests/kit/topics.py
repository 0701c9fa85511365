"""What is on the topics, read from the start by a consumer of the tests' own."""

from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from contracts.envelope import Envelope
from contracts.event import Event, event_types
from contracts.topics import Topic


@dataclass(frozen=True, slots=True)
class Published:
    """One record."""

    key: str
    envelope: Envelope
    event: Event


async def everything(kafka_url: str, topic: Topic, namespace: str = "") -> list[Published]:
    """Every record of the topic up to now, in order within each key."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka_url, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = [TopicPartition(namespace + topic.name, number) for number in range(topic.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Published] = []
        while any([await consumer.position(p) < ends[p] for p in partitions]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    envelope = Envelope.from_headers(record.headers)
                    event = event_types()[envelope.type].model_validate_json(record.value or b"")
                    found.append(Published((record.key or b"").decode(), envelope, event))
        return found
    finally:
        await consumer.stop()

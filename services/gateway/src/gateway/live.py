"""The dashboard's live stream: a worker copies events from Kafka to each hotel's Valkey stream; instances fan them out."""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any, cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from redis.exceptions import RedisError

from contracts.envelope import BadEnvelope, Envelope
from gateway.adapters.livestream import Entry, LiveStream, News
from gateway.domain.live import LIVE_TOPICS
from servicekit import Runtime, deadletters
from servicekit.logging import log
from servicekit.metrics import counter, gauge
from servicekit.replay import REPLAYED_AT

if TYPE_CHECKING:
    from gateway.settings import Settings

appended_total = counter("live_events_appended_total", "Events copied to the hotels' live streams")
skipped_total = counter("live_events_skipped_total", "Records that are no events of ours; dashboards never see them")
listeners = gauge("live_listeners", "Dashboards listening on this instance")

RETRY_SECONDS = 1.0
STOP_SECONDS = 10.0
APPENDED_TOGETHER = 200
"""Records in one call of Valkey: enough to share its cost, few enough that nobody waits for it."""


async def feed_live_streams(rt: Runtime) -> None:
    """Worker task: copy the events of the live topics to the hotels' streams, each once, until cancelled."""
    settings = cast("Settings", rt.settings)  # the Service was made with these settings
    stream = LiveStream(rt.valkey, settings.valkey_namespace, settings.live_stream_length)
    while True:
        try:
            await _feed(settings, stream)
        except (KafkaError, RedisError, OSError) as error:
            log.warning("live.feed_interrupted", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)


async def _feed(settings: "Settings", stream: LiveStream) -> None:
    namespace = settings.kafka_namespace
    consumer = AIOKafkaConsumer(
        *(namespace + topic.name for topic in LIVE_TOPICS),
        bootstrap_servers=settings.kafka_url,
        group_id=f"{namespace}gateway.live",
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # with "latest", what comes before the first commit of a partition is lost
    )
    await consumer.start()
    try:
        while True:
            batches = cast(  # aiokafka is not typed
                "dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]",
                await consumer.getmany(timeout_ms=1_000, max_records=APPENDED_TOGETHER),
            )
            for at, records in batches.items():
                news = [one for one in map(_news, records) if one is not None]
                appended_total.inc(await stream.append(at.topic, at.partition, news))
            if batches:
                await consumer.commit()
    finally:
        with contextlib.suppress(TimeoutError):  # it waits for its coordinator, who may be what is away
            async with asyncio.timeout(STOP_SECONDS):
                await consumer.stop()


def _news(record: "ConsumerRecord[bytes, bytes]") -> News | None:
    """What dashboards are told of a record, if anything."""
    if not _is_news(record.headers):
        return None
    try:
        envelope = Envelope.from_headers(record.headers)
        body = _object(record.value or b"")
    except (BadEnvelope, ValueError, RecursionError):
        skipped_total.inc()
        return None
    if envelope.hotel_id is None:
        return None
    event = {
        **body,
        "id": str(envelope.id),
        "type": envelope.type,
        "hotel_id": str(envelope.hotel_id),
        "occurred_at": envelope.time.isoformat(),
        "trace_id": envelope.traceparent.split("-")[1] if envelope.traceparent else None,
    }
    return News(record.offset, str(envelope.hotel_id), json.dumps(event))


def _is_news(headers: "Sequence[tuple[str, bytes]]") -> bool:
    """Not sent again by an operator: a redrive is for the group that failed on it, a replay repeats what was shown."""
    return deadletters.addressed_to(headers, None) and deadletters.header(headers, REPLAYED_AT) is None


def _object(text: bytes) -> dict[str, Any]:  # Any: JSON
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  # of what came, not of an argument
    return cast("dict[str, Any]", found)  # Any: JSON


class Listener:
    """One dashboard's place in its hotel's stream: entries that wait to be sent, and whether it fell too far behind."""

    def __init__(self, length: int) -> None:
        self.queue: asyncio.Queue[Entry] = asyncio.Queue(length)
        self.overrun = asyncio.Event()

    def offer(self, entry: Entry) -> None:
        """Put the entry in the queue; a full queue marks the listener as overrun."""
        try:
            self.queue.put_nowait(entry)
        except asyncio.QueueFull:
            self.overrun.set()


class LiveHub:
    """One reader per hotel and instance, however many dashboards listen."""

    def __init__(self, stream: LiveStream, queue_length: int) -> None:
        self.stream = stream
        self._queue_length = queue_length
        self._listeners: dict[str, set[Listener]] = defaultdict(set)
        self._readers: dict[str, asyncio.Task[None]] = {}

    @contextlib.asynccontextmanager
    async def listen(self, hotel_id: str) -> AsyncGenerator[Listener]:
        """A listener that gets every entry appended from now on."""
        listener = Listener(self._queue_length)
        self._listeners[hotel_id].add(listener)
        listeners.inc()
        try:
            if hotel_id not in self._readers:
                epoch, last = await self.stream.epoch(), await self.stream.last(hotel_id)
                if hotel_id not in self._readers:
                    self._readers[hotel_id] = asyncio.create_task(self._read(hotel_id, epoch, last))
            yield listener
        finally:
            listeners.dec()
            self._listeners[hotel_id].discard(listener)
            if not self._listeners[hotel_id]:
                del self._listeners[hotel_id]
                if reader := self._readers.pop(hotel_id, None):
                    reader.cancel()

    async def _read(self, hotel_id: str, epoch: str, last: str) -> None:
        interrupted = False
        while True:
            try:
                if interrupted:
                    now, newest = await self.stream.epoch(), await self.stream.last(hotel_id)
                    if now != epoch:  # Valkey came back without all it had: nobody knows what fell between
                        epoch, last = now, newest
                        for listener in self._listeners.get(hotel_id, ()):
                            listener.overrun.set()
                interrupted = False
                entries = await self.stream.wait(hotel_id, last)
            except (RedisError, OSError):
                interrupted = True
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for entry in entries:
                last = entry.id
                for listener in self._listeners.get(hotel_id, ()):
                    listener.offer(entry)

    async def close(self) -> None:
        """Stop all readers."""
        for reader in self._readers.values():
            reader.cancel()
        await asyncio.gather(*self._readers.values(), return_exceptions=True)

"""Reads identity's sessions, API keys, signing keys, memberships and hotels into the deny list: every instance, no group, from 15 minutes ago.

A dead letter that is sent back is for the group that failed on it: it is late, and the deny list has read it already.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from contracts import events as _events
from contracts.envelope import BadEnvelope, Envelope
from contracts.event import event_types
from contracts.topics import ACCESS, HOTELS, MEMBERSHIPS, SESSIONS, SIGNING_KEYS
from servicekit.deadletters import addressed_to
from servicekit.denylist import KEEP, DenyList
from servicekit.logging import log
from servicekit.metrics import counter, gauge

__all__ = ["DenyFeed"]
assert _events.__name__  # imported so that every event type is registered

_READ = counter("denylist_events_total", "Events taken into the deny list", "service")
_SIZE = gauge("denylist_entries", "What the deny list holds", "service")
_CONNECTED = gauge("denylist_connected", "1 while revocations arrive", "service")
MAX_PAUSE_SECONDS = 2.0
"""Revocations hold within 5 s, also after Kafka comes back."""


class DenyFeed:
    """Keeps a DenyList up to date. While Kafka is away the list keeps what it knows."""

    def __init__(self, deny: DenyList, kafka_url: str, namespace: str, service: str) -> None:
        self._deny = deny
        self._kafka_url = kafka_url
        self._topics = [namespace + topic.name for topic in (SESSIONS, ACCESS, SIGNING_KEYS, MEMBERSHIPS, HOTELS)]
        self._service = service
        self._positions: dict[TopicPartition, int] = {}
        self.connected = asyncio.Event()
        self.caught_up = asyncio.Event()
        """Set once everything that had been revoked when this began is known."""

    async def task(self, _: object = None) -> None:
        """Read until cancelled; reconnects by itself."""
        pause = 0.1
        while True:
            try:
                async with self._consumer() as consumer:
                    ends = await self._seek(consumer)
                    self._set_connected(True)
                    pause = 0.1
                    await self._read(consumer, ends)
            except (KafkaError, OSError) as error:
                if self.connected.is_set() or pause == 0.1:
                    log.warning("denylist.disconnected", error=type(error).__name__)
                self._set_connected(False)
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE_SECONDS)

    def move(self, kafka_url: str) -> None:
        """Read from there after the next reconnect."""
        self._kafka_url = kafka_url

    @contextlib.asynccontextmanager
    async def _consumer(self) -> AsyncGenerator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._kafka_url,
            client_id=f"{self._service}-denylist",
            group_id=None,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            request_timeout_ms=3000,
            metadata_max_age_ms=10_000,
            fetch_max_wait_ms=500,
        )
        try:
            await consumer.start()
            yield consumer
        finally:
            with contextlib.suppress(KafkaError, OSError):
                await consumer.stop()

    async def _seek(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        """Start where it was, or 15 minutes ago. Gives the ends of the moment."""
        wanted = sorted(consumer.assignment())
        since = int((time.time() - KEEP.total_seconds()) * 1000)
        ends = await consumer.end_offsets(wanted)  # first, so that what comes between the two questions is not skipped
        starts = await consumer.offsets_for_times(dict.fromkeys(wanted, since))
        for partition in wanted:
            start = starts.get(partition)
            consumer.seek(partition, self._positions.get(partition, start.offset if start else ends[partition]))
        return ends

    async def _read(self, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> None:
        while True:
            if not self.caught_up.is_set():
                behind = [partition for partition, end in ends.items() if await consumer.position(partition) < end]
                if not behind:
                    self.caught_up.set()
            batches = await consumer.getmany(timeout_ms=1000)
            for partition, records in batches.items():
                for record in records:
                    self._take(record.headers, record.value)
                    self._positions[partition] = record.offset + 1
            self._deny.forget_old()
            _SIZE.labels(self._service).set(len(self._deny))

    def _take(self, headers: Sequence[tuple[str, bytes]], value: bytes | None) -> None:
        if value is None or not addressed_to(headers, None):
            return
        try:
            kind = event_types().get(Envelope.from_headers(headers).type)
            if kind is not None:
                self._deny.apply(kind.model_validate_json(value))
                _READ.labels(self._service).inc()
        except (BadEnvelope, ValidationError) as error:
            log.warning("denylist.unreadable", error=type(error).__name__)

    def _set_connected(self, yes: bool) -> None:
        _CONNECTED.labels(self._service).set(int(yes))
        if yes:
            self.connected.set()
        else:
            self.connected.clear()

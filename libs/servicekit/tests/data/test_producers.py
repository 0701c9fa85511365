"""What giving up a producer promises: nothing of it works on, and what it held it never sends, whatever Kafka did."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.cluster import ClusterMetadata

from servicekit.deadletters import Producer
from servicekit.metrics import REGISTRY
from servicekit.producers import abandon
from servicekit.relay import Pending, Relay
from servicekit.testing.lab import Lab, running
from servicekit.testing.parts import eventually

AFTERWARDS_SECONDS = 0.5
"""Whoever still works tries again several times in this."""


@dataclass
class Way:
    """A way to Kafka that can be shut: whoever is on it is cut off, and whoever comes is turned away."""

    lab: Lab
    url: str = ""
    shut: bool = False
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def close(self) -> None:
        self.shut = True
        for writer in self._writers:
            writer.transport.abort()

    def open(self) -> None:
        self.shut = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.shut:
            writer.transport.abort()
            return
        host, port = self.lab.parts.kafka_url.split(":")
        answers, words = await asyncio.open_connection(host, int(port))
        self._writers |= {writer, words}
        await asyncio.gather(self._carry(reader, words), self._carry(answers, writer), return_exceptions=True)
        self._writers -= {writer, words}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while words := await reader.read(65536):
                writer.write(words)
        finally:
            writer.close()


@pytest.fixture
async def way(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Way]:
    way = Way(lab)
    server = await asyncio.start_server(way.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    way.url = f"{host}:{port}"
    right = ClusterMetadata.broker_metadata

    def through(self: Any, broker_id: Any) -> Any:  # Any: aiokafka has no types
        """The broker says where it is itself; here it is at the other end of the way."""
        found = right(self, broker_id)
        return found._replace(host=host, port=port) if found else None

    monkeypatch.setattr(ClusterMetadata, "broker_metadata", through)
    yield way
    server.close()
    way.close()


@pytest.fixture
async def producer(way: Way) -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(bootstrap_servers=way.url, acks="all", enable_idempotence=True)
    await made.start()
    yield made
    await abandon(made)


async def test_a_producer_that_cannot_reach_kafka_ends_with_all_its_tasks_and_never_delivers(
    lab: Lab, way: Way, producer: AIOKafkaProducer
) -> None:
    await producer.send_and_wait(lab.topic(), b"before", partition=0)
    way.close()
    await producer.send(lab.topic(), b"given up", partition=0)
    await asyncio.sleep(0.3)  # it tries in vain
    assert working(), "aiokafka's tasks are known by another sign"
    await abandon(producer)
    await eventually(lambda: not working())
    way.open()
    await asyncio.sleep(AFTERWARDS_SECONDS)
    assert [record.value for record in await lab.records()] == [b"before"]


async def test_a_producer_that_kafka_does_not_answer_ends_with_all_its_tasks(
    lab: Lab, producer: AIOKafkaProducer
) -> None:
    await producer.send_and_wait(lab.topic(), b"answered", partition=0)
    for connection in producer.client._conns.values():  # pyright: ignore[reportPrivateUsage]
        connection._writer.transport.pause_reading()
    await producer.send(lab.topic(), b"not answered", partition=0)
    await asyncio.sleep(0.1)  # the request is on its way
    assert working(), "aiokafka's tasks are known by another sign"
    await abandon(producer)
    await eventually(lambda: not working())


async def test_a_producer_is_ended_even_if_whoever_gives_it_up_is_cancelled(
    lab: Lab, way: Way, producer: AIOKafkaProducer
) -> None:
    await producer.send_and_wait(lab.topic(), b"before", partition=0)
    way.close()
    await producer.send(lab.topic(), b"given up", partition=0)
    assert working(), "aiokafka's tasks are known by another sign"
    giving_up = asyncio.create_task(abandon(producer))
    await asyncio.sleep(0)
    giving_up.cancel()
    await asyncio.wait([giving_up])
    await eventually(lambda: not working(), timeout=2)


async def test_a_dead_letter_that_was_given_up_is_not_there_twice_after_its_repetition(
    lab: Lab, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servicekit.deadletters.SEND_SECONDS", 1.0)
    letters = Producer(way.url, "lab")
    await letters.send(lab.topic(), b"before", key=None, headers=[], partition=0)
    way.close()
    with pytest.raises(TimeoutError):
        await letters.send(lab.topic(), b"letter", key=None, headers=[], partition=0)
    way.open()
    await letters.send(lab.topic(), b"letter", key=None, headers=[], partition=0)
    await asyncio.sleep(AFTERWARDS_SECONDS)
    await letters.close()
    assert [record.value for record in await lab.records()] == [b"before", b"letter"]


@pytest.mark.parametrize("end", ["gives up", "loses its lock"])
async def test_a_wave_that_a_relay_leaves_unfinished_is_not_sent_beside_what_is_sent_anew(
    lab: Lab, way: Way, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr("servicekit.relay.STOP_SECONDS", 0.2)
    monkeypatch.setattr("servicekit.relay.GIVE_UP_SECONDS", 0.4 if end == "gives up" else 60)
    labels = {"service": "lab", "error": "WaveInterrupted"}
    before = REGISTRY.get_sample_value("relay_failures_total", labels) or 0
    cut_off = asyncio.Event()

    class CutOff(Relay):
        """Is cut off from Kafka with its second event in hand."""

        async def _send(self, producer: Any, event: Pending) -> None:
            if version(event.payload or b"") == 2 and not cut_off.is_set():
                way.close()
                cut_off.set()
            await Relay._send(self, producer, event)

    await lab.publish(uuid4(), 1, 2, 3)
    relay = CutOff(lab.urls.worker, way.url, lab.namespace, "lab", lab.relay().hints)
    async with running(relay.run):
        await cut_off.wait()
        if end == "gives up":
            await eventually(lambda: (REGISTRY.get_sample_value("relay_failures_total", labels) or 0) > before)
        else:
            await asyncio.sleep(0.1)  # it tries in vain
            await lab.cut_connections("lab relay")
            await eventually(lambda: not relay.leading)
        way.open()
        await eventually(lambda: nothing_left(lab), timeout=20)
        await asyncio.sleep(AFTERWARDS_SECONDS)
    assert [version(record.value) for record in await lab.records()] == [1, 2, 3]


def version(payload: bytes) -> int:
    return json.loads(payload)["version"]


async def nothing_left(lab: Lab) -> bool:
    return await lab.unpublished() == 0


def working() -> set[Any]:
    """The coroutines of aiokafka's tasks, whoever they belong to."""
    coroutines = (task.get_coro() for task in asyncio.all_tasks())
    return {coroutine for coroutine in coroutines if "/aiokafka/" in coroutine.cr_code.co_filename}  # type: ignore[union-attr]  # of tasks, they are coroutines

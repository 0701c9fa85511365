"""aiokafka on uvloop, with a real broker: a connection that is gone is reported as one."""

import asyncio
from typing import Any

import pytest
import uvloop
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from servicekit import kafkasends
from servicekit.testing import Parts


async def _write_to_a_lost_connection(kafka: str) -> None:
    client: Any = AIOKafkaClient(bootstrap_servers=kafka)  # Any: aiokafka is not typed
    await client.bootstrap()
    try:
        connection = await client._get_conn(next(iter(client.cluster.brokers())).nodeId)
        connection._read_task.cancel()  # it would notice the loss in the next round of the loop; the write comes before
        connection._writer.transport.abort()
        await asyncio.sleep(0.05)
        with pytest.raises(KafkaConnectionError):
            await connection.send(MetadataRequest([]))
        assert not connection.connected()
        assert await client.force_metadata_update(), "and by another connection all goes on"
    finally:
        await client.close()


def test_a_write_to_a_connection_that_is_gone_is_a_lost_connection(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain: Any = getattr(AIOKafkaConnection.send, "__wrapped__", AIOKafkaConnection.send)
    monkeypatch.setattr(AIOKafkaConnection, "send", plain)
    with pytest.raises(RuntimeError, match="the handler is closed"):  # once this fails, the mend is needed no more
        uvloop.run(_write_to_a_lost_connection(parts.kafka_url))
    kafkasends.mend()
    kafkasends.mend()
    uvloop.run(_write_to_a_lost_connection(parts.kafka_url))

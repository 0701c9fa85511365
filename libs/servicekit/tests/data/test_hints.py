"""Hints arrive within the process at once and in other processes over Valkey; without it, nobody waits or fails."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from servicekit.hints import GAP, Hints
from servicekit.testing.parts import Parts, eventually


@pytest.fixture
async def valkey(parts: Parts, namespace: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(parts.valkey_url, client_name=f"hints-{namespace}")
    yield client
    await client.aclose()


async def test_a_hint_reaches_the_same_process_without_valkey() -> None:
    hints = Hints(None, "t", "lab")
    with hints.subscribe("outbox") as subscription:
        await hints.send("outbox", {"seq": 3})
        assert await subscription.wait(1) == {"seq": 3}
        assert await subscription.wait(0.01) is None


async def test_a_hint_reaches_another_process_of_the_same_service_once(valkey: Redis, namespace: str) -> None:
    here, there, stranger = (Hints(valkey, namespace, name) for name in ("lab", "lab", "other"))
    for hints in (here, there, stranger):
        await hints.start()
        await hints.wait_connected()
    with here.subscribe("c:1") as mine, there.subscribe("c:1") as theirs, stranger.subscribe("c:1") as strangers:
        await here.send("c:1", {"seq": 1})
        assert await theirs.wait(5) == {"seq": 1}
        assert await mine.wait(1) == {"seq": 1}
        assert (await mine.wait(0.1), await strangers.wait(0.1)) == (None, None)
    for hints in (here, there, stranger):
        await hints.stop()


async def test_while_valkey_is_away_hints_stay_local_and_nothing_raises() -> None:
    nowhere = Redis.from_url("redis://127.0.0.1:1/0")
    hints = Hints(nowhere, "t", "lab")
    await hints.start()
    with hints.subscribe("outbox") as subscription:
        await hints.send("outbox")
        assert await subscription.wait(1) == {}
    assert not hints.connected
    await hints.stop()
    await nowhere.aclose()


async def test_when_the_connection_comes_back_everybody_looks(valkey: Redis, namespace: str) -> None:
    hints = Hints(valkey, namespace, "lab")
    await hints.start()
    await hints.wait_connected()
    with hints.subscribe("outbox") as subscription:
        subscription.drain()
        for client in await valkey.client_list(_type="pubsub"):
            if client["name"] == f"hints-{namespace}":
                await valkey.client_kill_filter(_id=client["id"])
        assert await subscription.wait(10) == GAP, "it names itself, for those who are too many to look each for itself"
        await eventually(lambda: hints.connected)
    await hints.stop()


async def test_a_slow_subscriber_loses_old_hints_and_never_grows() -> None:
    hints = Hints(None, "t", "lab")
    with hints.subscribe("x") as subscription:
        for number in range(1000):
            await hints.send("x", {"number": number})
        first = await subscription.wait(1)
        assert first is not None
        assert first["number"] >= 700

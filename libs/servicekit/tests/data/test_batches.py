"""The queue and the event for one waiter, and commands that share a round trip to Valkey."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from servicekit.batches import Batches
from servicekit.testing.parts import Parts
from servicekit.waiting import Gate, Line


async def test_a_line_gives_what_was_put_in_that_order() -> None:
    line: Line[int] = Line()
    reading = asyncio.create_task(line.get())
    await asyncio.sleep(0)
    line.put_nowait(1)
    line.put_nowait(2)
    assert (await reading, await line.get(), line.empty()) == (1, 2, True)


async def test_who_waits_in_vain_gets_nothing_and_loses_nothing() -> None:
    line: Line[int] = Line()
    assert await line.get_within(0.01) is None
    line.put_nowait(3)
    assert await line.get_within(0.01) == 3


async def test_a_reader_who_is_cancelled_leaves_the_next_item_to_the_next_reader() -> None:
    line: Line[int] = Line()
    reading = asyncio.create_task(line.get())
    await asyncio.sleep(0)
    line.put_nowait(4)
    reading.cancel()
    assert (await asyncio.gather(reading, return_exceptions=True))[0] is not None
    assert await line.get_within(1) == 4


async def test_a_gate_holds_everybody_until_it_is_opened() -> None:
    gate = Gate()
    assert await gate.wait()
    gate.clear()
    waiting = [asyncio.create_task(gate.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    assert not any(one.done() for one in waiting[1:])
    gate.set()
    assert await asyncio.gather(*waiting[1:]) == [True, True]


async def test_each_of_many_callers_gets_the_answer_to_their_own_command(parts: Parts, namespace: str) -> None:
    valkey = Redis.from_url(parts.valkey_url)
    batches = Batches(valkey)
    names = [f"{namespace}:{number}" for number in range(50)]
    await asyncio.gather(*(batches.ask("SET", name, name) for name in names))
    assert await asyncio.gather(*(batches.ask("GET", name) for name in names)) == [name.encode() for name in names]
    await batches.close()
    await valkey.aclose()


async def test_a_command_that_fails_leaves_its_neighbours_alone(parts: Parts, namespace: str) -> None:
    valkey = Redis.from_url(parts.valkey_url)
    batches = Batches(valkey)
    good, bad, last = await asyncio.gather(
        batches.ask("SET", namespace, "text"),
        batches.ask("LPUSH", namespace, "x"),
        batches.ask("GET", namespace),
        return_exceptions=True,
    )
    assert good
    assert isinstance(bad, RedisError)
    assert last == b"text"
    await batches.close()
    await valkey.aclose()


async def test_a_look_that_waits_to_be_sent_is_sent_once(parts: Parts, namespace: str) -> None:
    valkey = Redis.from_url(parts.valkey_url)
    batches = Batches(valkey)
    for _ in range(10):
        batches.tell("INCR", f"{namespace}:looks")
    assert await batches.ask("GET", f"{namespace}:looks") == b"1"
    await batches.close()
    await valkey.aclose()


async def test_everybody_who_waits_is_told_that_valkey_is_away() -> None:
    batches = Batches(Redis.from_url("redis://127.0.0.1:1/0"))
    outcomes = await asyncio.gather(*(batches.ask("PING") for _ in range(3)), return_exceptions=True)
    assert all(isinstance(outcome, RedisError) for outcome in outcomes)
    waiting = asyncio.create_task(batches.ask("PING"))
    await asyncio.sleep(0)
    await batches.close()
    with pytest.raises((RedisError, asyncio.CancelledError)):
        await waiting

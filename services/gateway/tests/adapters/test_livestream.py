"""The live stream in the real Valkey: each event once, bounded, and honest about what it has dropped."""

from redis.asyncio import Redis

from gateway.adapters.livestream import LiveStream, News

HOTEL = "01900000-0000-7000-8000-000000000001"
OTHER = "01900000-0000-7000-8000-000000000002"


async def append(stream: LiveStream, offset: int, hotel: str = HOTEL) -> bool:
    return await stream.append("t", 0, [news(offset, hotel)]) == 1


def news(offset: int, hotel: str = HOTEL) -> News:
    return News(offset, hotel, f'{{"n":{offset}}}')


async def test_an_event_that_is_delivered_again_is_there_once(valkey: Redis, prefix: str) -> None:
    stream = LiveStream(valkey, prefix, 100)
    assert [await append(stream, n) for n in (0, 1, 1, 0, 2)] == [True, True, False, False, True]
    assert [entry.event for entry in await stream.after(HOTEL, "0-0")] == ['{"n":0}', '{"n":1}', '{"n":2}']


async def test_events_that_come_together_are_appended_in_order_each_once_each_to_its_hotel(
    valkey: Redis, prefix: str
) -> None:
    stream = LiveStream(valkey, prefix, 100)
    await append(stream, 4)
    together = [news(4), news(5), news(6, OTHER), news(9), news(7)]
    assert await stream.append("t", 0, together) == 3
    assert [entry.event for entry in await stream.after(HOTEL, "0-0")] == ['{"n":4}', '{"n":5}', '{"n":9}']
    assert [entry.event for entry in await stream.after(OTHER, "0-0")] == ['{"n":6}']
    assert await stream.append("t", 1, [news(0)]) == 1, "another partition has a position of its own"
    assert await stream.append("t", 0, []) == 0


async def test_hotels_have_streams_of_their_own(valkey: Redis, prefix: str) -> None:
    stream = LiveStream(valkey, prefix, 100)
    await append(stream, 0)
    await append(stream, 1, OTHER)
    assert [entry.event for entry in await stream.after(OTHER, "0-0")] == ['{"n":1}']


async def test_a_reader_goes_on_from_where_it_was(valkey: Redis, prefix: str) -> None:
    stream = LiveStream(valkey, prefix, 100)
    for n in range(5):
        await append(stream, n)
    second = (await stream.after(HOTEL, "0-0"))[1]
    assert await stream.has_all_after(HOTEL, second.id)
    assert [entry.event for entry in await stream.after(HOTEL, second.id)] == ['{"n":2}', '{"n":3}', '{"n":4}']
    assert [entry.event for entry in await stream.wait(HOTEL, second.id)] == ['{"n":2}', '{"n":3}', '{"n":4}']


async def test_a_place_that_has_been_dropped_from_the_bounded_stream_is_known_as_such(
    valkey: Redis, prefix: str
) -> None:
    stream = LiveStream(valkey, prefix, 100)
    await append(stream, 0)
    first = await stream.last(HOTEL)
    for n in range(1, 1_000):
        await append(stream, n)
    assert not await stream.has_all_after(HOTEL, first)
    assert await stream.has_all_after(HOTEL, await stream.last(HOTEL))


async def test_a_valkey_that_lost_its_data_is_a_new_epoch(valkey: Redis, prefix: str) -> None:
    stream = LiveStream(valkey, prefix, 100)
    await append(stream, 0)
    before = await stream.epoch()
    assert await stream.epoch() == before
    await valkey.delete(*[key async for key in valkey.scan_iter(f"{{{prefix}:live}}*")])
    assert await stream.epoch() != before

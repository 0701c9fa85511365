"""The live stream of each hotel in Valkey: bounded, appended to once per event, read from any position."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis.asyncio import Redis

WAIT_MS = 2_000
"""How long a reader waits for news in one call; well under the client's own time-out for an answer (5 s)."""

_APPEND = """
local position = tonumber(redis.call('GET', KEYS[1]) or '-1')
local appended = 0
redis.call('SET', KEYS[2], ARGV[2], 'NX')
for n = 3, #KEYS do
    local offset = tonumber(ARGV[2 * n - 3])
    if offset > position then
        redis.call('XADD', KEYS[n], 'MAXLEN', '~', ARGV[1], '*', 'event', ARGV[2 * n - 2])
        position = offset
        appended = appended + 1
    end
end
redis.call('SET', KEYS[1], position)
return appended
"""
"""Position and appends in one script, so that a crash between them repeats nothing."""


@dataclass(frozen=True, slots=True)
class News:
    """An event for a hotel's stream: its offset in the Kafka partition, and its JSON text."""

    offset: int
    hotel_id: str
    event: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in a hotel's stream; `id` is its place in it, `event` its JSON text."""

    id: str
    event: str


def later(a: str, b: str) -> bool:
    """Whether stream id `a` comes after `b`."""
    return _parts(a) > _parts(b)


def _parts(stream_id: str) -> tuple[int, int]:
    ms, _, n = stream_id.partition("-")
    return int(ms), int(n or 0)


def is_stream_id(text: str) -> bool:
    """Whether `text` has the form of a stream id."""
    ms, dash, n = text.partition("-")
    return bool(dash) and ms.isdecimal() and n.isdecimal() and text.isascii() and len(text) <= 41


class LiveStream:
    """Appends to, and reads from, the hotels' streams.

    The epoch names this incarnation of the store and the run of its server: when Valkey lost its data, or came back from
    a snapshot with less than it had, nobody knows what fell between, and cursors of the former epoch mean nothing.
    """

    def __init__(self, valkey: Redis, namespace: str, length: int) -> None:
        self._valkey = valkey
        self._prefix = f"{{{namespace}:live}}"  # one hash slot, so that the script works on a cluster
        self._length = length
        self._append = valkey.register_script(_APPEND)

    def _stream(self, hotel_id: str) -> str:
        return f"{self._prefix}:{hotel_id}"

    async def append(self, topic: str, partition: int, news: Sequence[News]) -> int:
        """Append a partition's events, in the order of their offsets; returns how many were not there already."""
        if not news:
            return 0
        keys = [f"{self._prefix}:position:{topic}:{partition}", f"{self._prefix}:epoch"]
        args: list[str | int] = [self._length, secrets.token_hex(4)]
        for one in news:
            keys.append(self._stream(one.hotel_id))
            args += [one.offset, one.event]
        return int(await self._append(keys=keys, args=args))

    async def epoch(self) -> str:
        """The present epoch; made when there is none. Another one after every start of the server."""
        key = f"{self._prefix}:epoch"
        await self._valkey.set(key, secrets.token_hex(4), nx=True)
        made = cast("bytes", await self._valkey.get(key)).decode()  # bytes: responses are not decoded
        server = cast("dict[str, str]", await self._valkey.info("server"))  # INFO, `run_id`: new at every start
        return f"{made}-{server['run_id'][:8]}"

    async def last(self, hotel_id: str) -> str:
        """The id of the newest entry; `0-0` for an empty stream."""
        newest = cast("list[tuple[bytes, Any]]", await self._valkey.xrevrange(self._stream(hotel_id), count=1))
        return newest[0][0].decode() if newest else "0-0"

    async def has_all_after(self, hotel_id: str, stream_id: str) -> bool:
        """Whether nothing that came after `stream_id` has been dropped from the bounded stream."""
        if not await self._valkey.exists(self._stream(hotel_id)):
            return stream_id == "0-0"
        info = await self._valkey.xinfo_stream(self._stream(hotel_id))
        if int(info["entries-added"]) == int(info["length"]):
            return True
        first = info["first-entry"]
        return first is not None and not later(first[0].decode(), stream_id)

    async def after(self, hotel_id: str, stream_id: str, count: int = 500) -> list[Entry]:
        """Up to `count` entries after that id, oldest first."""
        found = await self._valkey.xrange(self._stream(hotel_id), min=f"({stream_id}", count=count)
        return [_entry(raw) for raw in cast("list[tuple[bytes, dict[bytes, bytes]]]", found)]

    async def wait(self, hotel_id: str, stream_id: str, block_ms: int = WAIT_MS) -> list[Entry]:
        """The entries after that id; waits up to `block_ms` for the first."""
        found = await self._valkey.xread({self._stream(hotel_id): stream_id}, count=500, block=block_ms)
        streams = cast("list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]", _pairs(found))
        return [_entry(raw) for _, entries in streams for raw in entries]


def _pairs(found: Any) -> list[Any]:  # Any: RESP2 answers a list of pairs, RESP3 a mapping
    if not found:
        return []
    if isinstance(found, dict):
        return [(name, batch) for name, batches in found.items() for batch in batches]
    return list(found)


def _entry(raw: tuple[bytes, dict[bytes, bytes]]) -> Entry:
    return Entry(raw[0].decode(), raw[1][b"event"].decode())

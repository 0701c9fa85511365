"""A thousand messages a second from one guest: limited, without harm to the process or to others."""

import asyncio
import json
import re
import time
from collections import Counter

from devstack.stack import Stack
from hostile.attack import Sizes, frame, memory_stays, opened, request, wire
from hostile.conftest import Unnoticed
from kit.people import Guest, until
from servicekit.ids import new_id

A_MINUTE = 60
"""Messages that one guest may send in a minute; a window that slides may let as many pass again at its edge."""


STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")


def said(number: int) -> dict[str, str]:
    """A message."""
    return {"id": str(new_id()), "text": f"message {number}"}


async def test_a_flood_over_http_is_limited(stack: Stack, base: str, unnoticed: Unnoticed, sizes: Sizes) -> None:
    """Pipelined on four connections: the next request does not wait for the answer."""
    statuses: Counter[int] = Counter()
    async with unnoticed(), await Guest.arrives(base) as guest, memory_stays(stack, "conversation", "gateway"):

        async def pour() -> None:
            line = await wire(base)
            headers = {"authorization": f"Bearer {guest.token}", "content_type": "application/json"}
            ends = time.monotonic() + sizes.seconds
            sent = 0

            async def read() -> None:
                while piece := await line.reader.readline():
                    if found := STATUS.search(piece):  # the body before it ends without a line's end
                        statuses[int(found[1])] += 1

            reading = asyncio.create_task(read())
            while time.monotonic() < ends:
                for _ in range(sizes.per_second // 40):
                    body = json.dumps(said(sent)).encode()
                    line.writer.write(request("POST", f"{guest.path}/messages", body, **headers))
                    sent += 1
                await asyncio.sleep(0.1)
            await until(limited, 60, what="the guest being limited")
            line.hang_up()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

        async def limited() -> bool:
            return statuses[429] > 2 * A_MINUTE

        await asyncio.gather(*(pour() for _ in range(4)))
        stored = await guest.messages()
    assert set(statuses) <= {200, 201, 429}, statuses
    assert len([m for m in stored if m["sender"] == "guest"]) <= 2 * A_MINUTE


async def test_a_flood_over_a_websocket_is_limited(stack: Stack, base: str, unnoticed: Unnoticed, sizes: Sizes) -> None:
    seen: Counter[str] = Counter()
    async with unnoticed(), await Guest.arrives(base) as guest, memory_stays(stack, "conversation", "gateway"):
        async with guest.live() as frames:
            ends = time.monotonic() + sizes.seconds
            sent = 0
            while time.monotonic() < ends:
                for _ in range(sizes.per_second // 10):
                    await frames.socket.send(json.dumps({"type": "message", **said(sent)}))
                    sent += 1
                await asyncio.sleep(0.1)
            refused = await frames.until(lambda one: one["type"] == "error")
            seen.update(one["type"] for one in frames.seen)
        stored = await guest.messages()
    assert refused["problem"]["status"] == 429
    assert seen["ack"] <= 2 * A_MINUTE
    assert len([m for m in stored if m["sender"] == "guest"]) <= 2 * A_MINUTE


async def test_a_flood_of_nonsense_frames_ends_the_connection(
    both: list[str], unnoticed: Unnoticed, sizes: Sizes
) -> None:
    async def pour(base: str, nonsense: bytes) -> None:
        line = await opened(base, guest)
        line.writer.write(nonsense * sizes.per_second)
        await line.until_closed(30)

    nonsense = (frame(b"nonsense"), frame(b"\x00" * 100, 2), frame(b'{"type": "hello"}'))
    async with unnoticed(), await Guest.arrives(both[0]) as guest:
        await asyncio.gather(*(pour(base, one) for base in both for one in nonsense))


async def test_a_flood_of_typing_reaches_nobody(base: str, unnoticed: Unnoticed, sizes: Sizes) -> None:
    async with unnoticed(), await Guest.arrives(base) as guest:
        async with guest.live() as frames:
            for _ in range(int(sizes.per_second * sizes.seconds)):
                await frames.socket.send('{"type": "typing"}')
            await frames.socket.send(json.dumps({"type": "message", **said(1)}))
            await frames.until(lambda one: one["type"] == "ack")

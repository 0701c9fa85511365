"""Clients that send and never read: what waits for them is bounded, they are let go, nobody else waits."""

import asyncio
import json

from devstack.stack import Stack
from hostile.attack import Wire, frame, memory_stays, opened, request, wire
from hostile.conftest import Unnoticed
from kit.people import Guest
from servicekit.ids import new_id

SMALL = 4_096
CLIENTS = 10


async def pour(line: Wire, piece: bytes, most: int) -> int:
    """Write and never read, until we are hung up on, nothing is taken any more for a while, or `most` bytes are out."""
    sent = 0
    try:
        while sent < most:
            line.writer.write(piece)
            sent += len(piece)
            async with asyncio.timeout(3):
                await line.writer.drain()
    except (TimeoutError, ConnectionError):
        pass
    return sent


async def test_a_websocket_that_never_reads_is_bounded(stack: Stack, base: str, unnoticed: Unnoticed) -> None:
    async with unnoticed(), await Guest.arrives(base) as guest, memory_stays(stack, "conversation", "gateway"):
        lines = [await opened(base, guest, receive_bytes=SMALL) for _ in range(CLIENTS)]
        said = frame(json.dumps({"type": "message", "id": str(new_id()), "text": "x" * 15_000}).encode()) * 10
        for line in lines:
            line.reader._transport.pause_reading()  # type: ignore[attr-defined]  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType]  # a stream reads by itself
        sent = await asyncio.gather(*(pour(line, said, 30_000_000) for line in lines))
        assert max(sent) < 30_000_000, "we were held back or hung up on"
        for line in lines:
            line.hang_up()


async def test_pings_without_end_to_one_that_never_reads_are_bounded(
    stack: Stack, base: str, unnoticed: Unnoticed
) -> None:
    async with unnoticed(), await Guest.arrives(base) as guest, memory_stays(stack, "conversation", "gateway"):
        lines = [await opened(base, guest, receive_bytes=SMALL) for _ in range(CLIENTS)]
        for line in lines:
            line.reader._transport.pause_reading()  # type: ignore[attr-defined]  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType]  # a stream reads by itself
        sent = await asyncio.gather(*(pour(line, frame(b"p" * 125, 9) * 500, 40_000_000) for line in lines))
        assert max(sent) < 40_000_000, "we were held back or hung up on"
        for line in lines:
            line.hang_up()


async def test_http_answers_that_nobody_reads_are_bounded(stack: Stack, base: str, unnoticed: Unnoticed) -> None:
    async with unnoticed(), await Guest.arrives(base) as guest, memory_stays(stack, "conversation", "gateway"):
        for number in range(10):
            await guest.says(f"{number} " + "x" * 3_000)
        asked = request("GET", f"{guest.path}/messages?after_seq=0", b"", authorization=f"Bearer {guest.token}")
        lines = [await wire(base, receive_bytes=SMALL) for _ in range(CLIENTS)]
        for line in lines:
            line.reader._transport.pause_reading()  # type: ignore[attr-defined]  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue, reportUnknownMemberType]  # a stream reads by itself
        sent = await asyncio.gather(*(pour(line, asked * 20, 20_000_000) for line in lines))
        assert max(sent) < 20_000_000, "we were held back or hung up on"
        for line in lines:
            line.hang_up()

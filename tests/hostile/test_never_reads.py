"""Clients that send and never read: what waits for them is bounded, they are let go, nobody else waits."""

import asyncio
import json

from devstack.stack import Stack
from hostile.attack import Wire, figure, frame, memory_stays, opened, request, wire
from hostile.conftest import Unnoticed
from kit.people import Guest, until
from servicekit.ids import new_id

SMALL = 4_096
CLIENTS = 4
STUCK_SECONDS = 3


async def pour(line: Wire, piece: bytes, most: int) -> None:
    """Write and never read, until we are hung up on, nothing is taken any more for a while, or `most` bytes are out."""
    line.deaf()
    try:
        for _ in range(most // len(piece)):
            line.writer.write(piece)
            async with asyncio.timeout(STUCK_SECONDS):
                await line.writer.drain()
    except (TimeoutError, ConnectionError):
        return


async def test_a_websocket_that_never_reads_is_let_go(stack: Stack, both: list[str], unnoticed: Unnoticed) -> None:
    services = ("conversation", "gateway")
    async with (
        await Guest.arrives(both[0]) as guest,
        memory_stays(stack, *services),
    ):
        before = {service: await figure(stack, service, "websockets_open") for service in services}
        async with unnoticed():
            lines = [await opened(base, guest, receive_bytes=SMALL) for base in both * CLIENTS]
            said = frame(json.dumps({"type": "message", "id": str(new_id()), "text": "x"}).encode()) * 100
            await asyncio.gather(*(pour(line, said, 6_000_000) for line in lines))

            async def let_go() -> bool:
                return all([await figure(stack, one, "websockets_open") <= before[one] for one in services])

            await until(let_go, 60, what="those that never read being let go")
        for line in lines:
            line.hang_up()


async def test_pings_without_end_to_one_that_never_reads_are_bounded(
    stack: Stack, both: list[str], unnoticed: Unnoticed
) -> None:
    async with unnoticed(), await Guest.arrives(both[0]) as guest, memory_stays(stack, "conversation", "gateway"):
        lines = [await opened(base, guest, receive_bytes=SMALL) for base in both * CLIENTS]
        await asyncio.gather(*(pour(line, frame(b"p" * 125, 9) * 500, 40_000_000) for line in lines))
        for line in lines:
            line.hang_up()


async def test_http_answers_that_nobody_reads_are_bounded(stack: Stack, both: list[str], unnoticed: Unnoticed) -> None:
    async with unnoticed(), await Guest.arrives(both[0]) as guest:
        for number in range(10):
            await guest.says(f"{number} " + "x" * 3_000)
        asked = request("GET", f"{guest.path}/messages?after_seq=0", b"", authorization=f"Bearer {guest.token}")

        async def pour_requests(most: int) -> None:
            lines = [await wire(base, receive_bytes=SMALL) for base in both * CLIENTS]
            await asyncio.gather(*(pour(line, asked * 20, most) for line in lines))
            for line in lines:
                line.hang_up()

        async with memory_stays(stack, "conversation", "gateway"):
            await pour_requests(60_000_000)

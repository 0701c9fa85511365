"""Messages of a megabyte, headers without end, JSON without bottom, bodies that never come: refused, and nobody waits."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from devstack.stack import Stack
from hostile.attack import MEGABYTE, frame, handshake, memory_stays, opened, request, wire
from hostile.conftest import Unnoticed
from kit.people import Guest
from servicekit.ids import new_id

PROBLEM = "application/problem+json"
LARGE = "x" * MEGABYTE


async def test_a_megabyte_over_http_is_refused(base: str, unnoticed: Unnoticed) -> None:
    async with unnoticed(), await Guest.arrives(base) as guest:
        said = {"id": str(new_id()), "text": LARGE}
        answer = await guest.http.post(f"{guest.path}/messages", json=said)
        assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)

        async def in_pieces() -> AsyncIterator[bytes]:
            for start in range(0, MEGABYTE, 65_536):
                yield json.dumps(said).encode()[start : start + 65_536]

        answer = await guest.http.post(
            f"{guest.path}/messages", content=in_pieces(), headers={"content-type": "application/json"}
        )
        assert (answer.status_code, answer.headers["content-type"]) == (413, PROBLEM)
        packed = zlib.compress(json.dumps(said).encode(), wbits=31)
        answer = await guest.http.post(
            f"{guest.path}/messages",
            content=packed,
            headers={"content-type": "application/json", "content-encoding": "gzip"},
        )
        assert answer.status_code in (400, 415, 422), "packed bodies are not unpacked"
        assert not await guest.messages()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
async def test_a_megabyte_over_a_websocket_ends_it(base: str, unnoticed: Unnoticed, packed: bool) -> None:
    async with unnoticed(), await Guest.arrives(base) as guest:
        url = f"{base.replace('http', 'ws', 1)}{guest.path}/live"
        compression = "deflate" if packed else None
        async with connect(url, proxy=None, compression=compression, max_size=None) as socket, asyncio.timeout(10):
            with suppress(ConnectionClosed, ConnectionError):
                await socket.send(json.dumps({"type": "hello", "token": guest.token}))
                await socket.send(json.dumps({"type": "message", "id": str(new_id()), "text": LARGE}))
                async for _ in socket:  # until it is closed
                    pass
            await socket.wait_closed()
        assert socket.close_code in (1006, 1009, 4400, 4413)
        assert not await guest.messages()


async def test_a_packed_bomb_is_not_unpacked(stack: Stack, base: str, unnoticed: Unnoticed) -> None:
    bomb = zlib.compress(b" " * (64 * MEGABYTE), wbits=-12)
    assert len(bomb) < 200_000
    async with unnoticed(), await Guest.arrives(base) as guest, memory_stays(stack, "conversation", "gateway"):
        for _ in range(10):
            line = await wire(base)
            line.writer.write(handshake(f"{guest.path}/live", sec_websocket_extensions="permessage-deflate"))
            assert b" 101 " in await line.reader.readuntil(b"\r\n\r\n")
            line.writer.write(frame(bomb, rsv1=True))
            await line.until_closed(15)
            line.hang_up()


async def test_fragments_without_end_are_cut_off(stack: Stack, base: str, unnoticed: Unnoticed) -> None:
    async with unnoticed(), await Guest.arrives(base) as guest, memory_stays(stack, "conversation", "gateway"):
        line = await opened(base, guest)
        line.writer.write(frame(b"{", fin=False) + frame(b"", 0, fin=False) * 200_000)
        await line.until_closed(15)


async def test_a_header_without_end_is_cut_off(base: str, unnoticed: Unnoticed) -> None:
    async with unnoticed():
        for header in ("x: " + "y" * MEGABYTE, "".join(f"x{n}: y\r\n" for n in range(20_000))):
            line = await wire(base)
            line.writer.write(f"GET /widget/conversations/current HTTP/1.1\r\nhost: a\r\n{header}".encode())
            answer = await line.until_closed(5)
            assert not answer or b" 431 " in answer, answer[:200]
            line.hang_up()


@pytest.mark.parametrize("depth", [200, 900, 960, 990, 5_000, 100_000])
async def test_json_without_bottom_is_a_clear_problem(base: str, unnoticed: Unnoticed, depth: int) -> None:
    async with await Guest.arrives(base) as guest:
        for inner in (b'"text": ' + b"[" * depth + b"]" * depth, b'"a":{' * depth + b'"b":1' + b"}" * depth):
            body = b'{"id": "0190aaaa-0000-7000-8000-0000000000ff", ' + inner + b"}"
            answer = await guest.http.post(
                f"{guest.path}/messages", content=body, headers={"content-type": "application/json"}
            )
            assert answer.status_code in (400, 413, 422), f"{answer.status_code} {answer.text[:300]}"
            assert answer.headers["content-type"] == PROBLEM
        async with guest.live() as frames:
            for inner in (b"[" * depth, b'{"a":' * depth):
                await frames.socket.send(inner.decode())
                await frames.until(lambda seen: seen["type"] == "error")


async def test_slow_requests_hold_nobody_up(both: list[str], unnoticed: Unnoticed) -> None:
    """Slow loris: headers that never end, bodies that come a byte at a time, none of them for longer than their time."""
    async with unnoticed(), await Guest.arrives(both[0]) as guest:
        start = request(
            "POST",
            f"{guest.path}/messages",
            b"x" * 50_000,
            authorization=f"Bearer {guest.token}",
            content_type="application/json",
        )
        lines = [await wire(base) for base in both * 60]
        for number, line in enumerate(lines):
            line.writer.write(start[:-50_000] + b'{"text": "' if number % 4 < 2 else start[:60])

        async def drip() -> None:
            while True:
                for line in lines:
                    line.writer.write(b"a")
                await asyncio.sleep(1)

        dripping = asyncio.create_task(drip())
        try:
            await asyncio.gather(*(line.until_closed(25) for line in lines))
        finally:
            dripping.cancel()


async def test_the_gateways_answers_to_nonsense_are_problems(base: str) -> None:
    for nonsense in (b"\x16\x03\x01\x00\xa5\x01\x00\x00", b"GET\r\n\r\n", b"BREW /pot HTCPCP/1.0\r\n\r\n"):
        line = await wire(base)
        line.writer.write(nonsense)
        answer = await line.until_closed(15)
        assert not answer or PROBLEM.encode() in answer, answer
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.request("BREW", f"{base}/widget/sessions")).status_code in (400, 404, 405)

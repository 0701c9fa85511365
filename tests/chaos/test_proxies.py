"""The proxies between the parts: what a held, reset or slow way looks like from both ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from chaos.proxies import TcpProxy, proxies

_PATIENCE_SECONDS = 10


async def _asked(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"one")
    return await reader.readexactly(3)


class Echo:
    """A server that says everything back, and keeps what became of its connections."""

    def __init__(self) -> None:
        self.seen = b""
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while said := await reader.read(1000):
                self.seen += said
                writer.write(said)
        except OSError:
            pass
        finally:
            writer.close()
            self.ended.set()


@asynccontextmanager
async def through_a_proxy() -> AsyncGenerator[tuple[TcpProxy, Echo]]:
    echo = Echo()
    async with await asyncio.start_server(echo.serve, "127.0.0.1", 0) as server, proxies() as ways:
        ways.detour("a", "b", server.sockets[0].getsockname()[1])
        async with asyncio.timeout(_PATIENCE_SECONDS):
            yield ways["a>b"], echo


async def test_a_way_without_a_fault_passes_everything_on_and_the_end_too() -> None:
    async with through_a_proxy() as (way, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
        writer.write(b"x" * 300_000)
        assert await reader.readexactly(300_000) == b"x" * 300_000
        assert len(await way.server_side_ports()) == 1
        writer.write_eof()
        assert await reader.read() == b""
        await echo.ended.wait()
        writer.close()


async def test_a_held_way_keeps_connections_open_and_delivers_when_it_is_mended() -> None:
    async with through_a_proxy() as (way, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        await way.hold()
        writer.write(b"two")
        _, late = await asyncio.open_connection("127.0.0.1", way.port)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        assert echo.seen == b"one"
        await way.mend()
        assert await reader.readexactly(3) == b"two"
        writer.close()
        late.close()


async def test_a_server_that_gave_up_on_a_held_way_is_rid_of_it_while_the_client_knows_nothing() -> None:
    async with through_a_proxy() as (way, echo):
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
        writer.write(b"one")
        await reader.readexactly(3)
        await way.hold()
        await way.forget_servers()
        await echo.ended.wait()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        await way.mend()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        writer.close()


async def test_a_reset_way_ends_what_is_open_and_what_comes() -> None:
    async with through_a_proxy() as (way, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
        writer.write(b"one")
        await reader.readexactly(3)
        await way.reset()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        with pytest.raises(ConnectionResetError):
            await _asked(way.port)
        await way.mend()
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
        writer.write(b"two")
        assert await reader.readexactly(3) == b"two"
        writer.close()


async def test_a_slow_way_takes_its_time_in_both_directions() -> None:
    async with through_a_proxy() as (way, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", way.port)
        await way.slow(0.1, 0.2, seed=1)
        began = time.monotonic()
        writer.write(b"one")
        await reader.readexactly(3)
        assert time.monotonic() - began >= 0.2
        writer.close()

"""The guest's network: a TCP proxy between the browser and the conversation service that a test can cut."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self


class Line:
    """From a port of its own to `port` on this machine.

    `cut` ends what is connected and refuses what comes; `silence` lets everything hang, as a lost radio does.
    """

    def __init__(self, port: int) -> None:
        self.to = port
        self.port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._flows = asyncio.Event()
        self._up = True

    @property
    def url(self) -> str:
        """The address to use instead of the service's."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._flows.set()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server
        self._flows.set()
        self._server.close()
        self._hang_up()

    def cut(self) -> None:
        """Nothing goes through, and both ends notice."""
        self._up = False
        self._hang_up()

    def silence(self) -> None:
        """Nothing goes through, and nobody is told."""
        self._flows.clear()

    def mend(self) -> None:
        """All is well again; what was held back in silence arrives."""
        self._up = True
        self._flows.set()

    def _hang_up(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._up:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, back}
        self._open |= ends
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await source.read(65536):
                await self._flows.wait()
                sink.write(chunk)
                await sink.drain()
            sink.write_eof()

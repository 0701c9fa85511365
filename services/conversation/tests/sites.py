"""Sites on 127.0.0.1 that behave as badly as a test wants, and what a `Web` needs to look at them without waiting."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network, ip_address

import httpcore

from conversation.adapters.public_addresses import IPAddress

LOOPBACK = (IPv4Network("127.0.0.0/8"),)
PUBLIC = "93.184.216.34"

Answering = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that a site got; headers by their names in lower case."""

    target: str
    headers: dict[str, str]


@dataclass(slots=True)
class Time:
    """A clock that stands still but for pauses, which take no time."""

    now: float = 1_000.0
    pauses: list[float] = field(default_factory=list[float])

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@dataclass(slots=True)
class Names:
    """A resolver that says what the test says; the last answer stays."""

    answers: dict[str, list[list[str]]]
    asked: list[str] = field(default_factory=list[str])

    async def __call__(self, host: str) -> Sequence[IPAddress]:
        self.asked.append(host)
        answers = self.answers.get(host)
        if not answers:
            raise OSError(f"no such name: {host}")
        return [ip_address(text) for text in (answers.pop(0) if len(answers) > 1 else answers[0])]


class Dial(httpcore.AsyncNetworkBackend):
    """Notes which address is dialled and reaches a local site instead; dialled addresses in `dead` do not answer."""

    def __init__(self, site: "Site | None" = None, dead: Iterable[str] = ()) -> None:
        self.dialled: list[tuple[str, int]] = []
        self._site = site
        self._dead = set(dead)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append((host, port))
        if self._site is None or host in self._dead:
            raise httpcore.ConnectError("nobody there")
        backend: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()  # pyright: ignore[reportAssignmentType] - a stand-in class
        return await backend.connect_tcp("127.0.0.1", self._site.port, timeout)


@dataclass(slots=True)
class Site:
    """What a site answers by target, and what it was asked; without a robots.txt unless the test gives one."""

    answers: dict[str, Answering]
    port: int = 0
    asked: list[Asked] = field(default_factory=list[Asked])
    at_once: int = 0
    most_at_once: int = 0
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        """What was asked for, robots.txt aside."""
        return [asked.target for asked in self.asked if asked.target != "/robots.txt"]

    async def when_asked(self, target: str) -> None:
        """Wait until somebody has asked for it."""
        async with self._heard:
            await self._heard.wait_for(lambda: target in self.targets)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            asked = Asked(line.split(" ")[1], headers)
            self.asked.append(asked)
            async with self._heard:
                self._heard.notify_all()
            await self.answers.get(asked.target, page(status=404))(asked, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.at_once -= 1
            writer.close()


@asynccontextmanager
async def site(answers: dict[str, Answering], tls: ssl.SSLContext | None = None) -> AsyncGenerator[Site]:
    """A site that answers so; each answer closes its connection."""
    running = Site(answers)
    server = await asyncio.start_server(running.serve, "127.0.0.1", 0, ssl=tls)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()


def page(
    body: bytes = b"<h1>Breakfast</h1>", media_type: str = "text/html; charset=utf-8", status: int = 200, **headers: str
) -> Answering:
    """An answer as most sites give it; `retry_after` is the header Retry-After."""

    async def answer(_: Asked, writer: asyncio.StreamWriter) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        writer.write(head(status, {"content-type": media_type, "content-length": str(len(body)), **named}) + body)

    return answer


def head(status: int, headers: dict[str, str]) -> bytes:
    """Status line and headers, those left out that are empty."""
    lines = [
        f"HTTP/1.1 {status} -",
        "connection: close",
        *(f"{name}: {value}" for name, value in headers.items() if value),
    ]
    return "\r\n".join([*lines, "", ""]).encode("utf-8")


def redirect(location: str, status: int = 302) -> Answering:
    """An answer that leads elsewhere."""
    return page(b"", status=status, location=location)


def known_by(etag: str, last_modified: str) -> Answering:
    """A page that answers 304 to who has it already."""
    fresh = page(etag=etag, last_modified=last_modified)

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.headers.get("if-none-match") == etag or asked.headers.get("if-modified-since") == last_modified:
            writer.write(head(304, {"etag": etag}))
        else:
            await fresh(asked, writer)

    return answer


def slow_drip(every_seconds: float = 0.02) -> Answering:
    """A page of which a byte comes now and then, without end."""

    async def answer(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, {"content-type": "text/html"}))
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(every_seconds)

    return answer


@dataclass(slots=True)
class Endless:
    """A page that goes on for as long as it is read, packed with gzip or not; `sent_bytes` is what went out."""

    packed: bool
    sent_bytes: int = 0

    async def __call__(self, _: Asked, writer: asyncio.StreamWriter) -> None:
        headers = {"content-type": "text/html", "content-encoding": "gzip" if self.packed else ""}
        writer.write(head(200, headers))
        part = gzip.compress(b"\0" * 50_000_000) if self.packed else b"x" * 100_000
        while not writer.is_closing() and self.sent_bytes < 100_000_000:
            writer.write(part)
            self.sent_bytes += len(part)
            await writer.drain()
            await asyncio.sleep(0)

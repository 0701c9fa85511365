"""One request and its answer, within limits of time and size; whatever goes wrong is said in plain words."""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import httpcore

from conversation.adapters.checked_network import CONNECT_SECONDS, CheckedNetwork
from conversation.adapters.fetched import NotFetched
from conversation.adapters.gunzip import TOO_LARGE, Gunzip
from conversation.adapters.web_address import WebAddress

USER_AGENT: Final = "frontdesk-import/1.0"
FETCH_SECONDS: Final = 20.0
BODY_BYTES: Final = 5_000_000
MAX_RETRY_AFTER_SECONDS: Final = 3_600.0

WITH_BODY: Final = frozenset({200, 203})
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([\w.:+-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a fetch may be on the network, its redirects and robots.txt included, and how large its body is at most."""

    fetch_seconds: float = FETCH_SECONDS
    body_bytes: int = BODY_BYTES


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answered: headers by their names in lower case; the body is that of a 200 or 203, unpacked."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def media_type(self) -> str:
        """What the body is said to be, in lower case, without parameters; empty if nothing is said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """The encoding of the body's characters that the header names."""
        found = _CHARSET.search(self.headers.get("content-type", ""))
        return found[1].lower() if found else None


class Budget:
    """The time that one fetch may be on the network, over all its requests; waiting for a turn does not count."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @asynccontextmanager
    async def spent(self) -> AsyncGenerator[None]:
        """Ends what is done within when the time is up, however steadily it drips.

        Raises:
            NotFetched: the time is up.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._left):
                yield
        except TimeoutError as error:
            raise NotFetched("The site did not answer in time", retry=True) from error
        finally:
            self._left -= loop.time() - began


class Exchange:
    """Asks over checked connections: no proxies, no cookies, no credentials, and no redirect is followed."""

    def __init__(self, network: CheckedNetwork, tls: ssl.SSLContext, limits: Limits) -> None:
        self._limits = limits
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=50,
            max_keepalive_connections=10,
            keepalive_expiry=5,
            network_backend=network,
        )

    async def get(self, address: WebAddress, headers: dict[str, str], media_types: frozenset[str] | None) -> Answer:
        """The answer to a GET; a body of none of the `media_types` is not read (None: any will do).

        Raises:
            NotFetched: there is no answer, it is too large, damaged, or of another type.
        """
        try:
            async with self._pool.stream(
                b"GET",
                httpcore.URL(
                    scheme=address.scheme.encode(),
                    host=address.host.encode(),
                    port=address.port,
                    target=address.target.encode(),
                ),
                headers=[(name.encode(), value.encode("latin-1")) for name, value in _sent(address, headers)],
                extensions={"timeout": {"connect": CONNECT_SECONDS, "pool": self._limits.fetch_seconds}},
            ) as response:
                answer = Answer(response.status, _received(response.headers), b"")
                if answer.status not in WITH_BODY:
                    return answer
                if media_types is not None and answer.media_type not in media_types:
                    raise NotFetched(_wrong_type(answer.media_type))
                return Answer(answer.status, answer.headers, await self._body(answer, response))
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise _explained(error) from error

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def _body(self, answer: Answer, response: httpcore.Response) -> bytes:
        limit = self._limits.body_bytes
        encoding = answer.headers.get("content-encoding", "").strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise NotFetched("The site sends it packed in a way that was not asked for")
        length = answer.headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > limit:
            raise NotFetched(TOO_LARGE)
        unpacking = Gunzip(limit) if encoding.endswith("gzip") else None
        body = bytearray()
        received = 0
        async for chunk in response.aiter_stream():
            received += len(chunk)
            body += unpacking.feed(chunk) if unpacking else chunk
            if max(received, len(body)) > limit:
                raise NotFetched(TOO_LARGE)
        if unpacking:
            unpacking.finish()
        return bytes(body)


def refusal(answer: Answer) -> NotFetched:
    """What an answer means that brings nothing."""
    status = answer.status
    wait = _retry_after(answer.headers)
    if status in {404, 410}:
        return NotFetched("There is no such page (any more)")
    if status in {401, 402, 403, 407, 451}:
        return NotFetched(f"The site does not let us read it (status {status})")
    if status == 429:
        return NotFetched("The site asks us to come back later", retry=True, retry_after_seconds=wait)
    if status >= 500:
        return NotFetched(f"The site has a fault (status {status})", retry=True, retry_after_seconds=wait)
    retry = status in {408, 425}
    return NotFetched(
        f"The site sends no page (status {status})", retry=retry, retry_after_seconds=wait if retry else None
    )


def _sent(address: WebAddress, headers: dict[str, str]) -> Iterable[tuple[str, str]]:
    yield "Host", address.authority
    yield "User-Agent", USER_AGENT
    yield "Accept-Encoding", "gzip"
    yield from headers.items()


def _received(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The first of each name: two are an error, and the first is what most programs take."""
    received: dict[str, str] = {}
    for name, value in headers:
        received.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return received


def _wrong_type(media_type: str) -> str:
    if not media_type:
        return "The site does not say what kind of file it is"
    return f"It is a file of a kind that cannot be imported ({media_type[:100]})"


def _explained(error: Exception) -> NotFetched:
    # httpcore's pool drops the cause; what it was is the error's argument.
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in error.args):
        return NotFetched("The site's certificate is not valid for this address")
    if isinstance(error, httpcore.LocalProtocolError):
        return NotFetched("The page cannot be asked for")
    if isinstance(error, httpcore.TimeoutException):
        return NotFetched("The site did not answer in time", retry=True)
    if isinstance(error, httpcore.ConnectError):
        return NotFetched("No secure connection to the site is possible", retry=True)
    return NotFetched("The connection to the site broke off", retry=True)


def _retry_after(headers: dict[str, str]) -> float | None:
    """Seconds (RFC 9110, 10.2.3), counted from the site's own clock where it names a moment."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(float(text[:20]), MAX_RETRY_AFTER_SECONDS)
    try:
        until = parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
    try:
        now = parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, OverflowError):
        now = time.time()
    return min(max(until - now, 0.0), MAX_RETRY_AFTER_SECONDS)

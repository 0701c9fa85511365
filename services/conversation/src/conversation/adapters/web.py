"""Reads other people's sites for a knowledge import: public addresses only, as robots.txt allows, within limits.

web = Web()
page = await web.fetch("https://www.lindenhof.example/breakfast")
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Final

import httpcore

from conversation.adapters.checked_network import CheckedNetwork, Resolve, look_up
from conversation.adapters.fetched import Fetched, NotFetched, NotModified, Refused
from conversation.adapters.public_addresses import IPNetwork
from conversation.adapters.robots import Robots, Rules
from conversation.adapters.site_pace import MIN_PAUSE_SECONDS, Clock, SitePace, Sleep
from conversation.adapters.sitemaps import SitemapEntry, SitemapFile, read_sitemap
from conversation.adapters.web_address import WebAddress, read_address
from conversation.adapters.web_exchange import REDIRECTS, WITH_BODY, Answer, Budget, Exchange, Limits, refusal

__all__ = ["Fetched", "Limits", "NotFetched", "NotModified", "Refused", "SitemapEntry", "Web"]

MAX_REDIRECTS: Final = 5
SITEMAP_LEVELS: Final = 2
"""How deep the sitemaps lie that an index names."""
MAX_SITEMAPS: Final = 50
"""Files that are read for one sitemap."""

DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PAGE_TYPES: Final = frozenset(
    {"text/html", "application/xhtml+xml", "text/plain", "text/markdown", "text/csv", "application/pdf", DOCX}
)
SITEMAP_TYPES: Final = frozenset(
    {
        "application/xml",
        "text/xml",
        "text/plain",
        "application/gzip",
        "application/x-gzip",
        "application/octet-stream",  # what many servers call a `.xml.gz`
    }
)


class Web:
    """Sites of others. One of these serves all imports, so that no site is asked by two at once."""

    def __init__(
        self,
        *,
        allowed_networks: Sequence[IPNetwork] = (),
        resolve: Resolve = look_up,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        dial: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """
        Args:
            allowed_networks: private networks that may be read all the same, on any port.
            resolve: looks a name up, once for each connection.
            clock: seconds, for the pauses between requests and the age of robots.txt.
            sleep: waits for a pause's seconds.
            limits: of time and size, if not the usual ones.
            tls: whose certificates count; this machine's, if None.
            dial: opens a connection to an address that has been checked.
        """
        self._limits = limits or Limits()
        network = CheckedNetwork(allowed_networks, resolve, dial)
        self._exchange = Exchange(network, tls or ssl.create_default_context(), self._limits)
        self._pace = SitePace(clock, sleep)
        self._robots = Robots(clock)

    async def fetch(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched | NotModified:
        """The page or file at this address; with what an earlier fetch said, only if it has changed since.

        Raises:
            Refused: the address is none that we ask.
            NotFetched: there is nothing to be had; the error says why and whether it may heal.
        """
        conditions = {"Accept": "text/html, application/xhtml+xml, text/*;q=0.9, */*;q=0.5"}
        if etag and _is_header(etag):
            conditions["If-None-Match"] = etag
        if last_modified and _is_header(last_modified):
            conditions["If-Modified-Since"] = last_modified
        address, answer = await self._follow(read_address(url), PAGE_TYPES, self._budget(), conditions)
        if answer.status == 304 and len(conditions) > 1:
            return NotModified(str(address))
        if answer.status not in WITH_BODY:
            raise refusal(answer)
        return Fetched(
            url=str(address),
            media_type=answer.media_type,
            content=answer.content,
            etag=answer.headers.get("etag"),
            last_modified=answer.headers.get("last-modified"),
            charset=answer.charset,
        )

    async def sitemap(self, url: str, *, limit: int = 1_000) -> tuple[SitemapEntry, ...]:
        """The pages of the sitemap's own site (with or without `www.`) that it names, each once, `limit` at most; a
        further sitemap that will not heal is left out.

        Raises:
            Refused: the address is none that we ask.
            NotFetched: the sitemap cannot be read, or one that it names cannot be read now.
        """
        start = read_address(url)
        first, content = await self._sitemap_file(start)
        pages: dict[str, SitemapEntry] = {}
        seen = {str(start), str(first)}
        waiting: deque[tuple[WebAddress, int]] = deque()
        level, at = 0, first
        while True:
            for entry in content.pages:
                page = _same_site(first, at, entry.url)
                if page is not None and len(pages) < limit:
                    pages.setdefault(str(page), SitemapEntry(str(page), entry.last_modified))
            for reference in content.sitemaps if level < SITEMAP_LEVELS else ():
                further = _same_site(first, at, reference)
                if further is not None and str(further) not in seen and len(seen) < MAX_SITEMAPS:
                    seen.add(str(further))
                    waiting.append((further, level + 1))
            content = SitemapFile()
            if not waiting or len(pages) >= limit:
                return tuple(pages.values())
            at, level = waiting.popleft()
            try:
                at, content = await self._sitemap_file(at)
            except NotFetched as error:
                # What is only missing for now must not look as if the site had taken the pages down.
                if error.retry:
                    raise

    async def sitemaps_of(self, site: str) -> tuple[str, ...]:
        """The addresses of the sitemaps that the site's robots.txt names, as far as they lie on that site.

        Raises:
            Refused: the address is none that we ask.
            NotFetched: robots.txt cannot be read.
        """
        address = read_address(site)
        rules = await self._rules(address, self._budget())
        found = (_same_site(address, address, reference) for reference in rules.sitemaps)
        return tuple(dict.fromkeys(str(sitemap) for sitemap in found if sitemap is not None))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._exchange.aclose()

    def _budget(self) -> Budget:
        return Budget(self._limits.fetch_seconds)

    async def _sitemap_file(self, address: WebAddress) -> tuple[WebAddress, SitemapFile]:
        address, answer = await self._follow(address, SITEMAP_TYPES, self._budget(), {})
        if answer.status not in WITH_BODY:
            raise refusal(answer)
        # In a thread, as some megabytes of XML take a while.
        return address, await asyncio.to_thread(read_sitemap, answer.content, self._limits.body_bytes)

    async def _follow(
        self,
        address: WebAddress,
        media_types: frozenset[str] | None,
        budget: Budget,
        headers: dict[str, str],
        *,
        ask_robots: bool = True,
    ) -> tuple[WebAddress, Answer]:
        """Where the redirects end, and the answer there. Each hop is checked as if somebody had typed it."""
        for _ in range(1 + MAX_REDIRECTS):
            pause = MIN_PAUSE_SECONDS
            if ask_robots:
                rules = await self._rules(address, budget)
                if not rules.allow(address):
                    raise NotFetched("The site's robots.txt does not allow it")
                pause = rules.pause_seconds
            async with self._pace.turn(address.host, pause), budget.spent():
                answer = await self._exchange.get(address, headers, media_types)
            if answer.status not in REDIRECTS:
                return address, answer
            address = _redirected(address, answer)
        raise NotFetched("The site redirects too often")

    async def _rules(self, address: WebAddress, budget: Budget) -> Rules:
        return await self._robots.rules(address, partial(self._read_robots, budget=budget))

    async def _read_robots(self, address: WebAddress, budget: Budget) -> bytes | None:
        _, answer = await self._follow(address, None, budget, {}, ask_robots=False)
        if answer.status in WITH_BODY:
            return answer.content
        # RFC 9309, 2.3.1.3: no rules. "Too many requests" is no such word, though: who says so wants fewer, not all.
        if 400 <= answer.status < 500 and answer.status != 429:
            return None
        raise refusal(answer)


def _redirected(address: WebAddress, answer: Answer) -> WebAddress:
    location = answer.headers.get("location", "")
    if not location:
        raise NotFetched("The site redirects to nowhere")
    try:
        location = location.encode("latin-1").decode("utf-8")  # servers send what browsers show
    except UnicodeDecodeError as error:
        raise NotFetched("The site redirects to nowhere") from error
    target = address.joined(location)
    if address.scheme == "https" and target.scheme == "http":
        raise Refused("The site redirects from a secure address to an insecure one")
    return target


def _same_site(site: WebAddress, page: WebAddress, reference: str) -> WebAddress | None:
    """The address that a reference on a page means, if it can be asked for and lies on the site."""
    try:
        address = page.joined(reference)
    except Refused:
        return None
    return address if address.is_same_site(site) else None


def _is_header(text: str) -> bool:
    """Whether it can be sent back as it came."""
    return all(" " <= character <= "\xff" and character != "\x7f" for character in text)

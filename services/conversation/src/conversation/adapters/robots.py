"""What sites ask of robots (RFC 9309): which pages to leave alone, how slowly to ask, where their sitemaps are."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from protego import Protego

from conversation.adapters.fetched import NotFetched, Refused
from conversation.adapters.site_pace import MAX_PAUSE_SECONDS, MIN_PAUSE_SECONDS, Clock
from conversation.adapters.web_address import WebAddress

ROBOT: Final = "frontdesk-import"
KEPT_SECONDS: Final = 3_600.0
FAILURE_KEPT_SECONDS: Final = 60.0
"""So that a site that is down is not asked again for each of its pages, and is asked again soon."""
MAX_READ_BYTES: Final = 500 * 1024
"""RFC 9309, 2.5."""
MAX_SITES: Final = 1_000

_AGENT_LINE = re.compile(r"^(\s*user[- ]?agent\s*[:\s]\s*)([^#\r\n]*)", re.IGNORECASE | re.MULTILINE)

ReadRobots = Callable[[WebAddress], Awaitable[bytes | None]]


class Rules:
    """What one site's robots.txt asks of us."""

    def __init__(self, content: bytes) -> None:
        text = content[:MAX_READ_BYTES].decode("utf-8-sig", errors="replace")
        self._parsed = Protego.parse(_AGENT_LINE.sub(_only_ours, text))
        asked = self._parsed.crawl_delay(ROBOT) or 0.0
        self.pause_seconds = min(max(asked, MIN_PAUSE_SECONDS), MAX_PAUSE_SECONDS)
        self.sitemaps = tuple(self._parsed.sitemaps)

    def allow(self, address: WebAddress) -> bool:
        """Whether the site lets us read this page."""
        return self._parsed.can_fetch(str(address), ROBOT)


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    until: float = float("-inf")
    rules: Rules | NotFetched | None = None


class Robots:
    """The rules of each site, read when they are needed and kept for an hour."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sites: dict[str, _Kept] = {}

    async def rules(self, address: WebAddress, read: ReadRobots) -> Rules:
        """The rules of this address's site; `read` gives robots.txt, or None where there is none.

        Raises:
            NotFetched: they cannot be read, so nothing is allowed (RFC 9309, 2.3.1.4).
        """
        self._forget_old()
        kept = self._sites.setdefault(address.origin, _Kept())
        async with kept.lock:
            if kept.rules is None or kept.until <= self._clock():
                kept.rules = await self._read(address, read)
                failed = isinstance(kept.rules, NotFetched)
                kept.until = self._clock() + (FAILURE_KEPT_SECONDS if failed else KEPT_SECONDS)
        if isinstance(kept.rules, NotFetched):
            # A fresh one for each: an exception that is raised again grows its traceback.
            said = kept.rules
            raise type(said)(said.reason, retry=said.retry, retry_after_seconds=said.retry_after_seconds)
        return kept.rules

    async def _read(self, address: WebAddress, read: ReadRobots) -> Rules | NotFetched:
        try:
            content = await read(address.at("/robots.txt"))
        except Refused as error:
            return error
        except NotFetched as error:
            return NotFetched(
                f"The site's robots.txt could not be read: {error.reason}",
                retry=error.retry,
                retry_after_seconds=error.retry_after_seconds,
            )
        # In a thread, as half a megabyte of rules takes a while.
        return await asyncio.to_thread(Rules, content or b"")

    def _forget_old(self) -> None:
        if len(self._sites) < MAX_SITES:
            return
        now = self._clock()
        for origin in [key for key, kept in self._sites.items() if kept.until <= now and not kept.lock.locked()]:
            del self._sites[origin]
        if len(self._sites) >= MAX_SITES:
            idle = [key for key, kept in self._sites.items() if not kept.lock.locked()]
            for origin in idle[: MAX_SITES // 2]:
                del self._sites[origin]


def _only_ours(line: re.Match[str]) -> str:
    """The line, with one name for all robots that are not us: a file that names thousands would take Protego the square of
    its length."""
    name = line[2].strip().lower()
    ours = name == "*" or (name != "" and ROBOT.startswith(name.replace("*", "")))
    return line[0] if ours else f"{line[1]}somebody-else"

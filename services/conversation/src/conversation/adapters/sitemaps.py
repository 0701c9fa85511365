"""Reading sitemaps (sitemaps.org): XML, an index of others, or plain text with an address on each line."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from xml.parsers import expat

from conversation.adapters.fetched import NotFetched
from conversation.adapters.gunzip import MAGIC, gunzip

MAX_TEXT: Final = 4_000
"""Longest text of an element that is kept, in characters; an address is shorter."""
MAX_DEPTH: Final = 50

_MONTH_ONLY = re.compile(r"\d{4}(-\d{2})?")


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """A page that a site names, and when it says that it changed it."""

    url: str
    last_modified: datetime | None = None


@dataclass(frozen=True, slots=True)
class SitemapFile:
    """What one file names: pages, or further sitemaps."""

    pages: tuple[SitemapEntry, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read_sitemap(content: bytes, limit_bytes: int) -> SitemapFile:
    """What the file names, in its order; addresses are as written.

    Raises:
        NotFetched: it is no sitemap, or larger than `limit_bytes` when unpacked.
    """
    if content.startswith(MAGIC):
        content = gunzip(content, limit_bytes)
    content = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if content.startswith((b"<", b"\xfe\xff", b"\xff\xfe")):
        return _Reader().read(content)
    lines = (line.strip() for line in content.decode("utf-8", errors="replace").splitlines())
    pages = tuple(SitemapEntry(line) for line in lines if line.lower().startswith(("http://", "https://")))
    if not pages:
        raise NotFetched("This is not a sitemap")
    return SitemapFile(pages=pages)


def read_time(text: str) -> datetime | None:
    """A W3C date and time as UTC; a date is its first moment, and what is no date is None."""
    if _MONTH_ONLY.fullmatch(text):
        text = f"{text}-01-01"[:10]
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@dataclass(slots=True)
class _Reader:
    """Takes `urlset/url` and `sitemapindex/sitemap` by their names without prefix; pictures' own `loc` lie deeper."""

    path: list[str] = field(default_factory=list[str])
    text: list[str] = field(default_factory=list[str])
    length: int = 0
    loc: str = ""
    last_modified: str = ""
    pages: list[SitemapEntry] = field(default_factory=list[SitemapEntry])
    sitemaps: list[str] = field(default_factory=list[str])

    def read(self, content: bytes) -> SitemapFile:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise NotFetched(f"The sitemap is not valid XML (line {error.lineno})") from error
        except (ValueError, LookupError) as error:  # an encoding that nobody knows
            raise NotFetched("The sitemap is not valid XML") from error
        return SitemapFile(tuple(self.pages), tuple(self.sitemaps))

    def _doctype(self, *_: object) -> None:
        # Entities are declared there, which grow without bound or name files; a sitemap has none.
        raise NotFetched("The sitemap is not valid XML: it declares a document type")

    def _start(self, name: str, _: dict[str, str]) -> None:
        self.path.append(name.rpartition(":")[2])
        if len(self.path) == 1 and self.path[0] not in {"urlset", "sitemapindex"}:
            raise NotFetched("This is not a sitemap")
        if len(self.path) > MAX_DEPTH:
            raise NotFetched("The sitemap is not valid XML: its elements lie too deep")
        if len(self.path) == 2:
            self.loc = self.last_modified = ""
        self.text.clear()
        self.length = 0

    def _characters(self, text: str) -> None:
        if len(self.path) == 3 and self.length < MAX_TEXT:
            self.text.append(text)
            self.length += len(text)

    def _end(self, _: str) -> None:
        match self.path:
            case [_, _, "loc"]:
                self.loc = "".join(self.text).strip()
            case [_, _, "lastmod"]:
                self.last_modified = "".join(self.text).strip()
            case ["urlset", "url"] if self.loc:
                self.pages.append(SitemapEntry(self.loc, read_time(self.last_modified)))
            case ["sitemapindex", "sitemap"] if self.loc:
                self.sitemaps.append(self.loc)
            case _:
                pass
        self.path.pop()

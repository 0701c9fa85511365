"""Imports: their states, and what a proposed article is to the articles there are. Pure."""

import hashlib
from enum import StrEnum

MAX_PAGES = 1000
"""Pages of a sitemap that one import reads."""
MAX_FILES = 20
MAX_FILE_BYTES = 5_000_000
MAX_TRIES = 3
"""Of a page whose site may come back."""


class ImportKind(StrEnum):
    """What is read."""

    FILES = "files"
    PAGE = "page"
    SITEMAP = "sitemap"


class ImportState(StrEnum):
    """How far an import is."""

    READING = "reading"
    PREVIEW = "preview"
    """All is read; somebody chooses what becomes an article."""
    WRITING = "writing"
    DONE = "done"


class PageState(StrEnum):
    """How far a page is."""

    WAITING = "waiting"
    READ = "read"
    UNCHANGED = "unchanged"
    """The site says that it is as it was when its articles were written."""
    FAILED = "failed"


class Change(StrEnum):
    """What a proposed article would do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


class ArticleState(StrEnum):
    """What was decided of a proposed article."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    LEFT_OUT = "left_out"
    WRITTEN = "written"


def fingerprint(title: str, questions: tuple[str, ...], body: str) -> str:
    """Of what a source says; tells whether it says something else later, whatever people made of the article."""
    return hashlib.sha256("\x1f".join((title, *questions, "", body)).encode()).hexdigest()


def change(known: str | None, now: str) -> Change:
    """What a proposed article is, by the fingerprint that its place in the source had, if there was any."""
    if known is None:
        return Change.NEW
    return Change.SAME if known == now else Change.CHANGED

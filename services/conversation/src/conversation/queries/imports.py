"""Imports as people see them: how far they are, what could not be read, and the articles that are proposed."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping, text

from contracts.errors import NotFound
from contracts.ids import ArticleId
from conversation.domain.importing import ArticleState, Change, ImportKind, ImportState, PageState
from conversation.queries.cursors import time_and_id
from servicekit.pagination import BadCursor, Page, PageRequest
from servicekit.transaction import Transaction


class PageCounts(BaseModel):
    """How many of the pages are how far."""

    waiting: int
    read: int
    unchanged: int
    failed: int


class ArticleCounts(BaseModel):
    """How many of the proposed articles would do what, and how many have been written."""

    new: int
    changed: int
    same: int
    written: int


class GoneArticle(BaseModel):
    """An article whose place in its source is no more."""

    article_id: ArticleId
    source: str
    language: str


class ImportView(BaseModel):
    """An import."""

    id: UUID
    kind: ImportKind
    url: str | None
    state: ImportState
    stopped: Annotated[bool, Field(description="somebody stopped it; it goes on when it is resumed")]
    problem: Annotated[str | None, Field(description="why nothing could be read at all")]
    publish: bool
    pages: PageCounts
    articles: ArticleCounts
    gone: Annotated[
        list[GoneArticle],
        Field(description="written by an earlier import, and no longer in what was read; 100 at most"),
    ]
    version: int
    created_at: datetime
    updated_at: datetime


class ImportPageView(BaseModel):
    """A page or file of an import."""

    name: str
    state: PageState
    reason: Annotated[str | None, Field(description="why it was not read, in words")]


class ProposedArticle(BaseModel):
    """An article as it would be written."""

    id: UUID
    source: Annotated[str, Field(description="the page or file")]
    anchor: Annotated[str, Field(description="the place in it; stays while its heading does")]
    language: str
    title: str
    questions: list[str]
    body: str
    change: Change
    state: ArticleState
    article_id: Annotated[ArticleId | None, Field(description="that it would change, or that was written")]


_IMPORTS = text("""
    SELECT import.*, pages.*, articles.*
      FROM knowledge_imports AS import
     CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE state = 'waiting') AS waiting, count(*) FILTER (WHERE state = 'read') AS read,
               count(*) FILTER (WHERE state = 'unchanged') AS unchanged, count(*) FILTER (WHERE state = 'failed') AS failed
          FROM knowledge_import_pages AS page WHERE page.import_id = import.id
     ) AS pages
     CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE change = 'new') AS new, count(*) FILTER (WHERE change = 'changed') AS changed,
               count(*) FILTER (WHERE change = 'same') AS same, count(*) FILTER (WHERE state = 'written') AS written
          FROM knowledge_import_articles AS article WHERE article.import_id = import.id
     ) AS articles
     WHERE import.hotel_id = :hotel_id
       AND (CAST(:import_id AS uuid) IS NULL OR import.id = :import_id)
       AND (CAST(:before_at AS timestamptz) IS NULL OR (import.created_at, import.id) < (:before_at, CAST(:before_id AS uuid)))
     ORDER BY import.created_at DESC, import.id DESC
     LIMIT :limit
""")
_GONE = text("""
    SELECT origin.article_id, origin.source, origin.language
      FROM knowledge_origins AS origin
      JOIN knowledge_import_pages AS page
        ON page.import_id = :import_id AND page.name = origin.source AND page.state = 'read'
     WHERE origin.hotel_id = :hotel_id
       AND NOT EXISTS (SELECT 1 FROM knowledge_import_articles AS article
                        WHERE article.import_id = :import_id AND article.source = origin.source
                          AND article.anchor = origin.anchor AND article.language = origin.language)
     ORDER BY origin.source, origin.anchor
     LIMIT 100
""")
_PAGES = text("""
    SELECT position, name, state, reason FROM knowledge_import_pages
     WHERE import_id = :import_id AND position > :after AND (CAST(:state AS text) IS NULL OR state = :state)
     ORDER BY position LIMIT :limit
""")
_ARTICLES = text("""
    SELECT * FROM knowledge_import_articles
     WHERE import_id = :import_id AND position > :after AND (CAST(:change AS text) IS NULL OR change = :change)
     ORDER BY position LIMIT :limit
""")


async def list_imports(tx: Transaction, page: PageRequest) -> Page[ImportView]:
    """The hotel's imports, the last first.

    Raises:
        BadCursor: the cursor is none of such a list.
    """
    before = time_and_id(page)
    asked = {
        "hotel_id": tx.hotel_id,
        "import_id": None,
        "before_at": before[0] if before else None,
        "before_id": before[1] if before else None,
        "limit": page.limit + 1,
    }
    rows = (await tx.execute(_IMPORTS, asked)).mappings().all()
    views = [await _view(row, tx) for row in rows]
    last = views[: page.limit][-1:]
    return page.page(views, *(value for one in last for value in (one.created_at.isoformat(), str(one.id))))


async def import_by_id(tx: Transaction, import_id: UUID) -> ImportView:
    """One import.

    Raises:
        NotFound: the hotel has no such import.
    """
    asked = {"hotel_id": tx.hotel_id, "import_id": import_id, "before_at": None, "before_id": None, "limit": 1}
    row = (await tx.execute(_IMPORTS, asked)).mappings().one_or_none()
    if row is None:
        raise NotFound("No such import")
    return await _view(row, tx)


async def import_pages(
    tx: Transaction, import_id: UUID, page: PageRequest, state: PageState | None
) -> Page[ImportPageView]:
    """What an import reads, in its order.

    Raises:
        NotFound: the hotel has no such import.
        BadCursor: the cursor is none of such a list.
    """
    await import_by_id(tx, import_id)
    asked = {"import_id": import_id, "after": _after(page), "state": state, "limit": page.limit + 1}
    rows = (await tx.execute(_PAGES, asked)).mappings().all()
    views = [ImportPageView.model_validate(dict(row)) for row in rows]
    return page.page(views, *(row["position"] for row in rows[: page.limit][-1:]))


async def proposed_articles(
    tx: Transaction, import_id: UUID, page: PageRequest, change: Change | None
) -> Page[ProposedArticle]:
    """What an import would write, in the order of its pages.

    Raises:
        NotFound: the hotel has no such import.
        BadCursor: the cursor is none of such a list.
    """
    await import_by_id(tx, import_id)
    asked = {"import_id": import_id, "after": _after(page), "change": change, "limit": page.limit + 1}
    rows = (await tx.execute(_ARTICLES, asked)).mappings().all()
    views = [ProposedArticle.model_validate(dict(row)) for row in rows]
    return page.page(views, *(row["position"] for row in rows[: page.limit][-1:]))


async def _view(row: RowMapping, tx: Transaction) -> ImportView:
    gone = (await tx.execute(_GONE, {"import_id": row["id"], "hotel_id": tx.hotel_id})).mappings().all()
    return ImportView(
        **{name: row[name] for name in ("id", "kind", "url", "state", "stopped", "problem", "publish", "version")},
        pages=PageCounts.model_validate(dict(row)),
        articles=ArticleCounts.model_validate(dict(row)),
        gone=[GoneArticle.model_validate(dict(one)) for one in gone],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _after(page: PageRequest) -> int:
    position = page.position(1)
    if position is None:
        return -1
    if not isinstance(position[0], int) or not -1 <= position[0] < 2**31:
        raise BadCursor(pointer="query:cursor")
    return position[0]

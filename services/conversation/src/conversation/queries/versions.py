"""Reading an article's versions: which there are, one of them, and what changed between two."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from contracts.actor import ActorKind
from contracts.errors import NotFound
from contracts.ids import ArticleId
from conversation.domain.article import Variant
from conversation.domain.versions import ArticleField, Change, changes
from conversation.queries.articles import VariantView
from servicekit.pagination import BadCursor, Page, PageRequest
from servicekit.transaction import Transaction

LAST = 2**31 - 1
"""No version is later."""


class ActorView(BaseModel):
    """Who did it; a name is found by the id at identity."""

    kind: ActorKind
    id: UUID | None


class VersionSummary(BaseModel):
    """A version in the list."""

    version: int
    change: Annotated[Change, Field(description="what made it")]
    restored_from: Annotated[int | None, Field(description="of a restored one: the version it is the text of")]
    published: bool
    title: Annotated[str, Field(description="the original's")]
    languages: list[str]
    by: ActorView
    at: datetime


class VersionView(BaseModel):
    """A version with all that the article said."""

    article_id: ArticleId
    version: int
    change: Change
    restored_from: int | None
    published: bool
    variants: list[VariantView]
    by: ActorView
    at: datetime


class HunkView(BaseModel):
    """Lines that stand in one version only."""

    before_line: Annotated[int, Field(ge=1, description="where `removed` begins in the older version")]
    removed: list[str]
    after_line: Annotated[int, Field(ge=1, description="where `added` begins in the newer version")]
    added: list[str]


class FieldChangeView(BaseModel):
    """What changed in one field of one language."""

    language: str
    field: ArticleField
    hunks: list[HunkView]


class DiffView(BaseModel):
    """What changed from one version to another."""

    article_id: ArticleId
    before: Annotated[int, Field(description="the version it is compared with")]
    after: int
    published_before: bool
    published_after: bool
    changes: Annotated[list[FieldChangeView], Field(description="empty where they say the same")]


_LIST = text("""
    SELECT version, change, restored_from, published, variants->0->>'title' AS title,
           ARRAY(SELECT variant->>'language' FROM jsonb_array_elements(variants) AS variant) AS languages,
           jsonb_build_object('kind', actor_kind, 'id', actor_id) AS by, at
      FROM knowledge_versions
     WHERE article_id = :article_id AND version < :before
     ORDER BY version DESC
     LIMIT :limit
""")
_SOME = text("""
    SELECT article_id, version, change, restored_from, published, variants,
           jsonb_build_object('kind', actor_kind, 'id', actor_id) AS by, at
      FROM knowledge_versions
     WHERE article_id = :article_id AND version = ANY(:versions)
     ORDER BY version
""")
_EXISTS = text("SELECT 1 FROM knowledge_articles WHERE id = :article_id")


async def list_versions(tx: Transaction, article_id: ArticleId, page: PageRequest) -> Page[VersionSummary]:
    """An article's versions, the last first.

    Raises:
        NotFound: the hotel has no such article.
        BadCursor: the cursor is none of such a list.
    """
    if await tx.scalar(_EXISTS, {"article_id": article_id}) is None:
        raise NotFound("No such article")
    position = page.position(1)
    before = LAST if position is None else position[0]
    if not isinstance(before, int) or isinstance(before, bool) or not 0 < before <= LAST:
        raise BadCursor(pointer="query:cursor")
    asked = {"article_id": article_id, "before": before, "limit": page.limit + 1}
    items = [VersionSummary.model_validate(dict(row)) for row in (await tx.execute(_LIST, asked)).mappings()]
    last = items[: page.limit][-1:]
    return page.page(items, *[item.version for item in last])


async def version_of(tx: Transaction, article_id: ArticleId, version: int) -> VersionView:
    """One version of an article.

    Raises:
        NotFound: the hotel has no such article, or it no such version.
    """
    return (await _versions(tx, article_id, version))[version]


async def difference(tx: Transaction, article_id: ArticleId, before: int, after: int) -> DiffView:
    """What changed from version `before` to version `after`, whichever is older.

    Raises:
        NotFound: the hotel has no such article, or it lacks one of the versions.
    """
    found = await _versions(tx, article_id, before, after)
    was, is_now = found[before], found[after]
    return DiffView(
        article_id=article_id,
        before=before,
        after=after,
        published_before=was.published,
        published_after=is_now.published,
        changes=[FieldChangeView.model_validate(asdict(change)) for change in changes(_texts(was), _texts(is_now))],
    )


async def _versions(tx: Transaction, article_id: ArticleId, *versions: int) -> dict[int, VersionView]:
    rows = await tx.execute(_SOME, {"article_id": article_id, "versions": sorted(set(versions))})
    found = {row["version"]: VersionView.model_validate(dict(row)) for row in rows.mappings()}
    if set(versions) - found.keys():
        raise NotFound("No such version")
    return found


def _texts(view: VersionView) -> list[Variant]:
    return [Variant(one.language, one.title, tuple(one.questions), one.body) for one in view.variants]

"""What people do with the versions of an article: list, read, compare, bring back."""

from typing import Annotated

from fastapi import Depends, Path, Query, Response

from contracts.errors import NotFound, PreconditionFailed
from contracts.ids import ArticleId
from contracts.permissions import Permission
from conversation.commands.restoring import restore_article
from conversation.queries.articles import ArticleView, article_by_id
from conversation.queries.versions import (
    LAST,
    DiffView,
    VersionSummary,
    VersionView,
    difference,
    list_versions,
    version_of,
)
from conversation.resources import resources_of
from servicekit.access import may
from servicekit.actor import Actor
from servicekit.edge import ReadTx, Tx, edge_router
from servicekit.etags import IfMatch, set_etag
from servicekit.pagination import BadCursor, Page, PageQuery
from servicekit.problems import problems
from servicekit.runtime import Rt

router = edge_router("/articles/{article_id}/versions", tags=["articles"])

Reader = Annotated[Actor, Depends(may(Permission.ARTICLE_READ))]
Writer = Annotated[Actor, Depends(may(Permission.ARTICLE_WRITE))]
Number = Annotated[int, Path(ge=1, le=LAST, description="the article's `version` at that time")]
Asked = Annotated[int, Query(ge=1, le=LAST)]


@router.get("", responses=problems(NotFound, BadCursor))
async def list_route(article_id: ArticleId, _: Reader, tx: ReadTx, page: PageQuery) -> Page[VersionSummary]:
    """An article's versions, the last first: who changed what when."""
    return await list_versions(tx, article_id, page)


@router.get("/compare", responses=problems(NotFound))
async def compare_route(article_id: ArticleId, _: Reader, tx: ReadTx, before: Asked, after: Asked) -> DiffView:
    """What changed between two versions, by language and field, line by line."""
    return await difference(tx, article_id, before, after)


@router.get("/{version}", responses=problems(NotFound))
async def one_route(article_id: ArticleId, version: Number, _: Reader, tx: ReadTx) -> VersionView:
    """One version with all that the article said."""
    return await version_of(tx, article_id, version)


@router.post("/{version}/restore", responses=problems(NotFound, PreconditionFailed))
async def restore_route(
    article_id: ArticleId, version: Number, _: Writer, tx: Tx, rt: Rt, if_match: IfMatch, response: Response
) -> ArticleView:
    """Have the article say again what it said then, as a new version. Published or not stays as it is."""
    await restore_article(article_id, version, if_match, tx, resources_of(rt).embedder)
    await tx.flush()
    view = await article_by_id(tx, article_id)
    set_etag(response, view.version)
    return view

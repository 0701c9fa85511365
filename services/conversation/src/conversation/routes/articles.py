"""What people do with the knowledge base: read, search, write, publish, delete articles."""

from typing import Annotated

from fastapi import Depends, Query, Response

from contracts.errors import NotFound, PreconditionFailed
from contracts.ids import ArticleId
from contracts.permissions import Permission
from contracts.values import LanguageTag
from conversation.commands.articles import (
    CreateArticle,
    UpdateArticle,
    create_article,
    delete_article,
    publish_article,
    update_article,
)
from conversation.queries.articles import (
    ArticleHit,
    ArticleSummary,
    ArticleView,
    article_by_id,
    list_articles,
    search_articles,
)
from conversation.resources import resources_of
from servicekit.access import MissingPermission, may
from servicekit.actor import Actor
from servicekit.edge import ReadTx, Tx, edge_router
from servicekit.etags import IfMatch, set_etag
from servicekit.pagination import BadCursor, Page, PageQuery
from servicekit.problems import problems
from servicekit.runtime import Rt

router = edge_router("/articles", tags=["articles"])

Reader = Annotated[Actor, Depends(may(Permission.ARTICLE_READ))]
Writer = Annotated[Actor, Depends(may(Permission.ARTICLE_WRITE))]
Publisher = Annotated[Actor, Depends(may(Permission.ARTICLE_PUBLISH))]


@router.get("", responses=problems(BadCursor))
async def list_route(
    _: Reader, tx: ReadTx, page: PageQuery, published: Annotated[bool | None, Query()] = None
) -> Page[ArticleSummary]:
    """The hotel's articles, the last changed first."""
    return await list_articles(tx, page, published)


@router.get("/search")
async def search_route(
    _: Reader,
    tx: ReadTx,
    rt: Rt,
    q: Annotated[str, Query(min_length=1, max_length=500, description="a guest's question")],
    language: Annotated[LanguageTag | None, Query(description="of the question; guessed if not given")] = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> list[ArticleHit]:
    """The published articles that the AI would answer from, best first."""
    return await search_articles(tx, resources_of(rt).embedder, q, language, limit)


@router.get("/{article_id}", responses=problems(NotFound))
async def one_route(article_id: ArticleId, _: Reader, tx: ReadTx, response: Response) -> ArticleView:
    """One article in all its languages."""
    view = await article_by_id(tx, article_id)
    set_etag(response, view.version)
    return view


@router.post("", status_code=201, responses=problems(MissingPermission))
async def create_route(command: CreateArticle, actor: Writer, tx: Tx, rt: Rt, response: Response) -> ArticleView:
    """Write an article. To publish it at once, the caller also needs `article:publish`."""
    if command.published and not actor.may(Permission.ARTICLE_PUBLISH):
        raise MissingPermission("Publishing needs the permission article:publish")
    row = await create_article(command, tx, resources_of(rt).embedder)
    return await _view(row.key, tx, response)


@router.patch("/{article_id}", responses=problems(NotFound, PreconditionFailed))
async def update_route(
    article_id: ArticleId, command: UpdateArticle, _: Writer, tx: Tx, rt: Rt, if_match: IfMatch, response: Response
) -> ArticleView:
    """Replace what an article says, in all its languages. The AI answers from it at once if it is published."""
    await update_article(article_id, command, if_match, tx, resources_of(rt).embedder)
    return await _view(article_id, tx, response)


@router.post("/{article_id}/publish", responses=problems(NotFound))
async def publish_route(article_id: ArticleId, _: Publisher, tx: Tx, response: Response) -> ArticleView:
    """Let the AI answer from an article."""
    await publish_article(article_id, tx, published=True)
    return await _view(article_id, tx, response)


@router.post("/{article_id}/unpublish", responses=problems(NotFound))
async def unpublish_route(article_id: ArticleId, _: Publisher, tx: Tx, response: Response) -> ArticleView:
    """Keep the AI from answering from an article."""
    await publish_article(article_id, tx, published=False)
    return await _view(article_id, tx, response)


@router.delete("/{article_id}", status_code=204, responses=problems(NotFound, PreconditionFailed))
async def delete_route(article_id: ArticleId, _: Writer, tx: Tx, if_match: IfMatch) -> None:
    """Delete an article for good."""
    await delete_article(article_id, if_match, tx)


async def _view(article_id: ArticleId, tx: Tx, response: Response) -> ArticleView:
    await tx.flush()
    view = await article_by_id(tx, article_id)
    set_etag(response, view.version)
    return view

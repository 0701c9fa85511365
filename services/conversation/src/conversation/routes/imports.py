"""What people do with imports: start, watch, stop, choose what becomes an article, read the source again."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from contracts.errors import NotFound
from contracts.permissions import Permission
from conversation.commands.imports import (
    AcceptImport,
    ImportNotReady,
    ImportOfFiles,
    ImportOver,
    StartImport,
    accept_import,
    discard_import,
    import_again,
    resume_import,
    start_import,
    stop_import,
)
from conversation.domain.importing import Change, PageState
from conversation.queries.imports import (
    ImportPageView,
    ImportView,
    ProposedArticle,
    import_by_id,
    import_pages,
    list_imports,
    proposed_articles,
)
from servicekit.access import MissingPermission, may
from servicekit.actor import Actor
from servicekit.edge import ReadTx, Tx, edge_router
from servicekit.pagination import BadCursor, Page, PageQuery
from servicekit.problems import problems

router = edge_router("/knowledge/imports", tags=["knowledge"])

Reader = Annotated[Actor, Depends(may(Permission.ARTICLE_READ))]
Writer = Annotated[Actor, Depends(may(Permission.ARTICLE_WRITE))]


@router.post("", status_code=201)
async def start_route(command: StartImport, _: Writer, tx: Tx) -> ImportView:
    """Read files, a web page or a sitemap's pages. Nothing is written before it is accepted."""
    row = await start_import(command, tx)
    return await _view(row.id, tx)


@router.get("", responses=problems(BadCursor))
async def list_route(_: Reader, tx: ReadTx, page: PageQuery) -> Page[ImportView]:
    """The hotel's imports, the last first."""
    return await list_imports(tx, page)


@router.get("/{import_id}", responses=problems(NotFound))
async def one_route(import_id: UUID, _: Reader, tx: ReadTx) -> ImportView:
    """One import and how far it is."""
    return await import_by_id(tx, import_id)


@router.get("/{import_id}/pages", responses=problems(NotFound, BadCursor))
async def pages_route(
    import_id: UUID, _: Reader, tx: ReadTx, page: PageQuery, state: Annotated[PageState | None, Query()] = None
) -> Page[ImportPageView]:
    """What it reads, and why something could not be read."""
    return await import_pages(tx, import_id, page, state)


@router.get("/{import_id}/articles", responses=problems(NotFound, BadCursor))
async def articles_route(
    import_id: UUID, _: Reader, tx: ReadTx, page: PageQuery, change: Annotated[Change | None, Query()] = None
) -> Page[ProposedArticle]:
    """The articles that it proposes: what would be new, and what would change."""
    return await proposed_articles(tx, import_id, page, change)


@router.post("/{import_id}/stop", responses=problems(NotFound, ImportOver))
async def stop_route(import_id: UUID, _: Writer, tx: Tx) -> ImportView:
    """Stop between two pages or articles. What is done stays."""
    await stop_import(import_id, tx)
    return await _view(import_id, tx)


@router.post("/{import_id}/resume", responses=problems(NotFound, ImportOver))
async def resume_route(import_id: UUID, _: Writer, tx: Tx) -> ImportView:
    """Go on where it was stopped."""
    await resume_import(import_id, tx)
    return await _view(import_id, tx)


@router.post("/{import_id}/accept", responses=problems(NotFound, ImportNotReady, MissingPermission))
async def accept_route(import_id: UUID, actor: Writer, tx: Tx, command: AcceptImport | None = None) -> ImportView:
    """Write articles of what is proposed. To publish them at once, the caller also needs `article:publish`."""
    chosen = command or AcceptImport()
    if chosen.publish and not actor.may(Permission.ARTICLE_PUBLISH):
        raise MissingPermission("Publishing needs the permission article:publish")
    await accept_import(import_id, chosen, tx)
    return await _view(import_id, tx)


@router.post("/{import_id}/again", status_code=201, responses=problems(NotFound, ImportOfFiles))
async def again_route(import_id: UUID, _: Writer, tx: Tx) -> ImportView:
    """Read the page or sitemap anew: a new import that proposes what has changed since."""
    row = await import_again(import_id, tx)
    return await _view(row.id, tx)


@router.delete("/{import_id}", status_code=204, responses=problems(NotFound))
async def discard_route(import_id: UUID, _: Writer, tx: Tx) -> None:
    """Forget an import and what is left to do of it. Articles that were written stay."""
    await discard_import(import_id, tx)


async def _view(import_id: UUID, tx: Tx) -> ImportView:
    await tx.flush()
    return await import_by_id(tx, import_id)

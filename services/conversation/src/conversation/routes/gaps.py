"""What people do with the gaps of the knowledge base: see what guests asked in vain, and close it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from contracts.errors import NotFound
from contracts.permissions import Permission
from contracts.values import LanguageTag
from conversation.commands.gaps import ApproveGap, GapClosed, GapWithoutDraft, approve_gap, dismiss_gap
from conversation.domain.gaps import GapState
from conversation.queries.articles import ArticleView, article_by_id
from conversation.queries.gaps import GapView, gap_by_id, list_gaps
from conversation.resources import resources_of
from servicekit.access import MissingPermission, may
from servicekit.actor import Actor
from servicekit.edge import ReadTx, Tx, edge_router
from servicekit.pagination import BadCursor, Page, PageQuery
from servicekit.problems import problems
from servicekit.runtime import Rt

router = edge_router("/knowledge/gaps", tags=["knowledge"])

Reader = Annotated[Actor, Depends(may(Permission.CONVERSATION_READ))]
"""Gaps show what guests said."""
Writer = Annotated[Actor, Depends(may(Permission.ARTICLE_WRITE))]
Publisher = Annotated[Actor, Depends(may(Permission.ARTICLE_PUBLISH))]


@router.get("", responses=problems(BadCursor))
async def list_route(
    _: Reader,
    tx: ReadTx,
    page: PageQuery,
    state: Annotated[GapState | None, Query()] = None,
    language: Annotated[LanguageTag | None, Query()] = None,
) -> Page[GapView]:
    """What guests asked and no article answered, or answered badly, what was asked most often first."""
    return await list_gaps(tx, page, state, language)


@router.get("/{gap_id}", responses=problems(NotFound))
async def one_route(gap_id: UUID, _: Reader, tx: ReadTx) -> GapView:
    """One gap."""
    view, _draft = await gap_by_id(tx, gap_id)
    return view


@router.post("/{gap_id}/approve", responses=problems(NotFound, GapClosed, GapWithoutDraft, MissingPermission))
async def approve_route(
    gap_id: UUID, actor: Publisher, tx: Tx, rt: Rt, command: ApproveGap | None = None
) -> ArticleView:
    """Publish the draft, or the text that is given, as an article. The AI answers from it at once. To give a text, the caller
    also needs `article:write`."""
    if command is not None and command.variants is not None and not actor.may(Permission.ARTICLE_WRITE):
        raise MissingPermission("Writing needs the permission article:write")
    _view, draft = await gap_by_id(tx, gap_id)
    row = await approve_gap(gap_id, command or ApproveGap(), draft, tx, resources_of(rt).embedder)
    await tx.flush()
    return await article_by_id(tx, row.key)


@router.post("/{gap_id}/dismiss", status_code=204, responses=problems(NotFound, GapClosed))
async def dismiss_route(gap_id: UUID, _: Writer, tx: Tx) -> None:
    """Close the gap without an article. Whoever asks the same later adds to it, and it stays closed."""
    await dismiss_gap(gap_id, tx)

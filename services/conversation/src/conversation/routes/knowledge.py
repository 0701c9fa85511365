"""What the hotel's people see of their knowledge base as a whole: what the AI would answer, how the articles do."""

from typing import Annotated

from fastapi import Depends, Query

from contracts.errors import NotFound
from contracts.permissions import Permission
from conversation.queries.asking import AskAsGuest, WouldAnswer, ask_as_guest
from conversation.queries.statistics import (
    DAYS,
    ArticleStatistics,
    Attention,
    BadPeriod,
    Coverage,
    article_statistics,
    attention,
    coverage,
    period,
)
from conversation.resources import resources_of
from servicekit.access import NoHotel, may
from servicekit.actor import Actor
from servicekit.edge import ReadTx, edge_router
from servicekit.pagination import BadCursor, Page, PageQuery
from servicekit.problems import TooManyRequests, problems
from servicekit.ratelimit import rate_limit
from servicekit.runtime import Rt
from servicekit.written import Day

router = edge_router("/knowledge", tags=["knowledge"])

Reader = Annotated[Actor, Depends(may(Permission.ARTICLE_READ))]
Since = Annotated[
    Day | None, Query(description=f"first day, in the hotel's time zone; without it {DAYS} days up to `until`")
]
Until = Annotated[Day | None, Query(description="last day, included; without it today")]


@router.post(
    "/ask",
    responses=problems(NotFound, NoHotel, TooManyRequests),
    dependencies=[Depends(rate_limit("60/minute", by="user"))],
)
async def ask_route(asked: AskAsGuest, reader: Reader, rt: Rt) -> WouldAnswer:
    """What the AI would answer a guest, and why. Nothing is stored and nobody is told."""
    if reader.hotel_id is None:
        raise NoHotel
    return await ask_as_guest(rt.db, reader, asked, resources_of(rt).answer)


@router.get("/statistics", responses=problems(BadPeriod, BadCursor))
async def statistics_route(
    _: Reader, tx: ReadTx, page: PageQuery, since: Since = None, until: Until = None
) -> Page[ArticleStatistics]:
    """How often each article was answered from and how its answers were rated, the most used first."""
    return await article_statistics(tx, await period(tx, since, until), page)


@router.get("/coverage", responses=problems(BadPeriod))
async def coverage_route(_: Reader, tx: ReadTx, since: Since = None, until: Until = None) -> Coverage:
    """The share of guests' turns that the AI answered, and that no article covers."""
    return await coverage(tx, await period(tx, since, until))


@router.get("/attention")
async def attention_route(
    _: Reader,
    tx: ReadTx,
    months: Annotated[int, Query(ge=1, le=120, description="without a change, after which an article is old")] = 6,
) -> Attention:
    """Published articles to look at again: old and in use, rated badly, or contradicting each other ("two check-out times")."""
    return await attention(tx, months)

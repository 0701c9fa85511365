"""How the knowledge base does: use and ratings of each article, the share of turns that it covers, what needs a look."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from contracts.errors import Invalid
from contracts.ids import ArticleId
from contracts.zones import zone_info
from conversation.domain.article import Variant
from conversation.domain.attention import Why, needs_a_look
from conversation.domain.conflicts import ConflictingStatements, Kind, Statement, conflicts
from servicekit.pagination import BadCursor, Page, PageRequest
from servicekit.transaction import Transaction

DAYS = 30
"""Days up to and with today, where no period is asked for."""
IN_USE_DAYS = 90
"""An article counts as used when it was the source of an answer in the last so many days."""
MOST = 2**31 - 1


class BadPeriod(Invalid):
    """The period ends before it begins."""

    slug, title = "bad-period", "The period ends before it begins"


class ArticleStatistics(BaseModel):
    """What became of an article in a period."""

    article_id: ArticleId
    title: Annotated[str, Field(description="the original's")]
    published: bool
    used: Annotated[int, Field(description="answers that were taken from it")]
    helpful: Annotated[int, Field(description="marks of guests and staff on such answers")]
    unhelpful: int
    last_used_at: Annotated[datetime | None, Field(description="ever")]
    updated_at: datetime


class Coverage(BaseModel):
    """What became of the guests' turns in a period: days of the hotel's own time zone, both included."""

    since: date
    until: date
    turns: Annotated[int, Field(description="that the AI settled: answered, asked back, small talk, or handed over")]
    answered: Annotated[int, Field(description="from an article")]
    asked_back: int
    small_talk: int
    handed_over: int
    no_article: Annotated[int, Field(description="handed over because no article covers it")]
    low_confidence: Annotated[int, Field(description="handed over because none fits surely enough")]
    answered_share: Annotated[float | None, Field(description="of the turns that are no small talk; null without such")]
    no_article_share: Annotated[float | None, Field(description="the same; no article covers them")]


class StaleArticle(BaseModel):
    """A published article that needs a look."""

    article_id: ArticleId
    title: str
    why: list[Why]
    updated_at: datetime
    used: Annotated[int, Field(description=f"answers taken from it in the last {IN_USE_DAYS} days")]
    helpful: Annotated[int, Field(description="marks since its last change")]
    unhelpful: int


class StatementView(BaseModel):
    """A sentence of an article, or a part of one."""

    article_id: ArticleId
    title: Annotated[str, Field(description="in the sentence's language")]
    text: str


class ConflictView(BaseModel):
    """Two published articles that say something else of the same thing."""

    kind: Annotated[Kind, Field(description="what differs")]
    language: str
    first: StatementView
    second: StatementView


class Attention(BaseModel):
    """Articles that somebody should look at again."""

    stale: Annotated[list[StaleArticle], Field(description="the most used first")]
    conflicting: list[ConflictView]


@dataclass(frozen=True, slots=True)
class Days:
    """A period in days of a time zone, both included."""

    since: date
    until: date
    zone: str


_ZONE = text("SELECT coalesce(time_zone, 'UTC') FROM hotels WHERE id = :hotel_id")
_STATISTICS = text("""
    WITH asked AS (
        SELECT CAST(:since AS date)::timestamp AT TIME ZONE :zone AS since,
               (CAST(:until AS date) + 1)::timestamp AT TIME ZONE :zone AS until
    ),
    uses AS (
        SELECT CAST(source->>'article_id' AS uuid) AS article_id, turn.created_at >= asked.since AND turn.created_at < asked.until AS inside,
               message.sent_at
          FROM asked, turns AS turn
          JOIN messages AS message ON message.conversation_id = turn.conversation_id AND message.id = turn.message_id
         CROSS JOIN LATERAL jsonb_array_elements(message.sources) AS source
         WHERE turn.hotel_id = :hotel_id
    ),
    used AS (
        SELECT article_id, count(*) FILTER (WHERE inside) AS used, max(sent_at) AS last_used_at
          FROM uses GROUP BY article_id
    ),
    rated AS (
        SELECT article_id, count(*) FILTER (WHERE helpful) AS helpful, count(*) FILTER (WHERE NOT helpful) AS unhelpful
          FROM asked, knowledge_ratings AS rating CROSS JOIN LATERAL unnest(rating.article_ids) AS article_id
         WHERE rating.hotel_id = :hotel_id AND rating.rated_at >= asked.since AND rating.rated_at < asked.until
         GROUP BY article_id
    )
    SELECT article.id AS article_id, variant.title, article.published, article.updated_at, used.last_used_at,
           coalesce(used.used, 0) AS used, coalesce(rated.helpful, 0) AS helpful, coalesce(rated.unhelpful, 0) AS unhelpful
      FROM knowledge_articles AS article
      JOIN knowledge_variants AS variant ON variant.article_id = article.id AND variant.position = 0
      LEFT JOIN used ON used.article_id = article.id
      LEFT JOIN rated ON rated.article_id = article.id
     WHERE article.hotel_id = :hotel_id
       AND (coalesce(used.used, 0), article.id) < (CAST(:before_used AS bigint), CAST(:before_id AS uuid))
     ORDER BY coalesce(used.used, 0) DESC, article.id DESC
     LIMIT :limit
""")
_COVERAGE = text("""
    SELECT count(*) AS turns,
           count(*) FILTER (WHERE action = 'answer') AS answered,
           count(*) FILTER (WHERE action = 'clarify') AS asked_back,
           count(*) FILTER (WHERE action = 'small_talk') AS small_talk,
           count(*) FILTER (WHERE action = 'hand_over') AS handed_over,
           count(*) FILTER (WHERE action = 'hand_over' AND 'no_article' = ANY(reasons)) AS no_article,
           count(*) FILTER (WHERE action = 'hand_over' AND 'low_confidence' = ANY(reasons)) AS low_confidence
      FROM turns
     WHERE hotel_id = :hotel_id AND state IN ('answered', 'handed_over')
       AND created_at >= CAST(:since AS date)::timestamp AT TIME ZONE :zone
       AND created_at < (CAST(:until AS date) + 1)::timestamp AT TIME ZONE :zone
""")
_LATELY = text("""
    WITH used AS (
        SELECT CAST(source->>'article_id' AS uuid) AS article_id, count(*) AS used
          FROM turns AS turn
          JOIN messages AS message ON message.conversation_id = turn.conversation_id AND message.id = turn.message_id
         CROSS JOIN LATERAL jsonb_array_elements(message.sources) AS source
         WHERE turn.hotel_id = :hotel_id AND turn.created_at >= :used_since
         GROUP BY 1
    ),
    marks AS (
        SELECT rated.article_id, rating.helpful, rating.rated_at
          FROM knowledge_ratings AS rating CROSS JOIN LATERAL unnest(rating.article_ids) AS rated (article_id)
         WHERE rating.hotel_id = :hotel_id
    )
    SELECT article.id AS article_id, variant.title, article.updated_at, coalesce(used.used, 0) AS used,
           article.updated_at < CAST(:now AS timestamptz) - make_interval(months => :months) AS old,
           count(marks.helpful) FILTER (WHERE marks.helpful) AS helpful,
           count(marks.helpful) FILTER (WHERE NOT marks.helpful) AS unhelpful
      FROM knowledge_articles AS article
      JOIN knowledge_variants AS variant ON variant.article_id = article.id AND variant.position = 0
      LEFT JOIN used ON used.article_id = article.id
      LEFT JOIN marks ON marks.article_id = article.id AND marks.rated_at >= article.updated_at
     WHERE article.hotel_id = :hotel_id AND article.published
     GROUP BY article.id, variant.title, used.used
     ORDER BY used DESC, article.id
""")
_PUBLISHED = text("""
    SELECT article.id,
           jsonb_agg(jsonb_build_array(variant.language, variant.title, variant.body) ORDER BY variant.position) AS variants
      FROM knowledge_articles AS article
      JOIN knowledge_variants AS variant ON variant.article_id = article.id
     WHERE article.hotel_id = :hotel_id AND article.published
     GROUP BY article.id
""")


async def period(tx: Transaction, since: date | None, until: date | None) -> Days:
    """The days that are meant, in the hotel's time zone: without `until` up to today, without `since` DAYS of them.

    Raises:
        BadPeriod: it ends before it begins.
    """
    zone = await tx.scalar(_ZONE, {"hotel_id": tx.hotel_id}) or "UTC"
    last = until or tx.now.astimezone(zone_info(zone)).date()
    first = since or date.fromordinal(max(1, last.toordinal() - DAYS + 1))
    if first > last:
        raise BadPeriod(pointer="query:since")
    return Days(first, last, zone)


async def article_statistics(tx: Transaction, days: Days, page: PageRequest) -> Page[ArticleStatistics]:
    """The hotel's articles, those used most in the period first.

    Raises:
        BadCursor: the cursor is none of such a list.
    """
    before_used, before_id = _before(page)
    asked = {**_bounds(tx, days), "before_used": before_used, "before_id": before_id, "limit": page.limit + 1}
    rows = (await tx.execute(_STATISTICS, asked)).mappings()
    items = [ArticleStatistics.model_validate(dict(row)) for row in rows]
    last = items[: page.limit][-1:]
    return page.page(items, *[part for item in last for part in (item.used, item.article_id)])


async def coverage(tx: Transaction, days: Days) -> Coverage:
    """What became of the turns of the period."""
    row = dict((await tx.execute(_COVERAGE, _bounds(tx, days))).mappings().one())
    asking = row["turns"] - row["small_talk"]
    return Coverage(
        since=days.since,
        until=days.until,
        **row,
        answered_share=row["answered"] / asking if asking else None,
        no_article_share=row["no_article"] / asking if asking else None,
    )


async def attention(tx: Transaction, months: int) -> Attention:
    """The published articles that are older than `months` and in use, rated badly, or contradict each other."""
    asked = {
        "hotel_id": tx.hotel_id,
        "now": tx.now,
        "used_since": tx.now.astimezone(UTC) - timedelta(days=IN_USE_DAYS),
        "months": months,
    }
    stale: list[StaleArticle] = []
    for row in (await tx.execute(_LATELY, asked)).mappings():
        why = needs_a_look(old=row["old"], uses=row["used"], helpful=row["helpful"], unhelpful=row["unhelpful"])
        if why:
            stale.append(StaleArticle.model_validate({**row, "why": why}))
    articles = [
        (ArticleId(row["id"]), [Variant(language, title, (), body) for language, title, body in row["variants"]])
        for row in (await tx.execute(_PUBLISHED, {"hotel_id": tx.hotel_id})).mappings()
    ]
    titles = {(key, variant.language): variant.title for key, variants in articles for variant in variants}
    found = await asyncio.to_thread(conflicts, articles)
    return Attention(stale=stale, conflicting=[_conflict(one, titles) for one in found])


def _conflict(found: ConflictingStatements, titles: dict[tuple[ArticleId, str], str]) -> ConflictView:
    def view(one: Statement) -> StatementView:
        return StatementView(article_id=one.article_id, title=titles[one.article_id, one.language], text=one.text)

    return ConflictView(
        kind=found.kind, language=found.first.language, first=view(found.first), second=view(found.second)
    )


def _bounds(tx: Transaction, days: Days) -> dict[str, object]:
    return {"hotel_id": tx.hotel_id, "since": days.since, "until": days.until, "zone": days.zone}


def _before(page: PageRequest) -> tuple[int, UUID]:
    """Where the page begins: before that use and id, in descending order."""
    position = page.position(2)
    if position is None:
        return MOST, UUID(int=2**128 - 1)
    used, key = position
    if not isinstance(used, int) or isinstance(used, bool) or not 0 <= used <= MOST:
        raise BadCursor(pointer="query:cursor")
    try:
        return used, UUID(str(key))
    except ValueError as error:
        raise BadCursor(pointer="query:cursor") from error

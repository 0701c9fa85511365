"""Reading the gaps of the knowledge base: how often each was asked, by examples, and the draft that would close it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from contracts.errors import NotFound
from contracts.ids import ArticleId, ConversationId, TurnId
from conversation.domain.drafts import Asked, Draft, draft
from conversation.domain.gaps import Cause, GapState
from conversation.domain.masking import mask
from servicekit.pagination import BadCursor, Page, PageRequest
from servicekit.transaction import Transaction

EXAMPLES = 5
"""Questions of a gap that are shown, the newest."""
READ = 20
"""Questions of a gap, the newest, that its draft is made from."""
MOST = 2**31 - 1


class Example(BaseModel):
    """A question of a gap, and what staff answered then."""

    conversation_id: ConversationId
    turn_id: TurnId
    cause: Cause
    question: str
    answers: Annotated[list[str], Field(description="what staff said next, in order")]
    asked_at: datetime


class DraftView(BaseModel):
    """The article that would close the gap, from what staff answered last; without secrets and names."""

    language: str
    title: str
    questions: Annotated[list[str], Field(description="as guests asked")]
    body: Annotated[str, Field(description="empty while staff have not answered; then it cannot be approved as it is")]


class GapView(BaseModel):
    """Questions of one meaning and language that the knowledge base left open."""

    id: UUID
    language: str
    state: GapState
    article_id: Annotated[ArticleId | None, Field(description="that closed it; it may have been deleted since")]
    count: Annotated[int, Field(description="turns that asked it")]
    rated_badly: Annotated[int, Field(description="how many of them were answered, but not helpfully")]
    first_asked_at: datetime
    last_asked_at: datetime
    examples: Annotated[list[Example], Field(description=f"the newest {EXAMPLES}")]
    draft: DraftView


_COUNTED = text("""
    SELECT gap.id, gap.language, gap.state, gap.article_id, asked.*
      FROM knowledge_gaps AS gap
     CROSS JOIN LATERAL (
        SELECT count(*) AS count, count(*) FILTER (WHERE cause = 'rated_badly') AS rated_badly,
               min(asked_at) AS first_asked_at, max(asked_at) AS last_asked_at
          FROM knowledge_gap_questions AS question WHERE question.gap_id = gap.id
     ) AS asked
     WHERE gap.hotel_id = :hotel_id AND asked.count > 0
       AND (CAST(:gap_id AS uuid) IS NULL OR gap.id = :gap_id)
       AND (CAST(:state AS text) IS NULL OR gap.state = :state)
       AND (CAST(:language AS text) IS NULL OR gap.language = :language)
       AND (asked.count, gap.id) < (CAST(:before_count AS bigint), CAST(:before_id AS uuid))
     ORDER BY asked.count DESC, gap.id DESC
     LIMIT :limit
""")
# What staff answered: their messages right after the turn, before the next turn, up to what the guest says then.
_QUESTIONS = text("""
    SELECT asked.gap_id, asked.turn_id, asked.conversation_id, asked.cause, asked.asked_at, said.question, said.guest_said,
           answered.answers,
           array_remove(ARRAY[says.name, says.email, says.phone, says.room]
                        || ARRAY(SELECT display_name FROM staff WHERE staff.hotel_id = :hotel_id), NULL) AS people
      FROM unnest(CAST(:ids AS uuid[])) AS gap (id)
     CROSS JOIN LATERAL (
        SELECT * FROM knowledge_gap_questions AS question
         WHERE question.gap_id = gap.id ORDER BY question.asked_at DESC, question.turn_id DESC LIMIT :read
     ) AS asked
      JOIN turns AS turn ON turn.id = asked.turn_id
      JOIN conversations AS conversation ON conversation.id = asked.conversation_id
      LEFT JOIN guest_says AS says ON says.hotel_id = :hotel_id AND says.guest_id = conversation.guest_id
     CROSS JOIN LATERAL (
        SELECT coalesce(string_agg(message.text, E'\\n' ORDER BY message.seq)
                        FILTER (WHERE message.seq BETWEEN turn.first_seq AND turn.last_seq), '') AS question,
               coalesce(string_agg(message.text, E'\\n' ORDER BY message.seq), '') AS guest_said
          FROM messages AS message
         WHERE message.conversation_id = turn.conversation_id AND message.sender = 'guest' AND message.kind = 'text'
     ) AS said
     CROSS JOIN LATERAL (
        SELECT min(message.seq) AS seq FROM messages AS message
         WHERE message.conversation_id = turn.conversation_id AND message.sender = 'staff' AND message.seq > turn.last_seq
           AND message.seq < coalesce((SELECT min(later.first_seq) FROM turns AS later
                                        WHERE later.conversation_id = turn.conversation_id
                                          AND later.first_seq > turn.last_seq), :most)
     ) AS first
     CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(message.text ORDER BY message.seq), '{}') AS answers
          FROM messages AS message
         WHERE message.conversation_id = turn.conversation_id AND message.sender = 'staff' AND message.kind = 'text'
           AND message.seq >= first.seq
           AND message.seq < coalesce((SELECT min(reply.seq) FROM messages AS reply
                                        WHERE reply.conversation_id = turn.conversation_id AND reply.sender = 'guest'
                                          AND reply.seq > first.seq), :most)
     ) AS answered
     ORDER BY asked.asked_at DESC, asked.turn_id DESC
""")

Json = Mapping[str, Any]  # Any: columns


async def list_gaps(tx: Transaction, page: PageRequest, state: GapState | None, language: str | None) -> Page[GapView]:
    """The hotel's gaps, what was asked most often first.

    Raises:
        BadCursor: the cursor is none of such a list.
    """
    before_count, before_id = _before(page)
    asked = {
        "gap_id": None,
        "state": state,
        "language": language,
        "before_count": before_count,
        "before_id": before_id,
        "limit": page.limit + 1,
    }
    found = await _counted(tx, asked)
    last = found[: page.limit][-1:]
    shown = page.page(found, *[part for gap in last for part in (gap["count"], gap["id"])])
    questions = await _questions(tx, [gap["id"] for gap in shown.items])
    items = [_view(gap, questions.get(gap["id"], [])) for gap in shown.items]
    return Page(items=items, next_cursor=shown.next_cursor)


async def gap_by_id(tx: Transaction, gap_id: UUID) -> tuple[GapView, Draft]:
    """One gap, and its draft.

    Raises:
        NotFound: the hotel has no such gap.
    """
    everything = {"state": None, "language": None, "before_count": MOST, "before_id": UUID(int=2**128 - 1), "limit": 1}
    found = await _counted(tx, {"gap_id": gap_id, **everything})
    if not found:
        raise NotFound("No such gap")
    questions = (await _questions(tx, [gap_id])).get(gap_id, [])
    return _view(found[0], questions), _draft(found[0], questions)


async def _counted(tx: Transaction, asked: Json) -> list[Json]:
    return [dict(row) for row in (await tx.execute(_COUNTED, {"hotel_id": tx.hotel_id, **asked})).mappings()]


async def _questions(tx: Transaction, gaps: Sequence[UUID]) -> dict[UUID, list[Json]]:
    asked = {"hotel_id": tx.hotel_id, "ids": list(gaps), "read": READ, "most": MOST}
    found: dict[UUID, list[Json]] = {}
    for row in (await tx.execute(_QUESTIONS, asked)).mappings():
        found.setdefault(row["gap_id"], []).append(dict(row))
    return found


def _view(gap: Json, questions: Sequence[Json]) -> GapView:
    examples = [
        Example.model_validate(
            {**one, "question": mask(one["question"]).text, "answers": [mask(text).text for text in one["answers"]]}
        )
        for one in questions[:EXAMPLES]
    ]
    made = DraftView.model_validate(asdict(_draft(gap, questions)))
    return GapView.model_validate({**gap, "examples": examples, "draft": made})


def _draft(gap: Json, questions: Sequence[Json]) -> Draft:
    return draft(
        gap["language"],
        [Asked(one["question"], tuple(one["answers"]), tuple(one["people"]), one["guest_said"]) for one in questions],
    )


def _before(page: PageRequest) -> tuple[int, UUID]:
    """Where the page begins: before that count and id, in descending order."""
    position = page.position(2)
    if position is None:
        return MOST, UUID(int=2**128 - 1)
    count, key = position
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= MOST:
        raise BadCursor(pointer="query:cursor")
    try:
        return count, UUID(str(key))
    except ValueError as error:
        raise BadCursor(pointer="query:cursor") from error

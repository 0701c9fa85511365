"""Gaps of the knowledge base: turns that tell of one are put together, and a person closes it with an article or for good."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from pydantic import Field
from sqlalchemy import text
from sqlmodel import col, select

from contracts.errors import Conflict
from contracts.ids import ConversationId
from conversation.adapters.embedder import Embedder, Vector
from conversation.commands.articles import ArticleVariant, CreateArticle, Variants, create_article
from conversation.domain.drafts import Draft
from conversation.domain.gaps import OPEN_REASONS, Cause, GapState, is_rated_badly, nearest
from conversation.tables import ConversationRow
from conversation.tables_knowledge import ArticleRow, GapQuestionRow, GapRow
from servicekit.commands import Command
from servicekit.due import DueItem
from servicekit.ids import new_id
from servicekit.transaction import Transaction

DUE = "gap_question"
"""A turn may tell of a gap, or may no longer: look at it."""


class GapClosed(Conflict):
    """Somebody has decided about it already."""

    slug, title = "gap-closed", "This gap is closed already"


class GapWithoutDraft(Conflict):
    """There is no draft to approve: staff have not answered such a question yet. The article's text can be given."""

    slug, title = "gap-without-draft", "There is no draft yet"


class ApproveGap(Command):
    """Close a gap with an article that is published at once."""

    variants: Variants | None = Field(default=None, description="instead of the draft")


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """What a turn asked, in which language it was answered, and how it told of a gap, if it did."""

    conversation_id: ConversationId
    text: str
    language: str
    asked_at: datetime
    cause: Cause | None


# A turn that was dropped, or whose guest was erased, tells of nothing.
_TURN = text("""
    SELECT turn.conversation_id, turn.created_at, turn.state, turn.reasons, conversation.language AS spoken,
           reply.language, said.text, coalesce(marks.helpful, 0) AS helpful, coalesce(marks.unhelpful, 0) AS unhelpful
      FROM turns AS turn
      JOIN conversations AS conversation ON conversation.id = turn.conversation_id
      LEFT JOIN messages AS reply ON reply.conversation_id = turn.conversation_id AND reply.id = turn.message_id
     CROSS JOIN LATERAL (
        SELECT coalesce(string_agg(message.text, E'\\n' ORDER BY message.seq), '') AS text
          FROM messages AS message
         WHERE message.conversation_id = turn.conversation_id AND message.sender = 'guest' AND message.kind = 'text'
           AND message.seq BETWEEN turn.first_seq AND turn.last_seq
     ) AS said
     CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE helpful) AS helpful, count(*) FILTER (WHERE NOT helpful) AS unhelpful
          FROM knowledge_ratings AS rating
         WHERE rating.conversation_id = turn.conversation_id AND rating.turn_id = turn.id
     ) AS marks
     WHERE turn.id = :turn_id
""")
_GATE = text("SELECT pg_advisory_xact_lock(hashtextextended(:gaps, 0))")
_WITHOUT_QUESTIONS = text("""
    DELETE FROM knowledge_gaps AS gap WHERE id = ANY(:ids)
       AND NOT EXISTS (SELECT 1 FROM knowledge_gap_questions AS question WHERE question.gap_id = gap.id)
""")
_FORGET = text("DELETE FROM knowledge_gap_questions WHERE conversation_id = ANY(:ids) RETURNING gap_id")
# The first question of a gap may be one that is forgotten: the next one stands for it then.
_FIRST_AGAIN = text("""
    UPDATE knowledge_gaps AS gap SET embedding = (
        SELECT question.embedding FROM knowledge_gap_questions AS question
         WHERE question.gap_id = gap.id ORDER BY question.asked_at, question.turn_id LIMIT 1
    ) WHERE gap.id = ANY(:ids)
""")


async def read_turn(turn_id: UUID, tx: Transaction) -> OpenTurn | None:
    """What a turn asked; None where nothing is left of it."""
    row = (await tx.execute(_TURN, {"turn_id": turn_id})).mappings().one_or_none()
    if row is None or not row["text"].strip():
        return None
    cause = None
    if row["state"] == "handed_over" and OPEN_REASONS & set(row["reasons"]):
        cause = Cause.UNANSWERED
    elif is_rated_badly(row["helpful"], row["unhelpful"]):
        cause = Cause.RATED_BADLY
    return OpenTurn(row["conversation_id"], row["text"], row["language"] or row["spoken"], row["created_at"], cause)


async def place_question(turn: OpenTurn, vector: Vector, item: DueItem, tx: Transaction) -> None:
    """Put a turn into the gap that it tells of, or take it out again, under the lock of its conversation.

    Raises:
        LeaseLost: somebody else has it now.
    """
    await tx.lock(ConversationRow, turn.conversation_id)
    await tx.finish(item)
    now = await read_turn(item.object_id, tx)
    await _gate(tx)
    known = await tx.find(GapQuestionRow, item.object_id)
    if now is None or now.cause is None:
        if known is not None:
            await tx.delete(known)
            await tx.flush()
            await tx.execute(_WITHOUT_QUESTIONS, {"ids": [known.gap_id]})
    elif known is not None:
        known.cause = now.cause.value
    else:
        gap = await _gap_of(now.language, vector, tx)
        tx.add(
            GapQuestionRow(
                turn_id=item.object_id,
                hotel_id=gap.hotel_id,
                gap_id=gap.id,
                conversation_id=now.conversation_id,
                cause=now.cause.value,
                embedding=vector,
                asked_at=now.asked_at,
            )
        )


async def approve_gap(
    gap_id: UUID, command: ApproveGap, draft: Draft, tx: Transaction, embedder: Embedder
) -> ArticleRow:
    """Close a gap with an article, the given one or the draft, published at once.

    Raises:
        NotFound: the hotel has no such gap.
        GapClosed: somebody has decided already.
        GapWithoutDraft: there is neither a draft nor another text.
    """
    gap = await _open_gap(gap_id, tx)
    variants = command.variants or _variants(draft)
    row = await create_article(CreateArticle(variants=variants, published=True), tx, embedder)
    gap.state, gap.article_id = GapState.APPROVED.value, row.id
    gap.version += 1
    tx.audit("gap.approve", "gap", gap_id)
    return row


async def dismiss_gap(gap_id: UUID, tx: Transaction) -> GapRow:
    """Close a gap for good: whoever asks the same later adds to it, and it stays closed.

    Raises:
        NotFound: the hotel has no such gap.
        GapClosed: somebody has decided already.
    """
    gap = await _open_gap(gap_id, tx)
    gap.state = GapState.DISMISSED.value
    gap.version += 1
    tx.audit("gap.dismiss", "gap", gap_id)
    return gap


async def forget_questions(conversations: list[ConversationId], tx: Transaction) -> int:
    """Take what was asked in these conversations out of the gaps; how many questions it was."""
    await _gate(tx)
    gaps = await tx.scalars(_FORGET, {"ids": conversations})
    touched = {"ids": sorted(set(gaps))}
    await tx.execute(_WITHOUT_QUESTIONS, touched)
    await tx.execute(_FIRST_AGAIN, touched)
    return len(gaps)


async def _gap_of(language: str, vector: Vector, tx: Transaction) -> GapRow:
    """The gap in that language that the question belongs to; a new one where there is none."""
    taking = [GapState.OPEN.value, GapState.DISMISSED.value]
    found: list[GapRow] = await tx.scalars(
        select(GapRow)
        .where(col(GapRow.hotel_id) == tx.hotel_id, col(GapRow.state).in_(taking), col(GapRow.language) == language)
        .order_by(col(GapRow.id))
    )
    firsts = [np.asarray(gap.embedding, dtype=np.float32) for gap in found]
    place = nearest(vector, np.stack(firsts)) if firsts else None
    if place is not None:
        return found[place]
    gap = GapRow(id=new_id(), language=language, embedding=vector)
    tx.add(gap)
    await tx.flush()
    return gap


async def _open_gap(gap_id: UUID, tx: Transaction) -> GapRow:
    await _gate(tx)
    gap = await tx.lock(GapRow, gap_id)
    if gap.state != GapState.OPEN.value:
        raise GapClosed
    return gap


def _variants(draft: Draft) -> list[ArticleVariant]:
    if not draft.title or not draft.body:
        raise GapWithoutDraft
    value: dict[str, Any] = {  # Any: as in a request
        "language": draft.language,
        "title": draft.title,
        "questions": draft.questions,
        "body": draft.body,
    }
    return [ArticleVariant.model_validate(value)]


async def _gate(tx: Transaction) -> None:
    """One at a time in a hotel: two questions that ask the same at the same moment make one gap."""
    await tx.execute(_GATE, {"gaps": f"gaps {tx.hotel_id}"})

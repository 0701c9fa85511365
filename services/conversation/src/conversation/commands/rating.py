"""Answers of the AI are rated, by the guest who got them or by staff. One rating per person and answer: the last one."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool
from sqlmodel import col, select

from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.events import AnswerRated
from contracts.ids import ArticleId, ConversationId, MessageId, TurnId
from contracts.values import TurnAction
from conversation.commands.gaps import DUE as GAP_QUESTION
from conversation.tables import ConversationRow, MessageRow
from conversation.tables_knowledge import RatingRow
from servicekit.actor import Actor
from servicekit.commands import Command
from servicekit.transaction import Transaction


class NotAnAnswer(Conflict):
    """Only what the AI answered from articles is rated, and not once its guest was erased."""

    slug, title = "not-an-answer", "This message is no answer from an article"


class NotASource(Invalid):
    """The answer was not taken from that article."""

    slug, title = "not-a-source", "The answer was not taken from this article"


class RateAnswer(Command):
    """Whether an answer was helpful."""

    helpful: StrictBool
    article_id: ArticleId | None = Field(
        default=None, description="the source that it is about; all of them if left out"
    )


class RatingView(BaseModel):
    """What one says of an answer."""

    message_id: MessageId
    article_ids: Annotated[list[ArticleId], Field(description="the sources that it is about")]
    helpful: bool
    rated_at: datetime


async def rate_as_guest(
    conversation_id: ConversationId, message_id: MessageId, command: RateAnswer, guest: Actor, tx: Transaction
) -> RatingView:
    """The guest of the conversation rates an answer.

    Raises:
        NotFound: it is not this guest's conversation, or has no such message.
        NotAnAnswer: the message is none.
        NotASource: the answer was not taken from that article.
    """
    row = await tx.lock(ConversationRow, conversation_id)
    if row.guest_id != guest.id:
        raise NotFound("No such conversation")
    rating, _ = await _rate(row, message_id, command, "guest", guest, tx)
    return _view(rating)


async def rate_as_staff(
    conversation_id: ConversationId, message_id: MessageId, command: RateAnswer, actor: Actor, tx: Transaction
) -> RatingView:
    """A member of staff rates an answer.

    Raises:
        NotFound: the hotel has no such conversation, or it has no such message.
        NotAnAnswer: the message is none.
        NotASource: the answer was not taken from that article.
        Forbidden: a service, which has no opinion.
    """
    row = await tx.lock(ConversationRow, conversation_id)
    rating, changed = await _rate(row, message_id, command, "staff", actor, tx)
    if changed:
        tx.audit("answer.rate", "message", message_id)
    return _view(rating)


async def _rate(
    row: ConversationRow, message_id: MessageId, command: RateAnswer, rater: str, actor: Actor, tx: Transaction
) -> tuple[RatingRow, bool]:
    if actor.id is None:
        raise Forbidden("Only people rate answers")
    message = await _message(row, message_id, tx)
    articles = _articles(message, command)
    given = select(RatingRow).where(
        col(RatingRow.conversation_id) == row.id,
        col(RatingRow.message_id) == message_id,
        col(RatingRow.rater_id) == actor.id,
    )
    rating = next(iter(await tx.scalars(given)), None)
    if rating is not None and (rating.helpful, rating.article_ids) == (command.helpful, articles):
        return rating, False
    if rating is None:
        rating = RatingRow(
            hotel_id=row.hotel_id,
            conversation_id=row.id,
            message_id=message_id,
            turn_id=message.turn_id,
            rater=rater,
            rater_id=actor.id,
            article_ids=articles,
            helpful=command.helpful,
            rated_at=tx.now,
        )
        tx.add(rating)
    else:
        rating.article_ids, rating.helpful, rating.rated_at = articles, command.helpful, tx.now
    if message.turn_id is not None:
        await tx.due(GAP_QUESTION, message.turn_id, tx.now)
    tx.publish(
        AnswerRated(
            conversation_id=row.key,
            guest_id=row.guest,
            message_id=message_id,
            turn_id=TurnId(message.turn_id) if message.turn_id else None,
            article_ids=tuple(ArticleId(one) for one in articles),
            helpful=command.helpful,
            by=actor.ref(),
            version=row.next_version(),
        )
    )
    return rating, True


async def _message(row: ConversationRow, message_id: MessageId, tx: Transaction) -> MessageRow:
    found = await tx.scalars(
        select(MessageRow).where(col(MessageRow.conversation_id) == row.id, col(MessageRow.id) == message_id)
    )
    if not found:
        raise NotFound("No such message")
    message: MessageRow = found[0]
    return message


def _articles(message: MessageRow, command: RateAnswer) -> list[UUID]:
    sources: list[Any] = message.sources  # Any: JSON
    articles = [UUID(source["article_id"]) for source in sources]
    if message.action != TurnAction.ANSWER.value or not articles:
        raise NotAnAnswer
    if command.article_id is None:
        return articles
    if command.article_id not in articles:
        raise NotASource(pointer="/article_id")
    return [command.article_id]


def _view(rating: RatingRow) -> RatingView:
    return RatingView(
        message_id=MessageId(rating.message_id),
        article_ids=[ArticleId(one) for one in rating.article_ids],
        helpful=rating.helpful,
        rated_at=rating.rated_at,
    )

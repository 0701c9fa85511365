"""Reading messages: what was said in a conversation from some point on, in one statement."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from contracts.ids import ArticleId, ConversationId, MessageId, TurnId
from contracts.values import TurnAction
from conversation.domain.notices import Notice
from servicekit.pagination import Page
from servicekit.transaction import Transaction

PAGE = 200
"""Messages in one answer; who wants more asks again with the last seq."""

Sender = Literal["guest", "ai", "staff", "system"]


class SourceView(BaseModel):
    """An article that an answer was taken from."""

    article_id: ArticleId
    title: str
    score: Annotated[float, Field(ge=0, le=1)]


class MessageView(BaseModel):
    """Something said, or a state line (`kind` notice)."""

    id: MessageId
    conversation_id: ConversationId
    seq: Annotated[int, Field(description="position in the conversation, from 1, without gaps")]
    sender: Sender
    sender_name: str | None = Field(default=None, description="of a member of staff")
    text: str
    kind: Literal["text", "notice"] = "text"
    notice: Notice | None = None
    action: TurnAction | None = Field(default=None, description="what the AI did; only on its messages")
    confidence: float | None = None
    sources: list[SourceView] = Field(default_factory=list[SourceView])
    turn_id: TurnId | None = Field(
        default=None, description="the turn that a guest's message is part of, or its answer"
    )
    choices: list[str] = Field(
        default_factory=list[str], description="of a question back: what to choose from; said as it is, it is answered"
    )
    language: str | None = None
    sent_at: datetime


_SELECT = """
    SELECT message.id, message.conversation_id, message.seq, message.sender, staff.display_name AS sender_name,
           message.text, message.kind, message.notice, message.action, message.confidence, message.sources,
           message.turn_id, message.choices, message.language, message.sent_at
      FROM messages AS message
      LEFT JOIN staff ON staff.hotel_id = message.hotel_id AND staff.user_id = message.sender_id
                     AND message.sender = 'staff'
     WHERE message.conversation_id = :conversation_id
"""
# By the primary key (conversation_id, seq), forwards and backwards.
_AFTER = text(f"{_SELECT} AND message.seq > :after_seq ORDER BY message.seq LIMIT :limit")
_BEFORE = text(f"{_SELECT} AND message.seq < :before_seq ORDER BY message.seq DESC LIMIT :limit")


async def messages_after(tx: Transaction, conversation_id: UUID, after_seq: int) -> list[MessageView]:
    """The messages after `after_seq`, oldest first, PAGE of them at most. Whose conversation it is was checked before."""
    rows = await tx.execute(_AFTER, {"conversation_id": conversation_id, "after_seq": after_seq, "limit": PAGE})
    return [MessageView.model_validate(dict(row)) for row in rows.mappings()]


async def page_of_messages(tx: Transaction, conversation_id: UUID, after_seq: int) -> Page[MessageView]:
    """The same as a page; its `next_cursor`, if there is one, is the `after_seq` of the next."""
    found = await messages_after(tx, conversation_id, after_seq)
    return Page(items=found, next_cursor=str(found[-1].seq) if len(found) == PAGE else None)


async def page_of_messages_before(tx: Transaction, conversation_id: UUID, before_seq: int) -> Page[MessageView]:
    """The last messages before `before_seq`, oldest first; `next_cursor`, if there is one, is the next `before_seq`."""
    rows = await tx.execute(_BEFORE, {"conversation_id": conversation_id, "before_seq": before_seq, "limit": PAGE})
    found = [MessageView.model_validate(dict(row)) for row in rows.mappings()][::-1]
    return Page(items=found, next_cursor=str(found[0].seq) if found and found[0].seq > 1 else None)

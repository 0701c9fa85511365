"""All that is kept here of a person, for an export (GDPR, Articles 15 and 20)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel
from sqlalchemy import text

from contracts.ids import ConversationId, GuestId, MessageId
from contracts.statuses import ConversationStatus
from contracts.values import Channel
from conversation.queries.conversations import GuestSays
from servicekit.transaction import Transaction


class MessageData(BaseModel):
    """Something that was said."""

    sent_at: datetime
    sender: Literal["guest", "ai", "staff", "system"]
    text: str
    language: str | None


class ConversationData(BaseModel):
    """A conversation with all that was said in it."""

    id: ConversationId
    guest_id: GuestId
    channel: Channel
    language: str
    status: ConversationStatus
    subject: str | None
    created_at: datetime
    ended_at: datetime | None
    messages: list[MessageData]


class GuestSaysData(GuestSays):
    """What they, or the page they were on, said of themselves."""

    guest_id: GuestId


class RatingData(BaseModel):
    """Whether they found an answer helpful."""

    conversation_id: ConversationId
    message_id: MessageId
    helpful: bool
    rated_at: datetime


class GuestData(BaseModel):
    """What the conversation service keeps of a person."""

    guest_says: list[GuestSaysData]
    conversations: list[ConversationData]
    ratings: list[RatingData]


_CONVERSATIONS = text("""
    SELECT id, guest_id, channel, language, status, subject, created_at, ended_at FROM conversations
     WHERE hotel_id = :hotel_id AND guest_id = ANY(:guest_ids) ORDER BY created_at, id
""")
_MESSAGES = text("""
    SELECT conversation_id, sent_at, sender, text, language FROM messages
     WHERE conversation_id = ANY(:ids) ORDER BY conversation_id, seq
""")
_RATINGS = text("""
    SELECT conversation_id, message_id, helpful, rated_at FROM knowledge_ratings
     WHERE conversation_id = ANY(:ids) AND rater = 'guest' AND rater_id = ANY(:guest_ids) ORDER BY rated_at, id
""")
_GUEST_SAYS = text("""
    SELECT guest_id, name, email, phone, room, updated_at FROM guest_says
     WHERE hotel_id = :hotel_id AND guest_id = ANY(:guest_ids) ORDER BY guest_id
""")


async def data_of_guest(guest_ids: Sequence[GuestId], tx: Transaction) -> GuestData:
    """What is kept under these ids, which are one person's. Nothing, where nothing is known of them."""
    about = {"hotel_id": tx.hotel_id, "guest_ids": list(guest_ids)}
    conversations = (await tx.execute(_CONVERSATIONS, about)).mappings().all()
    said: dict[ConversationId, list[MessageData]] = {row["id"]: [] for row in conversations}
    for row in (await tx.execute(_MESSAGES, {"ids": list(said)})).mappings():
        said[row["conversation_id"]].append(MessageData.model_validate(dict(row)))
    rated = (await tx.execute(_RATINGS, {"ids": list(said), "guest_ids": list(guest_ids)})).mappings()
    says = (await tx.execute(_GUEST_SAYS, about)).mappings()
    return GuestData(
        guest_says=[GuestSaysData.model_validate(dict(row)) for row in says],
        conversations=[ConversationData(**dict(row), messages=said[row["id"]]) for row in conversations],
        ratings=[RatingData.model_validate(dict(row)) for row in rated],
    )

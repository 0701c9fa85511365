"""Conversation, message and turn events: one topic, keyed by conversation id, in commit order."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from contracts import topics
from contracts.actor import ActorRef
from contracts.event import Event, Fact, Version, known_only
from contracts.ids import ArticleId, ConversationId, GuestId, MessageId, TurnId, UserId
from contracts.statuses import ConversationStatus
from contracts.values import Channel, Confidence, HandOverReason, LanguageTag, ModelName, Priority, TurnAction

Score = Confidence
Reasons = Annotated[tuple[HandOverReason, ...], *known_only(HandOverReason)]
Milliseconds = Annotated[int, Field(ge=0)]


class ConversationStarted(Event, type="conversation.started", topic=topics.CONVERSATIONS, key="conversation_id"):
    """A guest opened a conversation."""

    conversation_id: ConversationId
    guest_id: GuestId
    channel: Channel
    language: LanguageTag
    version: Version


class MessageSent(Event, type="message.sent", topic=topics.CONVERSATIONS, key="conversation_id"):
    """A message was stored. The text stays with the conversation service."""

    conversation_id: ConversationId
    message_id: MessageId
    seq: Annotated[int, Field(ge=1, description="position in the conversation, without gaps, from 1")]
    sender: ActorRef
    guest_id: GuestId
    turn_id: TurnId | None = None
    sent_at: AwareDatetime
    version: Version


class ConversationTakenOver(Event, type="conversation.taken_over", topic=topics.CONVERSATIONS, key="conversation_id"):
    """A member of staff owns the conversation; the AI is silent from here on."""

    conversation_id: ConversationId
    guest_id: GuestId
    user_id: UserId
    status: ConversationStatus
    version: Version


class ConversationHandedBack(Event, type="conversation.handed_back", topic=topics.CONVERSATIONS, key="conversation_id"):
    """The conversation belongs to the AI again: handed back by a person, or (`by` the system) its escalation is resolved."""

    conversation_id: ConversationId
    guest_id: GuestId
    by: ActorRef
    status: ConversationStatus
    version: Version


class ConversationEnded(Event, type="conversation.ended", topic=topics.CONVERSATIONS, key="conversation_id"):
    """The conversation is over."""

    conversation_id: ConversationId
    guest_id: GuestId
    by: ActorRef
    version: Version


class ConversationEscalated(Event, type="conversation.escalated", topic=topics.CONVERSATIONS, key="conversation_id"):
    """A person (not the AI) asked for somebody to look at this conversation."""

    conversation_id: ConversationId
    guest_id: GuestId
    by: ActorRef
    priority: Priority
    version: Version


class ConversationRead(Event, type="conversation.read", topic=topics.CONVERSATIONS, key="conversation_id"):
    """The guest, or the desk, has read everything up to a message. What an answer implies is not said again."""

    conversation_id: ConversationId
    guest_id: GuestId
    by: ActorRef
    seq: Annotated[int, Field(ge=1, description="of the last message read")]
    version: Version


class ArticleSource(Fact):
    """An article that an answer was taken from."""

    article_id: ArticleId
    score: Score


class TurnAnswered(Event, type="turn.answered", topic=topics.CONVERSATIONS, key="conversation_id"):
    """The AI answered a turn (one or several guest messages) itself."""

    conversation_id: ConversationId
    guest_id: GuestId
    turn_id: TurnId
    message_id: MessageId
    action: TurnAction
    confidence: Score
    sources: tuple[ArticleSource, ...] = ()
    engine: ModelName
    """`local`, or the model's name."""
    attempt: Annotated[int, Field(ge=1)]
    waited_ms: Milliseconds
    """From the closing of the turn to the stored answer."""
    version: Version


class TurnHandedOver(Event, type="turn.handed_over", topic=topics.CONVERSATIONS, key="conversation_id"):
    """The AI passed the turn to staff; an escalation follows."""

    conversation_id: ConversationId
    guest_id: GuestId
    turn_id: TurnId
    message_id: MessageId
    reasons: Reasons
    priority: Priority
    confidence: Score
    language: LanguageTag
    attempt: Annotated[int, Field(ge=1)]
    waited_ms: Milliseconds
    """From the closing of the turn to the stored notice."""
    version: Version


class AnswerRated(Event, type="knowledge.rated", topic=topics.CONVERSATIONS, key="conversation_id"):
    """The guest, or a member of staff, marked an answer of the AI as helpful or not. Of the same person and message the last
    one counts."""

    conversation_id: ConversationId
    guest_id: GuestId
    message_id: MessageId
    turn_id: TurnId | None = None
    article_ids: tuple[ArticleId, ...]
    """The articles that it is about: sources of the answer."""
    helpful: bool
    by: ActorRef
    version: Version

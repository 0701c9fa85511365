"""Asking as a guest: what the AI would do with a question and why. Nothing is stored, published or sent."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.values import Confidence, HandOverReason, LanguageTag, NeverAutoTopic, Priority, TurnAction
from conversation.adapters.embedder import Vector
from conversation.adapters.engine_port import HistoryItem, HotelPolicy, OnText, Reply, Search
from conversation.domain.explaining import why
from conversation.domain.masking import mask
from conversation.domain.ranking import Found
from conversation.queries.articles import candidates
from conversation.queries.messages import SourceView
from conversation.tables import HotelRow
from servicekit.actor import Actor
from servicekit.commands import Command, Text
from servicekit.database import Database
from servicekit.transaction import Transaction

MAX_HISTORY = 12
"""Messages of context: as many as the engine sees of a conversation."""

Answer = Callable[[str, Sequence[HistoryItem], HotelPolicy, Search, OnText | None], Awaitable[Reply]]


class SaidBefore(Command):
    """A message of the conversation that the question is part of."""

    sender: Literal["guest", "ai", "staff"]
    text: Annotated[Text, Field(max_length=4000)]
    choices: Annotated[
        tuple[Annotated[Text, Field(max_length=200)], ...],
        Field(max_length=12, description="of a question back: what the guest could choose from"),
    ] = ()


class AskAsGuest(Command):
    """A question, as a guest would ask it."""

    question: Annotated[Text, Field(max_length=4000, description="several messages are joined by line breaks")]
    language: LanguageTag | None = Field(
        default=None, description="of the conversation, for a question that does not tell; else the hotel's own"
    )
    history: Annotated[
        tuple[SaidBefore, ...], Field(max_length=MAX_HISTORY, description="what was said before, oldest first")
    ] = ()
    vip: Annotated[bool, Field(strict=True, description="whether the guest is a VIP")] = False


class WouldAnswer(BaseModel):
    """What the AI would do."""

    question: Annotated[str, Field(description="as it would be stored: secrets masked")]
    action: TurnAction
    reasons: list[HandOverReason]
    priority: Annotated[Priority, Field(description="of a hand-over")]
    text: Annotated[str, Field(description="what the guest would read")]
    language: str
    confidence: Confidence
    threshold: Annotated[Confidence, Field(description="the hotel's; under it the AI hands over")]
    sources: Annotated[list[SourceView], Field(description="what it would be taken from")]
    choices: list[str]
    engine: str
    why: Annotated[list[str], Field(description="in sentences, the most telling first; in English")]


async def ask_as_guest(database: Database, actor: Actor, asked: AskAsGuest, answer: Answer) -> WouldAnswer:
    """What would be answered. Every transaction is a read-only one, and none is open while the engine works.

    Raises:
        NotFound: identity has not told of the hotel yet.
    """

    async def search(vector: Vector, words: str, language: str) -> Found:
        async with database.transaction(actor.hotel_id, actor=actor, read_only=True) as tx:
            return await candidates(tx, vector, words, language)

    async with database.transaction(actor.hotel_id, actor=actor, read_only=True) as tx:
        policy = await _policy(tx, asked)
    question = mask(asked.question).text
    before = [HistoryItem(said.sender, mask(said.text).text, said.choices) for said in asked.history]
    reply = await answer(question, before, policy, search, None)
    sources = [SourceView(article_id=one.article_id, title=one.title, score=one.score) for one in reply.sources]
    titles = [source.title for source in sources] or list(reply.choices)
    return WouldAnswer(
        question=question,
        action=reply.action,
        reasons=list(reply.reasons),
        priority=reply.priority,
        text=reply.text,
        language=reply.language,
        confidence=reply.confidence,
        threshold=policy.threshold,
        sources=sources,
        choices=list(reply.choices),
        engine=reply.engine,
        why=list(why(reply.action, reply.reasons, reply.confidence, policy.threshold, titles)),
    )


async def _policy(tx: Transaction, asked: AskAsGuest) -> HotelPolicy:
    hotel = (await tx.execute(select(HotelRow).where(col(HotelRow.id) == tx.hotel_id))).scalar_one_or_none()
    if hotel is None:
        raise NotFound("No such hotel")
    return HotelPolicy(
        threshold=hotel.confidence_threshold,
        never_auto=frozenset(NeverAutoTopic(topic) for topic in hotel.never_auto),
        default_language=asked.language or hotel.default_language,
        languages=tuple(hotel.languages),
        hand_over_vips=hotel.hand_over_vips,
        guest_is_vip=asked.vip,
        hotel_name=hotel.name,
    )

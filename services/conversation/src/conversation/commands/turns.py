"""A turn's two transactions: reading what was asked, and storing what came of it under the conversation's lock."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from contracts.events import ArticleSource, TurnAnswered, TurnHandedOver
from contracts.ids import MessageId
from contracts.statuses import GuestStatus
from contracts.values import NeverAutoTopic, TurnAction
from conversation.adapters.engine import HistoryItem, HotelPolicy, Reply
from conversation.commands.messages import channel, say
from conversation.domain import conversation as rules
from conversation.domain.conversation import Owner
from conversation.tables import ConversationRow, HotelRow, MessageRow, TurnRow
from servicekit.due import DueItem, LeaseLost
from servicekit.ids import new_id
from servicekit.transaction import Transaction

HISTORY = 12
"""Messages before the turn that the engine sees, at most."""


@dataclass(frozen=True, slots=True)
class Question:
    """A turn as it was read: what the guest asked, up to `last_seq`, and by which rules it is answered."""

    turn_id: UUID
    conversation_id: UUID
    last_seq: int
    text: str
    history: tuple[HistoryItem, ...]
    policy: HotelPolicy
    traceparent: str | None


# The open turn's messages, and what was said before it since the AI has had the conversation.
_SAID = text("""
    SELECT message.seq, message.sender, message.text, message.choices
      FROM messages AS message
     WHERE message.conversation_id = :conversation_id AND message.kind = 'text'
       AND message.seq > greatest(CAST(:ai_since_seq AS int), CAST(:first_seq AS int) - 1 - CAST(:history AS int))
       AND message.seq <= :last_seq
     ORDER BY message.seq
""")


async def read_question(turn_id: UUID, tx: Transaction) -> Question | None:
    """What a turn asks; None when it is no longer open."""
    turn = await tx.find(TurnRow, turn_id)
    if turn is None or turn.state != "open":
        return None
    row = await tx.get(ConversationRow, turn.conversation_id)
    said = await tx.execute(
        _SAID,
        {
            "conversation_id": row.id,
            "ai_since_seq": row.ai_since_seq,
            "first_seq": turn.first_seq,
            "last_seq": turn.last_seq,
            "history": HISTORY,
        },
    )
    asked: list[str] = []
    history: list[HistoryItem] = []
    for message in said.mappings():
        if message["seq"] >= turn.first_seq and message["sender"] == "guest":
            asked.append(message["text"])
        else:
            history.append(HistoryItem(message["sender"], message["text"], tuple(message["choices"])))
    return Question(
        turn_id=turn.id,
        conversation_id=row.id,
        last_seq=turn.last_seq,
        text="\n".join(asked),
        history=tuple(history),
        policy=await _policy(row, tx),
        traceparent=turn.traceparent,
    )


async def store_reply(question: Question, reply: Reply, item: DueItem, tx: Transaction) -> TurnRow:
    """Say the reply, once; nothing is said when the conversation is no longer the AI's (the turn is dropped then).

    The conversation's lock comes first, as everywhere; then the fence, so that a runner that lost the turn stores nothing.

    Raises:
        LeaseLost: somebody else has the turn now, or the guest said more in the meantime and it starts again.
    """
    row = await tx.lock(ConversationRow, question.conversation_id)
    await tx.hold(item)
    turn = await tx.lock(TurnRow, question.turn_id)
    if turn.state == "open" and turn.last_seq != question.last_seq:
        raise LeaseLost(f"turn {turn.id} goes on to message {turn.last_seq}")
    await tx.finish(item)
    if turn.state == "open":
        turn.attempt = item.attempt
        turn.version += 1
        if row.custody().owner is Owner.AI:
            _settle(row, turn, reply, tx)
        else:
            turn.state = "dropped"
    return turn


def _settle(row: ConversationRow, turn: TurnRow, reply: Reply, tx: Transaction) -> None:
    row.language = reply.language
    row.read_by_desk_seq = max(row.read_by_desk_seq, turn.last_seq)
    message = say(
        row,
        tx,
        MessageRow(
            conversation_id=row.id,
            seq=0,
            id=new_id(),
            hotel_id=row.hotel_id,
            sender="ai",
            text=reply.text,
            language=reply.language,
            turn_id=turn.id,
            action=reply.action.value,
            confidence=reply.confidence,
            sources=[
                {"article_id": str(source.article_id), "title": source.title, "score": source.score}
                for source in reply.sources
            ],
            choices=list(reply.choices),
        ),
    )
    turn.message_id = message.id
    turn.action = reply.action.value
    turn.confidence = reply.confidence
    turn.reasons = [reason.value for reason in reply.reasons]
    turn.engine = reply.engine
    turn.waited_ms = max(0, round((tx.now - turn.due_at).total_seconds() * 1000))
    if reply.action is TurnAction.HAND_OVER:
        turn.state = "handed_over"
        row.give(rules.wait_for_staff(row.custody()), tx.now)
        tx.publish(
            TurnHandedOver(
                conversation_id=row.key,
                guest_id=row.guest,
                turn_id=turn.key,
                message_id=MessageId(message.id),
                reasons=reply.reasons,
                priority=reply.priority,
                confidence=reply.confidence,
                language=reply.language,
                attempt=turn.attempt,
                waited_ms=turn.waited_ms,
                version=row.next_version(),
            )
        )
    else:
        turn.state = "answered"
        tx.publish(
            TurnAnswered(
                conversation_id=row.key,
                guest_id=row.guest,
                turn_id=turn.key,
                message_id=MessageId(message.id),
                action=reply.action,
                confidence=reply.confidence,
                sources=tuple(
                    ArticleSource(article_id=source.article_id, score=source.score) for source in reply.sources
                ),
                engine=reply.engine,
                attempt=turn.attempt,
                waited_ms=turn.waited_ms,
                version=row.next_version(),
            )
        )
    tx.hint(channel(row.id), {"seq": row.last_seq})


async def _policy(row: ConversationRow, tx: Transaction) -> HotelPolicy:
    hotel = await tx.get(HotelRow, row.hotel_id)
    status = await tx.scalar(text("SELECT status FROM guests WHERE id = :id"), {"id": row.guest_id})
    return HotelPolicy(
        threshold=hotel.confidence_threshold,
        never_auto=frozenset(NeverAutoTopic(topic) for topic in hotel.never_auto),
        default_language=row.language if row.language in hotel.languages else hotel.default_language,
        languages=tuple(hotel.languages),
        hand_over_vips=hotel.hand_over_vips,
        guest_is_vip=status == GuestStatus.VIP.value,
        hotel_name=hotel.name,
        expected_wait=None,
    )

"""A turn's two transactions: reading what was asked, and storing what came of it under the conversation's lock."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping, text

from contracts.errors import NotFound
from contracts.events import ArticleSource, TurnAnswered, TurnHandedOver
from contracts.ids import MessageId
from contracts.statuses import GuestStatus
from contracts.values import NeverAutoTopic, TurnAction
from conversation.adapters.engine import HistoryItem, HotelPolicy, Reply
from conversation.commands.gaps import DUE as GAP_QUESTION
from conversation.commands.messages import say
from conversation.commands.usage import record_use
from conversation.domain import conversation as rules
from conversation.domain.conversation import Owner
from conversation.domain.gaps import OPEN_REASONS
from conversation.tables import ConversationRow, MessageRow, TurnRow
from servicekit.due import DueItem
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


# The open turn, by its id, with its messages and what was said before it since the AI has had the conversation.
_QUESTION = text("""
    SELECT turn.conversation_id, turn.first_seq, turn.last_seq, turn.traceparent, conversation.language,
           hotel.name, hotel.confidence_threshold, hotel.never_auto, hotel.default_language, hotel.languages,
           hotel.hand_over_vips, guest.status AS guest_status, said.messages,
           NOT EXISTS (SELECT 1 FROM budgets WHERE budgets.hotel_id = conversation.hotel_id
                          AND exhausted AND hard AND 'model' = ANY(kinds)) AS model_allowed
      FROM turns AS turn
      JOIN conversations AS conversation ON conversation.id = turn.conversation_id
      LEFT JOIN hotels AS hotel ON hotel.id = conversation.hotel_id
      LEFT JOIN guests AS guest ON guest.id = conversation.guest_id
     CROSS JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_array(message.seq, message.sender, message.text, message.choices)
                         ORDER BY message.seq) AS messages
          FROM messages AS message
         WHERE message.conversation_id = conversation.id AND message.kind = 'text'
           AND message.seq > greatest(conversation.ai_since_seq, turn.first_seq - 1 - CAST(:history AS int))
           AND message.seq <= turn.last_seq
     ) AS said
     WHERE turn.id = :turn_id AND turn.state = 'open'
""")


# What was said must still stand there when it is said. Locked, so that nobody takes it back in between.
_AS_READ = text("""
    SELECT article.id FROM knowledge_articles AS article
      JOIN unnest(CAST(:ids AS uuid[]), CAST(:versions AS int[])) AS read (id, version) USING (id, version)
     WHERE article.published
     ORDER BY article.id FOR SHARE OF article
""")


class SourceChanged(Exception):
    """An article that the reply was taken from has been changed, taken back or deleted since."""


async def read_question(turn_id: UUID, tx: Transaction) -> Question | None:
    """What a turn asks; None when it is no longer open.

    Raises:
        NotFound: identity has not told of the hotel yet.
    """
    row = (await tx.execute(_QUESTION, {"turn_id": turn_id, "history": HISTORY})).mappings().one_or_none()
    if row is None:
        return None
    if row["name"] is None:
        raise NotFound("No such hotel")
    asked: list[str] = []
    history: list[HistoryItem] = []
    for seq, sender, said, choices in row["messages"] or ():
        if seq >= row["first_seq"] and sender == "guest":
            asked.append(said)
        else:
            history.append(HistoryItem(sender, said, tuple(choices)))
    return Question(
        turn_id=turn_id,
        conversation_id=row["conversation_id"],
        last_seq=row["last_seq"],
        text="\n".join(asked),
        history=tuple(history),
        policy=_policy(row),
        traceparent=row["traceparent"],
    )


async def store_reply(question: Question, reply: Reply, item: DueItem, tx: Transaction) -> TurnRow:
    """Say the reply, once; nothing is said when the conversation is no longer the AI's (the turn is dropped then).

    The conversation's lock comes first, as everywhere; then the lease is given up, which is the fence: a runner that lost
    the turn stores nothing.

    Raises:
        LeaseLost: somebody else has the turn now, or the guest said more in the meantime and it starts again.
        SourceChanged: what would be said is no longer what the hotel says.
    """
    row = await tx.lock(ConversationRow, question.conversation_id)
    await tx.finish(item)
    turn = await tx.lock(TurnRow, question.turn_id)
    # Whoever adds to a turn, or drops it, takes its lease under the conversation's lock.
    assert (turn.state, turn.last_seq) == ("open", question.last_seq)
    turn.attempt = item.attempt
    turn.version += 1
    if reply.use is not None:
        record_use(reply.use, question.conversation_id, question.turn_id, tx)
    if row.custody().owner is Owner.AI:
        await _stands(reply, tx)
        _settle(row, turn, reply, tx)
        if turn.state == "handed_over" and OPEN_REASONS & set(reply.reasons):
            await tx.due(GAP_QUESTION, turn.id, tx.now)
    else:
        turn.state = "dropped"
    return turn


async def _stands(reply: Reply, tx: Transaction) -> None:
    read = {source.article_id: source.version for source in reply.sources if source.version is not None}
    if read:
        there = await tx.scalars(_AS_READ, {"ids": list(read), "versions": list(read.values())})
        if len(there) < len(read):
            raise SourceChanged


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


def _policy(row: RowMapping) -> HotelPolicy:
    return HotelPolicy(
        threshold=row["confidence_threshold"],
        never_auto=frozenset(NeverAutoTopic(topic) for topic in row["never_auto"]),
        default_language=row["language"] if row["language"] in row["languages"] else row["default_language"],
        languages=tuple(row["languages"]),
        hand_over_vips=row["hand_over_vips"],
        guest_is_vip=row["guest_status"] == GuestStatus.VIP.value,
        hotel_name=row["name"],
        expected_wait=None,
        model_allowed=row["model_allowed"],
    )

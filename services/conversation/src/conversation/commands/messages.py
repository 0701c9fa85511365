"""Saying something: the one-call hot path for guests and staff, and what the AI and the system say under the row lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field
from sqlalchemy import text

from contracts.actor import ActorKind, ActorRef
from contracts.errors import Conflict, NotFound
from contracts.events import MessageSent
from contracts.ids import ConversationId, HotelId, MessageId, TurnId
from conversation.domain.bursts import MAX_HOLD, is_complete
from conversation.domain.conversation import ConversationEnded, HotelSuspended, NotYours
from conversation.domain.masking import mask
from conversation.domain.notices import Notice, notice_text
from conversation.tables import ConversationRow, MessageRow
from servicekit.commands import Command
from servicekit.database import Database
from servicekit.ids import new_id
from servicekit.tracing import current_traceparent
from servicekit.transaction import Transaction

MAX_TEXT = 4000
"""Characters in a message."""


class MessageDiffers(Conflict):
    """A message of that id was sent already, with another text: a new message needs a new id."""

    slug, title = "message-differs", "Another message has this id"


def _version_7(id: UUID) -> UUID:
    if id.version != 7:
        raise ValueError("a message's id is a UUIDv7")
    return id


class SendMessage(Command):
    """Say something in a conversation. The id is made by the client and makes sending again harmless."""

    id: Annotated[UUID, AfterValidator(_version_7), Field(description="UUIDv7 made by the client: the idempotency key")]
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it is stored. `repeated`: it was already."""

    id: MessageId
    seq: int
    text: str
    sent_at: datetime
    turn_id: TurnId | None
    repeated: bool


_SEND = "SELECT outcome, seq, sent_at, turn_id FROM send_message($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
_HOLD = text("SELECT hold_turn(:hotel_id, :conversation_id, :guest_id, :hold)")


async def send_message(
    db: Database,
    hotel_id: HotelId,
    conversation_id: ConversationId,
    sender: Literal["guest", "staff"],
    sender_id: UUID,
    command: SendMessage,
) -> Sent:
    """Store a message, open or join the AI's turn if it is the AI's to answer, and publish it: one database call.

    Secrets in the text are masked before it leaves this process. The same id and text again gives the stored message.

    Raises:
        NotFound: the hotel has no such conversation, or it is not this guest's.
        MessageDiffers: the id is taken by another text.
        ConversationEnded: nothing more is said in it; guests start a new one.
        NotYours: a member of staff who does not have the conversation.
        HotelSuspended: guests of it are not served.
    """
    masked = mask(command.text).text
    outcome, seq, sent_at, turn_id = await db.call(
        _SEND,
        hotel_id,
        conversation_id,
        sender,
        sender_id,
        command.id,
        masked,
        db.clock(),
        timedelta(0) if is_complete(masked) else MAX_HOLD,
        new_id(),  # of the turn, if one opens
        new_id(),  # of the event
        new_id(),  # of the audit entry
        current_traceparent(),
    )
    match outcome:
        case "stored" | "repeated":
            pass
        case "missing":
            raise NotFound("No such conversation")
        case "suspended":
            raise HotelSuspended
        case "ended":
            raise ConversationEnded("The conversation has ended; start a new one to go on")
        case "not_yours":
            raise NotYours("Take the conversation over before you answer in it")
        case _:
            raise MessageDiffers("The id belongs to a message with another text", pointer="/id")
    if db.hints is not None:  # also for what was stored already: whoever stored it may have died before they told of it
        await db.hints.send(channel(conversation_id), {"said" if sender == "guest" else "seq": seq})
        await db.hints.send("outbox")
        if turn_id is not None:
            await db.hints.send("due:turn")
    return Sent(MessageId(command.id), seq, masked, sent_at, turn_id, outcome == "repeated")


async def guest_types(db: Database, hotel_id: HotelId, conversation_id: ConversationId, guest_id: UUID) -> None:
    """The guest goes on typing: the open turn waits for the rest, at most MAX_HOLD after its first message.

    Raises:
        NotFound: it is not this guest's conversation.
    """
    async with db.autocommit() as connection:
        found = await connection.execute(
            _HOLD,
            {"hotel_id": hotel_id, "conversation_id": conversation_id, "guest_id": guest_id, "hold": MAX_HOLD},
        )
        if not found.scalar_one():
            raise NotFound("No such conversation")


def channel(conversation_id: UUID) -> str:
    """Name of the hints that wake whoever watches a conversation.

    `typing` and `partial` are shown as they come; `said` is the seq of a message that changed nothing else; `origin` is one
    that the hotel no longer allows, told within the process; after a gap (`servicekit.hints.GAP`) one looks for all; all
    others say "look".
    """
    return f"conversation:{conversation_id}"


def say(
    row: ConversationRow,
    tx: Transaction,
    message: MessageRow,
) -> MessageRow:
    """Append `message` (its seq and time are given here) to a conversation whose row is locked, and publish it."""
    row.last_seq += 1
    row.updated_at = max(row.updated_at, tx.now)
    message.seq = row.last_seq
    message.sent_at = row.updated_at
    tx.add(message)
    tx.publish(
        MessageSent(
            conversation_id=row.key,
            message_id=MessageId(message.id),
            seq=message.seq,
            sender=ActorRef(kind=ActorKind.AI if message.sender == "ai" else ActorKind.SYSTEM),
            guest_id=row.guest,
            turn_id=TurnId(message.turn_id) if message.turn_id else None,
            sent_at=message.sent_at,
            version=row.next_version(),
        )
    )
    tx.hint(channel(row.id), {"seq": row.last_seq})
    return message


def say_notice(row: ConversationRow, tx: Transaction, notice: Notice, name: str | None = None) -> MessageRow:
    """Append a state line in the guest's language to a conversation whose row is locked."""
    return say(
        row,
        tx,
        MessageRow(
            conversation_id=row.id,
            seq=0,
            id=new_id(),
            hotel_id=row.hotel_id,
            sender="system",
            kind="notice",
            notice=notice.value,
            text=notice_text(notice, row.language, name),
            language=row.language,
        ),
    )

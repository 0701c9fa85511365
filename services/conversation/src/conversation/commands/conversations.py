"""Conversations begin, change hands and end. Every function locks the conversation's row before it changes or publishes."""

from collections.abc import Callable
from typing import Annotated

from pydantic import Field
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from contracts.actor import ActorKind, ActorRef
from contracts.errors import Forbidden, NotFound
from contracts.events import (
    ConversationEnded,
    ConversationEscalated,
    ConversationHandedBack,
    ConversationStarted,
    ConversationTakenOver,
)
from contracts.ids import ConversationId, EscalationId, GuestId, UserId
from contracts.statuses import ConversationStatus, HotelStatus
from contracts.values import Channel, LanguageTag, Priority
from conversation.commands.messages import channel, say_notice
from conversation.commands.staff import staff_name
from conversation.domain import conversation as rules
from conversation.domain.conversation import Custody, HotelSuspended
from conversation.domain.notices import Notice
from conversation.tables import ConversationRow, HotelRow, TurnRow
from servicekit.actor import Actor
from servicekit.commands import AsNumber, Command
from servicekit.ids import new_id
from servicekit.transaction import Transaction

_CAN_WAIT = (ConversationStatus.OPEN, ConversationStatus.WAITING_FOR_STAFF, ConversationStatus.WITH_STAFF)


class StartConversation(Command):
    """Begin to talk to the hotel."""

    language: LanguageTag | None = None


class Escalate(Command):
    """Ask for somebody to look at a conversation."""

    priority: Annotated[Priority, AsNumber, Field(description="1 low to 4 urgent")] = Priority.NORMAL


async def start_conversation(
    command: StartConversation, guest_id: GuestId, tx: Transaction
) -> tuple[ConversationRow, bool]:
    """The guest's conversation, and whether it is new: one that goes on is not started a second time.

    Raises:
        HotelSuspended: the hotel is not served.
    """
    hotel = await active_hotel(tx)
    values = {
        "id": new_id(),
        "hotel_id": hotel.id,
        "guest_id": guest_id,
        "channel": Channel.WIDGET.value,
        "language": command.language or hotel.default_language,
        "status": ConversationStatus.OPEN.value,
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    statement = insert(ConversationRow).values(**values).on_conflict_do_nothing().returning(col(ConversationRow.id))
    while (new_one := await tx.scalar(statement)) is None:
        if going_on := await _going_on(guest_id, tx):  # else it has ended in between
            return going_on, False
    row = await tx.lock(ConversationRow, new_one)
    tx.publish(
        ConversationStarted(
            conversation_id=row.key,
            guest_id=row.guest,
            channel=Channel(row.channel),
            language=row.language,
            version=row.version,
        )
    )
    tx.audit("conversation.start", "conversation", row.id)
    return row, True


async def take_over(conversation_id: ConversationId, actor: Actor, tx: Transaction) -> ConversationRow:
    """The member of staff answers from here on; the AI is silent, also when it has an answer ready.

    Raises:
        NotFound, ConversationEnded.
    """
    user_id = member(actor)
    row = await tx.lock(ConversationRow, conversation_id)
    if not _give(row, rules.take_over(row.custody(), user_id), tx):
        return row
    await drop_turn(row, tx)
    tx.publish(
        ConversationTakenOver(
            conversation_id=row.key,
            guest_id=row.guest,
            user_id=user_id,
            status=ConversationStatus(row.status),
            version=row.next_version(),
        )
    )
    say_notice(row, tx, Notice.TAKEN_OVER, await staff_name(user_id, tx))
    tx.audit("conversation.take_over", "conversation", row.id)
    return row


async def hand_back(conversation_id: ConversationId, actor: Actor, tx: Transaction) -> ConversationRow:
    """The AI answers again, with nothing of what was said until now held against the guest.

    Raises:
        NotFound, NotYours, ConversationEnded.
    """
    user_id = member(actor)
    row = await tx.lock(ConversationRow, conversation_id)
    if _give(row, rules.hand_back(row.custody(), user_id), tx):
        _return_to_ai(row, tx, Notice.HANDED_BACK, actor.ref())
        tx.audit("conversation.hand_back", "conversation", row.id)
    return row


async def escalation_resolved(
    conversation_id: ConversationId, escalation_id: EscalationId, tx: Transaction
) -> ConversationRow | None:
    """What staff were needed for is done: the AI answers again, if it is this escalation that staff had it for."""
    row = await tx.find_locked(ConversationRow, conversation_id)
    if row is None or row.escalation_id != escalation_id:
        return None
    if _give(row, rules.return_to_ai(row.custody()), tx):
        _return_to_ai(row, tx, Notice.RETURNED, ActorRef(kind=ActorKind.SYSTEM))
        tx.audit("conversation.hand_back", "conversation", row.id)
    return row


async def escalation_created(
    conversation_id: ConversationId, escalation_id: EscalationId, version: int, tx: Transaction
) -> ConversationRow | None:
    """Somebody will look at it: the guest is told, once each time it goes to staff, unless somebody is there already.

    An escalation made by hand finds the conversation with the AI, which is silent from here on. One that was opened
    at a `version` of the conversation from before it went back to the AI is old news, and one that is over stays so.
    """
    row = await tx.find_locked(ConversationRow, conversation_id)
    if row is None or version < row.ai_since_version or row.custody().status not in _CAN_WAIT:
        return None
    if _give(row, rules.wait_for_staff(row.custody()), tx):
        await drop_turn(row, tx)
        tx.audit("conversation.escalate", "conversation", row.id)
    row.escalation_id = escalation_id
    if row.escalated_seq <= row.ai_since_seq and row.custody().status is not ConversationStatus.WITH_STAFF:
        row.escalated_seq = say_notice(row, tx, Notice.ESCALATED).seq
    return row


async def escalate(
    conversation_id: ConversationId, command: Escalate, actor: Actor, tx: Transaction
) -> ConversationRow:
    """Ask for somebody to look at it; the AI is silent until somebody has.

    Raises:
        NotFound, ConversationEnded, MoveNotAllowed.
    """
    member(actor)
    row = await tx.lock(ConversationRow, conversation_id)
    if _give(row, rules.wait_for_staff(row.custody()), tx):
        await drop_turn(row, tx)
    tx.publish(
        ConversationEscalated(
            conversation_id=row.key,
            guest_id=row.guest,
            by=actor.ref(),
            priority=command.priority,
            version=row.next_version(),
        )
    )
    if row.escalated_seq <= row.ai_since_seq:
        row.escalated_seq = say_notice(row, tx, Notice.ESCALATED).seq
    tx.audit("conversation.escalate", "conversation", row.id)
    return row


async def end_conversation(conversation_id: ConversationId, actor: Actor, tx: Transaction) -> ConversationRow:
    """Over: said by the guest, or by staff. Whose it is was checked for guests by `end_as_guest`.

    Raises:
        NotFound, NotYours.
    """
    return await _end(conversation_id, actor, tx, lambda row: rules.end(row.custody(), member(actor)))


async def end_as_guest(conversation_id: ConversationId, actor: Actor, tx: Transaction) -> ConversationRow:
    """Over: said by the guest.

    Raises:
        NotFound: it is not this guest's.
    """

    def rule(row: ConversationRow) -> Custody:
        if row.guest_id != actor.id:
            raise NotFound("No such conversation")
        return rules.end(row.custody(), None)

    return await _end(conversation_id, actor, tx, rule)


async def staff_types(conversation_id: ConversationId, actor: Actor, tx: Transaction) -> None:
    """The guest sees that somebody is typing, and who. Nothing is stored.

    Raises:
        NotFound, NotYours.
    """
    row, user_id = await tx.get(ConversationRow, conversation_id), member(actor)
    if row.custody() != Custody(ConversationStatus.WITH_STAFF, user_id):
        raise rules.NotYours
    tx.hint(channel(row.id), {"typing": "staff", "name": await staff_name(user_id, tx)})


async def drop_turn(row: ConversationRow, tx: Transaction) -> None:
    """The AI does not answer what is open: a worker in the middle of it loses its lease."""
    found: list[TurnRow] = await tx.scalars(
        select(TurnRow).where(TurnRow.conversation_id == row.id, TurnRow.state == "open").with_for_update()
    )
    for turn in found:
        turn.state = "dropped"
        turn.version += 1
        await tx.not_due("turn", turn.id)


async def active_hotel(tx: Transaction) -> HotelRow:
    """The transaction's hotel.

    Raises:
        HotelSuspended: it is not served, or not known (yet).
    """
    hotel = await tx.find(HotelRow, tx.hotel_id) if tx.hotel_id else None
    if hotel is None or hotel.status != HotelStatus.ACTIVE.value:
        raise HotelSuspended
    return hotel


def member(actor: Actor) -> UserId:
    """The member of staff who acts.

    Raises:
        Forbidden: it is no person.
    """
    if actor.id is None:
        raise Forbidden("Only a member of staff can do this")
    return UserId(actor.id)


def _give(row: ConversationRow, to: Custody, tx: Transaction) -> bool:
    """Whether that changed who has it."""
    if to == row.custody():
        return False
    row.give(to, tx.now)
    tx.hint(channel(row.id), {"seq": row.last_seq})
    return True


def _return_to_ai(row: ConversationRow, tx: Transaction, notice: Notice, by: ActorRef) -> None:
    row.escalation_id = None
    row.ai_since_version = row.next_version()
    tx.publish(
        ConversationHandedBack(
            conversation_id=row.key,
            guest_id=row.guest,
            by=by,
            status=ConversationStatus(row.status),
            version=row.ai_since_version,
        )
    )
    row.ai_since_seq = say_notice(row, tx, notice).seq


async def _end(
    conversation_id: ConversationId, actor: Actor, tx: Transaction, rule: Callable[[ConversationRow], Custody]
) -> ConversationRow:
    row = await tx.lock(ConversationRow, conversation_id)
    if not _give(row, rule(row), tx):
        return row
    await drop_turn(row, tx)
    tx.publish(
        ConversationEnded(conversation_id=row.key, guest_id=row.guest, by=actor.ref(), version=row.next_version())
    )
    say_notice(row, tx, Notice.ENDED)
    tx.audit("conversation.end", "conversation", row.id)
    return row


async def _going_on(guest_id: GuestId, tx: Transaction) -> ConversationRow | None:
    return await tx.scalar(
        select(ConversationRow).where(
            ConversationRow.guest_id == guest_id,
            ConversationRow.channel == Channel.WIDGET.value,
            ConversationRow.status != ConversationStatus.ENDED.value,
        )
    )

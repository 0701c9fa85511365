"""What is done to escalations. Every change has an actor, an entry in the timeline, an event and an audit record."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field
from sqlmodel import col, select

from contracts.actor import ActorKind, ActorRef
from contracts.ids import ConversationId, EscalationId, HotelId, UserId
from contracts.values import HandOverReason, Priority
from escalation.commands.erasure import is_erased
from escalation.commands.staff import has_left, is_active_member
from escalation.domain import lifecycle
from escalation.domain.errors import ConversationIsOver, OnlyPeopleWork, UnknownConversation
from escalation.domain.lifecycle import OVER, Escalation
from escalation.tables import ConversationRow, EscalationRow, Happening, TimelineRow
from servicekit import Command, Transaction, check_version, new_id
from servicekit.commands import AsNumber
from servicekit.tracing import current_trace_id


class CreateEscalation(Command):
    """Ask for a person to look at a conversation."""

    conversation_id: ConversationId
    reason: HandOverReason = HandOverReason.STAFF
    priority: Annotated[Priority, AsNumber, Field(description="1 low, 2 normal, 3 high, 4 urgent")] = Priority.NORMAL


class AssignEscalation(Command):
    """Give an escalation to a member of staff."""

    assignee_id: UserId


class ResolveEscalation(Command):
    """Say that an escalation is dealt with."""

    note: Annotated[
        str | None, Field(max_length=2000, description="for colleagues; leaves this service in no event")
    ] = None


async def create_escalation(command: CreateEscalation, by: ActorRef, tx: Transaction) -> tuple[EscalationRow, bool]:
    """Open an escalation for a conversation (True), or raise the one that is open (False).

    Raises:
        UnknownConversation: this hotel has no such conversation.
        ConversationIsOver: it has ended.
    """
    conversation = await tx.find_locked(ConversationRow, command.conversation_id)
    if conversation is None:
        raise UnknownConversation(pointer="/conversation_id")
    if conversation.ended_at is not None:
        raise ConversationIsOver
    return await escalate_conversation(conversation, [command.reason], command.priority, by, tx)


async def escalate_conversation(
    conversation: ConversationRow,
    reasons: Iterable[HandOverReason],
    at_least: Priority,
    by: ActorRef,
    tx: Transaction,
) -> tuple[EscalationRow, bool]:
    """As `create_escalation`; the caller holds the conversation's row lock, so there is never a second open one."""
    row = await _open_escalation_of(conversation.conversation_id, tx)
    if row is not None:
        raise_escalation(row, reasons, at_least, by, tx)
        return row, False
    state = lifecycle.create_escalation(reasons, at_least, tx.now)
    row = EscalationRow(
        id=new_id(),
        hotel_id=conversation.hotel_id,
        conversation_id=conversation.conversation_id,
        guest_id=conversation.guest_id,
        status=state.status.value,
        priority=state.priority.value,
        reasons=[reason.value for reason in state.reasons],
        opened_at=state.opened_at,
        trace_id=current_trace_id(),
    )
    tx.add(row)
    await tx.flush()
    _record(row, Happening.CREATED, by, tx)
    tx.publish(row.created(conversation.version))
    tx.audit("escalation.create", "escalation", row.id)
    return row, True


def raise_escalation(
    row: EscalationRow, reasons: Iterable[HandOverReason], at_least: Priority, by: ActorRef, tx: Transaction
) -> None:
    """Add reasons to an open escalation; nothing happens when they say nothing new. The caller holds its row lock."""
    raised = lifecycle.raise_escalation(row.state(), reasons, at_least)
    if _changes(row, raised):
        row.apply(raised)
        _record(row, Happening.RAISED, by, tx)
        tx.publish(row.raised(by))
        tx.audit("escalation.raise", "escalation", row.id)


async def assign_escalation(
    escalation_id: EscalationId, command: AssignEscalation, by: ActorRef, tx: Transaction, if_match: int | None = None
) -> EscalationRow:
    """Give it to a member of staff.

    Raises:
        NotFound: this hotel has no such escalation.
        NotAnActiveMember: the assignee does not work for this hotel.
        MoveNotAllowed: it is over.
        PreconditionFailed: its version is not `if_match`.
    """
    is_active = await is_active_member(command.assignee_id, tx)  # locks the membership first, as a revocation does
    row = await tx.lock(EscalationRow, escalation_id)
    check_version(row, if_match)
    _assign(row, lifecycle.assign_escalation(row.state(), command.assignee_id, is_active_member=is_active), by, tx)
    return row


async def acknowledge_escalation(
    escalation_id: EscalationId, by: ActorRef, tx: Transaction, if_match: int | None = None
) -> EscalationRow:
    """Start to work on it. From the queue it is assigned to whoever acknowledges it first.

    Raises:
        NotFound: this hotel has no such escalation.
        OnlyPeopleWork: `by` is not a member of staff.
        AssignedToSomebodyElse: somebody else has it.
        MoveNotAllowed: it is over.
        PreconditionFailed: its version is not `if_match`.
    """
    if by.kind is not ActorKind.USER or by.id is None:
        raise OnlyPeopleWork
    row = await tx.lock(EscalationRow, escalation_id)
    check_version(row, if_match)
    me = UserId(by.id)
    if row.state().status in lifecycle.UNASSIGNED:
        _assign(row, lifecycle.assign_escalation(row.state(), me, is_active_member=True), by, tx)
    _acknowledge(row, lifecycle.acknowledge_escalation(row.state(), me, tx.now), by, tx)
    return row


async def take_over_escalation(conversation: ConversationRow, user_id: UserId, tx: Transaction) -> EscalationRow | None:
    """Whoever took the conversation over has its escalation and works on it. None if there is none for them.

    The take-over is a fact already, so somebody we do not know yet has it too: their membership's event may still be on
    the way here. It stays where it is if they have left since; nobody would take it from them again.
    """
    if await has_left(user_id, tx):  # locks the membership first, as a revocation does
        return None
    row = await _open_escalation_of(conversation.conversation_id, tx)
    if row is None:
        return None
    by = ActorRef(kind=ActorKind.USER, id=user_id)
    _assign(row, lifecycle.assign_escalation(row.state(), user_id, is_active_member=True), by, tx)
    _acknowledge(row, lifecycle.acknowledge_escalation(row.state(), user_id, tx.now), by, tx)
    return row


async def unassign_escalations_of(user_id: UserId, by: ActorRef, tx: Transaction) -> None:
    """Put everything that somebody had back into the queue, because they left the hotel."""
    found = await tx.scalars(
        select(EscalationRow.id)
        .where(col(EscalationRow.assignee_id) == user_id, col(EscalationRow.status).not_in(OVER))
        .order_by(col(EscalationRow.id))
    )
    for escalation_id in found:
        row = await tx.lock(EscalationRow, escalation_id)
        if row.assignee_id != user_id or row.state().is_over:
            continue  # it went to somebody else, or was resolved, while we waited for the lock
        row.apply(lifecycle.unassign_escalation(row.state()))
        _record(row, Happening.UNASSIGNED, by, tx)
        tx.publish(row.unassigned(user_id, by))
        tx.audit("escalation.unassign", "escalation", row.id)


async def resolve_escalation(
    escalation_id: EscalationId, command: ResolveEscalation, by: ActorRef, tx: Transaction, if_match: int | None = None
) -> EscalationRow:
    """It is dealt with. What is noted about a guest who was erased is not kept.

    Raises:
        NotFound: this hotel has no such escalation.
        MoveNotAllowed: it was already.
        PreconditionFailed: its version is not `if_match`.
    """
    row = await tx.lock(EscalationRow, escalation_id)
    check_version(row, if_match)
    row.resolution_note = None if await is_erased(row.guest_id, tx) else command.note
    _resolve(row, by, tx)
    return row


async def resolve_escalation_of(conversation: ConversationRow, by: ActorRef, tx: Transaction) -> EscalationRow | None:
    """The conversation needs nobody any more: its open escalation is dealt with. None if there is no open one."""
    row = await _open_escalation_of(conversation.conversation_id, tx)
    if row is not None:
        _resolve(row, by, tx)
    return row


async def _open_escalation_of(conversation_id: ConversationId, tx: Transaction) -> EscalationRow | None:
    found = await tx.scalar(
        select(EscalationRow.id).where(
            col(EscalationRow.conversation_id) == conversation_id, col(EscalationRow.status).not_in(OVER)
        )
    )
    if found is None:
        return None
    row = await tx.lock(EscalationRow, found)
    return None if row.state().is_over else row


def _assign(row: EscalationRow, state: Escalation, by: ActorRef, tx: Transaction) -> None:
    if _changes(row, state):
        row.apply(state)
        _record(row, Happening.ASSIGNED, by, tx)
        tx.publish(row.assigned(by))
        tx.audit("escalation.assign", "escalation", row.id)


def _acknowledge(row: EscalationRow, state: Escalation, by: ActorRef, tx: Transaction) -> None:
    if _changes(row, state):
        row.apply(state)
        _record(row, Happening.ACKNOWLEDGED, by, tx)
        tx.publish(row.acknowledged())
        tx.audit("escalation.acknowledge", "escalation", row.id)


def _resolve(row: EscalationRow, by: ActorRef, tx: Transaction) -> None:
    row.apply(lifecycle.resolve_escalation(row.state(), tx.now))
    _record(row, Happening.RESOLVED, by, tx)
    tx.publish(row.resolved(by))
    tx.audit("escalation.resolve", "escalation", row.id)


def _changes(row: EscalationRow, state: Escalation) -> bool:
    return state != row.state()


def _record(row: EscalationRow, what: Happening, by: ActorRef, tx: Transaction) -> None:
    tx.add(
        TimelineRow(
            escalation_id=row.escalation_id,
            version=row.version,
            hotel_id=HotelId(row.hotel_id),
            what=what.value,
            by_kind=by.kind.value,
            by_id=by.id,
            because=tx.envelope.type if tx.envelope else "request",
            because_id=tx.envelope.id if tx.envelope else None,
            status=row.status,
            priority=row.priority,
            assignee_id=row.assignee_id,
            at=tx.now,
            trace_id=current_trace_id(),
        )
    )

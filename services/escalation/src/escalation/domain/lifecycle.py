"""The life of one escalation: what may happen to it, to whom it belongs, and what it becomes. Pure values."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.ids import UserId
from contracts.statuses import ESCALATION_MOVES, EscalationStatus, move
from contracts.values import HandOverReason, Priority
from escalation.domain.errors import AssignedToSomebodyElse, NotAnActiveMember
from escalation.domain.priority import priority_of

UNASSIGNED = (EscalationStatus.OPEN, EscalationStatus.REOPENED)
"""In the queue: nobody has it."""
OVER = (EscalationStatus.RESOLVED, EscalationStatus.CLOSED)
"""Dealt with. Every other status counts as the one open escalation of its conversation."""

_WAY_BACK = {
    EscalationStatus.WAITING_FOR_GUEST: EscalationStatus.IN_PROGRESS,
    EscalationStatus.IN_PROGRESS: EscalationStatus.ASSIGNED,
    EscalationStatus.ASSIGNED: EscalationStatus.OPEN,
}


@dataclass(frozen=True, slots=True)
class Escalation:
    """What the rules know of an escalation. Times are aware, UTC."""

    status: EscalationStatus
    priority: Priority
    reasons: tuple[HandOverReason, ...]
    opened_at: datetime
    assignee_id: UserId | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None

    def __post_init__(self) -> None:
        assert self.reasons, "an escalation has a reason"
        assert self.status not in UNASSIGNED or not self.assignee_id, "nobody has what waits in the queue"
        assert self.status is not EscalationStatus.ASSIGNED or self.assignee_id, "assigned means to somebody"
        assert (self.resolved_at is not None) == (self.status in OVER), "a time of resolution if it is over"

    @property
    def is_over(self) -> bool:
        """Whether it is dealt with."""
        return self.status in OVER


def create_escalation(reasons: Iterable[HandOverReason], at_least: Priority, now: datetime) -> Escalation:
    """A new one, in the queue."""
    given = _each_once(reasons)
    return Escalation(EscalationStatus.OPEN, priority_of(given, at_least), given, opened_at=now)


def raise_escalation(current: Escalation, reasons: Iterable[HandOverReason], at_least: Priority) -> Escalation:
    """`current` with these reasons too; more urgent or the same, never less. Status and assignee stay."""
    given = _each_once((*current.reasons, *reasons))
    return replace(current, reasons=given, priority=priority_of(given, max(current.priority, at_least)))


def assign_escalation(current: Escalation, assignee_id: UserId, *, is_active_member: bool) -> Escalation:
    """`current` in the hands of `assignee_id`; unchanged when it is there already.

    Raises:
        MoveNotAllowed: it is over.
        NotAnActiveMember: the assignee does not work for this hotel.
    """
    if current.assignee_id == assignee_id and not current.is_over:
        return current
    status = move(ESCALATION_MOVES, current.status, EscalationStatus.ASSIGNED)
    if not is_active_member:
        raise NotAnActiveMember(pointer="/assignee_id")
    return replace(current, status=status, assignee_id=assignee_id, acknowledged_at=None)


def acknowledge_escalation(current: Escalation, by: UserId, now: datetime) -> Escalation:
    """`current` being worked on by its assignee; unchanged when it is already.

    Raises:
        MoveNotAllowed: it is over.
        AssignedToSomebodyElse: `by` is not the assignee.
    """
    if current.status is EscalationStatus.IN_PROGRESS and current.assignee_id == by:
        return current
    if current.assignee_id not in (None, by) and not current.is_over:
        raise AssignedToSomebodyElse
    status = move(ESCALATION_MOVES, current.status, EscalationStatus.IN_PROGRESS)
    return replace(current, status=status, assignee_id=by, acknowledged_at=now)


def unassign_escalation(current: Escalation) -> Escalation:
    """`current` back in the queue, at its place by age, because its assignee left the hotel; unchanged if it is over."""
    if current.is_over:
        return current
    status = current.status
    while status in _WAY_BACK:
        status = move(ESCALATION_MOVES, status, _WAY_BACK[status])
    return replace(current, status=status, assignee_id=None, acknowledged_at=None)


def resolve_escalation(current: Escalation, now: datetime) -> Escalation:
    """`current` dealt with.

    Raises:
        MoveNotAllowed: it was already.
    """
    return replace(current, status=move(ESCALATION_MOVES, current.status, EscalationStatus.RESOLVED), resolved_at=now)


def _each_once(reasons: Iterable[HandOverReason]) -> tuple[HandOverReason, ...]:
    return tuple(dict.fromkeys(reasons))

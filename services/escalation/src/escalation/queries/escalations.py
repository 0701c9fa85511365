"""Escalations as people see them: one, the lists, and the queue, each with its assignee's name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field
from sqlalchemy import Select, and_, select, tuple_
from sqlmodel import col

from contracts.errors import NotFound
from contracts.ids import ConversationId, EscalationId, GuestId, UserId
from contracts.statuses import EscalationStatus
from contracts.values import HandOverReason, Priority
from escalation.domain.lifecycle import UNASSIGNED
from escalation.queries.cursors import cursor_id, cursor_priority, cursor_time
from escalation.tables import EscalationRow, StaffRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest


class EscalationView(BaseModel):
    """An escalation. Times are RFC 3339, UTC."""

    id: EscalationId
    conversation_id: ConversationId
    guest_id: GuestId
    reasons: list[HandOverReason]
    priority: Annotated[Priority, Field(description="1 low, 2 normal, 3 high, 4 urgent")]
    status: EscalationStatus
    assignee_id: UserId | None
    assignee_name: str | None = Field(description="as the hotel shows it; None until identity's word of them is here")
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    resolution_note: str | None
    trace_id: str | None = Field(description="W3C trace id of what opened it: finds the same in logs and events")
    version: int = Field(description="also the ETag")

    @classmethod
    def of(cls, row: EscalationRow, assignee_name: str | None) -> "EscalationView":
        """The view of a row."""
        state = row.state()
        return cls(
            id=row.escalation_id,
            conversation_id=row.conversation_id,
            guest_id=row.guest_id,
            reasons=list(state.reasons),
            priority=state.priority,
            status=state.status,
            assignee_id=row.assignee_id,
            assignee_name=assignee_name,
            opened_at=row.opened_at,
            acknowledged_at=row.acknowledged_at,
            resolved_at=row.resolved_at,
            resolution_note=row.resolution_note,
            trace_id=row.trace_id,
            version=row.version,
        )


@dataclass(frozen=True, slots=True)
class EscalationFilter:
    """Which escalations a list holds; an empty part takes all."""

    statuses: Sequence[EscalationStatus] = ()
    priorities: Sequence[Priority] = ()
    assignee_ids: Sequence[UserId] = ()
    conversation_ids: Sequence[ConversationId] = ()


async def get_escalation(escalation_id: EscalationId, tx: Transaction) -> EscalationView:
    """One escalation.

    Raises:
        NotFound: this hotel has no such escalation.
    """
    found = await _views(_ESCALATIONS.where(col(EscalationRow.id) == escalation_id), tx)
    if not found:
        raise NotFound
    return found[0]


async def list_escalations(wanted: EscalationFilter, page: PageRequest, tx: Transaction) -> Page[EscalationView]:
    """Escalations, newest first."""
    statement = _ESCALATIONS.order_by(col(EscalationRow.id).desc()).limit(page.limit + 1)
    if wanted.statuses:
        statement = statement.where(col(EscalationRow.status).in_(wanted.statuses))
    if wanted.priorities:
        statement = statement.where(col(EscalationRow.priority).in_(wanted.priorities))
    if wanted.assignee_ids:
        statement = statement.where(col(EscalationRow.assignee_id).in_(wanted.assignee_ids))
    if wanted.conversation_ids:
        statement = statement.where(col(EscalationRow.conversation_id).in_(wanted.conversation_ids))
    if after := page.position(1):
        statement = statement.where(col(EscalationRow.id) < cursor_id(after[0]))
    found = await _views(statement, tx)
    return page.page(found, *(view.id for view in found[: page.limit][-1:]))


async def queue_escalations(page: PageRequest, tx: Transaction) -> Page[EscalationView]:
    """Escalations that nobody has, the most urgent first, among those the oldest."""
    place = (-col(EscalationRow.priority), col(EscalationRow.opened_at), col(EscalationRow.id))
    statement = _ESCALATIONS.where(col(EscalationRow.status).in_(UNASSIGNED)).order_by(*place).limit(page.limit + 1)
    if after := page.position(3):
        statement = statement.where(
            tuple_(*place) > tuple_(-cursor_priority(after[0]), cursor_time(after[1]), cursor_id(after[2]))
        )
    found = await _views(statement, tx)
    last = found[: page.limit][-1:]
    return page.page(
        found, *(part for view in last for part in (view.priority.value, view.opened_at.isoformat(), view.id))
    )


_ESCALATIONS: Select[EscalationRow, str] = select(EscalationRow, col(StaffRow.display_name)).outerjoin(
    StaffRow,
    and_(
        col(StaffRow.hotel_id) == col(EscalationRow.hotel_id), col(StaffRow.user_id) == col(EscalationRow.assignee_id)
    ),
)


async def _views(statement: Select[EscalationRow, str], tx: Transaction) -> list[EscalationView]:
    return [EscalationView.of(row, name) for row, name in await tx.session.execute(statement)]

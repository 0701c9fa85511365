"""What happened to an escalation, by whom, when and because of what."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import and_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from contracts.actor import ActorKind
from contracts.ids import EscalationId, EventId, UserId
from contracts.statuses import EscalationStatus
from contracts.values import Priority
from escalation.queries.cursors import cursor_version
from escalation.tables import EscalationRow, Happening, StaffRow, TimelineRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest


class TimelineEntryView(BaseModel):
    """One thing that happened. The state is that after it."""

    version: int = Field(description="of the escalation after it")
    what: Happening
    by_kind: ActorKind
    by_id: UUID | None
    by_name: str | None = Field(description="of a member of staff")
    because: str = Field(
        description="CloudEvents type of the event that caused it, or `request`: somebody asked for it"
    )
    because_id: EventId | None
    status: EscalationStatus
    priority: Annotated[Priority, Field(description="1 low, 2 normal, 3 high, 4 urgent")]
    assignee_id: UserId | None
    assignee_name: str | None
    note: str | None = Field(description="with what it was resolved")
    at: datetime
    trace_id: str | None


async def timeline_of_escalation(
    escalation_id: EscalationId, page: PageRequest, tx: Transaction
) -> Page[TimelineEntryView]:
    """The timeline, oldest first.

    Raises:
        NotFound: this hotel has no such escalation.
    """
    escalation = await tx.get(EscalationRow, escalation_id)
    actor, assignee = aliased(StaffRow), aliased(StaffRow)
    statement = (
        select(TimelineRow, col(actor.display_name), col(assignee.display_name))
        .outerjoin(
            actor, and_(col(actor.hotel_id) == col(TimelineRow.hotel_id), col(actor.user_id) == col(TimelineRow.by_id))
        )
        .outerjoin(
            assignee,
            and_(
                col(assignee.hotel_id) == col(TimelineRow.hotel_id),
                col(assignee.user_id) == col(TimelineRow.assignee_id),
            ),
        )
        .where(col(TimelineRow.escalation_id) == escalation_id)
        .order_by(col(TimelineRow.version))
        .limit(page.limit + 1)
    )
    if after := page.position(1):
        statement = statement.where(col(TimelineRow.version) > cursor_version(after[0]))
    found = [_entry(row, by, to, escalation) for row, by, to in await tx.session.execute(statement)]
    return page.page(found, *(entry.version for entry in found[: page.limit][-1:]))


def _entry(row: TimelineRow, by_name: str | None, assignee_name: str | None, of: EscalationRow) -> TimelineEntryView:
    what = Happening(row.what)
    return TimelineEntryView(
        version=row.version,
        what=what,
        by_kind=ActorKind(row.by_kind),
        by_id=row.by_id,
        by_name=by_name,
        because=row.because,
        because_id=row.because_id,
        status=EscalationStatus(row.status),
        priority=Priority(row.priority),
        assignee_id=row.assignee_id,
        assignee_name=assignee_name,
        note=of.resolution_note if what is Happening.RESOLVED else None,
        at=row.at,
        trace_id=row.trace_id,
    )

"""All that is kept here of a person, for an export (GDPR, Articles 15 and 20)."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select

from contracts.ids import ConversationId, EscalationId, GuestId
from contracts.statuses import EscalationStatus
from contracts.values import HandOverReason, Priority
from escalation.tables import EscalationRow
from servicekit import Transaction


class EscalationData(BaseModel):
    """A time when the person needed somebody, and what staff noted."""

    model_config = ConfigDict(from_attributes=True)

    id: EscalationId
    guest_id: GuestId
    conversation_id: ConversationId
    reasons: list[HandOverReason]
    priority: Priority
    status: EscalationStatus
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    resolution_note: str | None


class GuestData(BaseModel):
    """What the escalation service keeps of a person."""

    escalations: list[EscalationData]


async def data_of_guest(guest_ids: Sequence[GuestId], tx: Transaction) -> GuestData:
    """What is kept under these ids, which are one person's. Nothing, where nothing is known of them."""
    theirs = select(EscalationRow).where(
        col(EscalationRow.hotel_id) == tx.hotel_id, col(EscalationRow.guest_id).in_(guest_ids)
    )
    rows: list[EscalationRow] = await tx.scalars(theirs.order_by(col(EscalationRow.id)))
    return GuestData(escalations=[EscalationData.model_validate(row) for row in rows])

"""The rows: escalations and their timeline are ours, conversations and staff are projections of others' events."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from contracts.actor import ActorRef
from contracts.events import (
    EscalationAcknowledged,
    EscalationAssigned,
    EscalationCreated,
    EscalationRaised,
    EscalationResolved,
    EscalationUnassigned,
)
from contracts.ids import ConversationId, EscalationId, EventId, GuestId, HotelId, UserId
from contracts.statuses import EscalationStatus, MembershipStatus
from contracts.values import HandOverReason, Priority
from escalation.domain.lifecycle import Escalation
from servicekit import Row, TenantRow, timestamp


class EscalationRow(TenantRow, table=True):
    """One escalation. `version` grows by one with every entry of its timeline; events carry it."""

    __tablename__: ClassVar[str] = "escalations"

    conversation_id: ConversationId = Field(sa_type=Uuid)
    guest_id: GuestId = Field(sa_type=Uuid)
    status: str = Field(sa_type=Text)
    priority: int = Field(sa_type=SmallInteger)
    reasons: list[str] = Field(sa_type=ARRAY(Text))  # pyright: ignore[reportArgumentType]  # takes instances too
    assignee_id: UserId | None = Field(default=None, sa_type=Uuid)
    opened_at: datetime = timestamp()
    acknowledged_at: datetime | None = timestamp(nullable=True)
    resolved_at: datetime | None = timestamp(nullable=True)
    resolution_note: str | None = Field(default=None, sa_type=Text)
    trace_id: str | None = Field(default=None, sa_type=Text)
    """W3C trace id (32 hex digits) of what opened it: the guest's message, or the request of a person."""

    def state(self) -> Escalation:
        """The row as the value that the rules work on."""
        return Escalation(
            status=EscalationStatus(self.status),
            priority=Priority(self.priority),
            reasons=tuple(HandOverReason(reason) for reason in self.reasons),
            opened_at=self.opened_at,
            assignee_id=self.assignee_id,
            acknowledged_at=self.acknowledged_at,
            resolved_at=self.resolved_at,
        )

    def apply(self, state: Escalation) -> None:
        """Become `state`, one version later."""
        self.status = state.status.value
        self.priority = state.priority.value
        self.reasons = [reason.value for reason in state.reasons]
        self.assignee_id = state.assignee_id
        self.acknowledged_at = state.acknowledged_at
        self.resolved_at = state.resolved_at
        self.version += 1

    @property
    def escalation_id(self) -> EscalationId:
        """The row's id, typed."""
        return EscalationId(self.id)

    def created(self, conversation_version: int) -> EscalationCreated:
        """The event of its creation, when the conversation was of that version."""
        state = self.state()
        return EscalationCreated(
            escalation_id=self.escalation_id,
            conversation_id=self.conversation_id,
            guest_id=self.guest_id,
            conversation_version=conversation_version,
            reasons=state.reasons,
            priority=state.priority,
            status=state.status,
            version=self.version,
        )

    def raised(self, by: ActorRef) -> EscalationRaised:
        """The event of one more reason, or of more urgency."""
        state = self.state()
        return EscalationRaised(
            escalation_id=self.escalation_id,
            conversation_id=self.conversation_id,
            reasons=state.reasons,
            priority=state.priority,
            status=state.status,
            by=by,
            version=self.version,
        )

    def assigned(self, by: ActorRef) -> EscalationAssigned:
        """The event of its assignment."""
        return EscalationAssigned(
            escalation_id=self.escalation_id,
            conversation_id=self.conversation_id,
            assignee_id=self._assignee(),
            by=by,
            status=EscalationStatus(self.status),
            version=self.version,
        )

    def acknowledged(self) -> EscalationAcknowledged:
        """The event of its assignee's start."""
        return EscalationAcknowledged(
            escalation_id=self.escalation_id,
            conversation_id=self.conversation_id,
            assignee_id=self._assignee(),
            status=EscalationStatus(self.status),
            version=self.version,
        )

    def unassigned(self, former_assignee_id: UserId, by: ActorRef) -> EscalationUnassigned:
        """The event of its return to the queue."""
        return EscalationUnassigned(
            escalation_id=self.escalation_id,
            conversation_id=self.conversation_id,
            former_assignee_id=former_assignee_id,
            by=by,
            status=EscalationStatus(self.status),
            version=self.version,
        )

    def resolved(self, by: ActorRef) -> EscalationResolved:
        """The event of its end."""
        return EscalationResolved(
            escalation_id=self.escalation_id,
            conversation_id=self.conversation_id,
            by=by,
            status=EscalationStatus(self.status),
            version=self.version,
        )

    def _assignee(self) -> UserId:
        assert self.assignee_id is not None, "the rules gave it to somebody"
        return self.assignee_id


class Happening(StrEnum):
    """What can happen to an escalation: a word per rule."""

    CREATED = "created"
    RAISED = "raised"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    UNASSIGNED = "unassigned"
    RESOLVED = "resolved"


class TimelineRow(Row, table=True):
    """One thing that happened to an escalation; never changed. Its version says which: there is one entry for each."""

    __tablename__: ClassVar[str] = "timeline"

    escalation_id: EscalationId = Field(primary_key=True, sa_type=Uuid)
    version: int = Field(primary_key=True)
    hotel_id: HotelId = Field(sa_type=Uuid)
    what: str = Field(sa_type=Text)
    by_kind: str = Field(sa_type=Text)
    by_id: UUID | None = None
    because: str = Field(sa_type=Text)
    """CloudEvents type of the event that caused it, or `request` when a person asked for it here."""
    because_id: EventId | None = Field(default=None, sa_type=Uuid)
    status: str = Field(sa_type=Text)
    priority: int = Field(sa_type=SmallInteger)
    assignee_id: UserId | None = Field(default=None, sa_type=Uuid)
    at: datetime = timestamp()
    trace_id: str | None = Field(default=None, sa_type=Text)


class ConversationRow(TenantRow, table=True):
    """What we know of a conversation; `version` is that of the newest of its events that we acted on."""

    __tablename__: ClassVar[str] = "conversations"

    guest_id: GuestId = Field(sa_type=Uuid)
    ended_at: datetime | None = timestamp(nullable=True)

    @property
    def conversation_id(self) -> ConversationId:
        """The row's id, typed."""
        return ConversationId(self.id)


class ErasedGuestRow(Row, table=True):
    """A guest of whom nothing is kept, nor will be."""

    __tablename__: ClassVar[str] = "erased_guests"

    guest_id: GuestId = Field(primary_key=True, sa_type=Uuid)
    hotel_id: HotelId = Field(sa_type=Uuid)
    erased_at: datetime = timestamp()


class StaffRow(Row, table=True):
    """A membership: who works, or worked, for the hotel, and the name shown there."""

    __tablename__: ClassVar[str] = "staff"

    hotel_id: HotelId = Field(primary_key=True, sa_type=Uuid)
    user_id: UserId = Field(primary_key=True, sa_type=Uuid)
    display_name: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    version: int

    @property
    def is_active(self) -> bool:
        """Whether they work for the hotel now."""
        return self.status == MembershipStatus.ACTIVE

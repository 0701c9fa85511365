"""Escalation events: keyed by escalation id."""

from typing import Annotated

from contracts import topics
from contracts.actor import ActorRef
from contracts.event import Event, Version, known_only
from contracts.ids import ConversationId, EscalationId, GuestId, UserId
from contracts.statuses import EscalationStatus
from contracts.values import HandOverReason, Priority

Reasons = Annotated[tuple[HandOverReason, ...], *known_only(HandOverReason)]


class EscalationCreated(Event, type="escalation.created", topic=topics.ESCALATIONS, key="escalation_id"):
    """A conversation needs a person."""

    escalation_id: EscalationId
    conversation_id: ConversationId
    guest_id: GuestId
    conversation_version: Version
    """The newest version of the conversation that led to it: news from before a hand-back is old by then."""
    reasons: Reasons
    priority: Priority
    status: EscalationStatus
    version: Version


class EscalationRaised(Event, type="escalation.raised", topic=topics.ESCALATIONS, key="escalation_id"):
    """An escalation that is not resolved yet got more urgent, or has one more reason. Both are full state."""

    escalation_id: EscalationId
    conversation_id: ConversationId
    reasons: Reasons
    priority: Priority
    by: ActorRef
    status: EscalationStatus
    version: Version


class EscalationAssigned(Event, type="escalation.assigned", topic=topics.ESCALATIONS, key="escalation_id"):
    """A member of staff has it now."""

    escalation_id: EscalationId
    conversation_id: ConversationId
    assignee_id: UserId
    by: ActorRef
    status: EscalationStatus
    version: Version


class EscalationUnassigned(Event, type="escalation.unassigned", topic=topics.ESCALATIONS, key="escalation_id"):
    """It is back in the queue, e.g. because its assignee no longer works for the hotel."""

    escalation_id: EscalationId
    conversation_id: ConversationId
    former_assignee_id: UserId
    by: ActorRef
    status: EscalationStatus
    version: Version


class EscalationAcknowledged(Event, type="escalation.acknowledged", topic=topics.ESCALATIONS, key="escalation_id"):
    """The assignee started to work on it."""

    escalation_id: EscalationId
    conversation_id: ConversationId
    assignee_id: UserId
    status: EscalationStatus
    version: Version


class EscalationResolved(Event, type="escalation.resolved", topic=topics.ESCALATIONS, key="escalation_id"):
    """It is dealt with."""

    escalation_id: EscalationId
    conversation_id: ConversationId
    by: ActorRef
    status: EscalationStatus
    version: Version

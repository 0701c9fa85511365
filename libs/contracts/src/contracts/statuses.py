"""Every status with its table of allowed moves. A move that is not in the table does not exist."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from contracts.errors import MoveNotAllowed

S = TypeVar("S", bound=StrEnum)


class ConversationStatus(StrEnum):
    """Who has the conversation, and whether it goes on."""

    OPEN = "open"
    PAUSED = "paused"
    WAITING_FOR_STAFF = "waiting_for_staff"
    WITH_STAFF = "with_staff"
    ENDED = "ended"


class EscalationStatus(StrEnum):
    """How far an escalation is."""

    OPEN = "open"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    WAITING_FOR_GUEST = "waiting_for_guest"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"


class HotelStatus(StrEnum):
    """Whether a hotel is served."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


class UserStatus(StrEnum):
    """Whether a user may sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


class MembershipStatus(StrEnum):
    """Whether a user works for a hotel."""

    ACTIVE = "active"
    REVOKED = "revoked"


class GuestStatus(StrEnum):
    """How a hotel knows a guest."""

    NEW = "new"
    REGULAR = "regular"
    VIP = "vip"
    BLOCKED = "blocked"


CONVERSATION_MOVES: Mapping[ConversationStatus, frozenset[ConversationStatus]] = {
    ConversationStatus.OPEN: frozenset(
        {
            ConversationStatus.PAUSED,
            ConversationStatus.WAITING_FOR_STAFF,
            ConversationStatus.WITH_STAFF,
            ConversationStatus.ENDED,
        }
    ),
    ConversationStatus.PAUSED: frozenset(
        {ConversationStatus.OPEN, ConversationStatus.WITH_STAFF, ConversationStatus.ENDED}
    ),
    ConversationStatus.WAITING_FOR_STAFF: frozenset(
        {ConversationStatus.OPEN, ConversationStatus.WITH_STAFF, ConversationStatus.ENDED}
    ),
    ConversationStatus.WITH_STAFF: frozenset({ConversationStatus.OPEN, ConversationStatus.ENDED}),
    ConversationStatus.ENDED: frozenset({ConversationStatus.OPEN}),
}

ESCALATION_MOVES: Mapping[EscalationStatus, frozenset[EscalationStatus]] = {
    EscalationStatus.OPEN: frozenset(
        {EscalationStatus.ASSIGNED, EscalationStatus.IN_PROGRESS, EscalationStatus.RESOLVED}
    ),
    EscalationStatus.ASSIGNED: frozenset(
        {EscalationStatus.ASSIGNED, EscalationStatus.IN_PROGRESS, EscalationStatus.RESOLVED, EscalationStatus.OPEN}
    ),
    EscalationStatus.IN_PROGRESS: frozenset(
        {EscalationStatus.ASSIGNED, EscalationStatus.WAITING_FOR_GUEST, EscalationStatus.RESOLVED}
    ),
    EscalationStatus.WAITING_FOR_GUEST: frozenset({EscalationStatus.IN_PROGRESS, EscalationStatus.RESOLVED}),
    EscalationStatus.RESOLVED: frozenset({EscalationStatus.CLOSED, EscalationStatus.REOPENED}),
    EscalationStatus.CLOSED: frozenset({EscalationStatus.REOPENED}),
    EscalationStatus.REOPENED: frozenset(
        {EscalationStatus.ASSIGNED, EscalationStatus.IN_PROGRESS, EscalationStatus.RESOLVED}
    ),
}

HOTEL_MOVES: Mapping[HotelStatus, frozenset[HotelStatus]] = {
    HotelStatus.ACTIVE: frozenset({HotelStatus.INACTIVE, HotelStatus.DELETED}),
    HotelStatus.INACTIVE: frozenset({HotelStatus.ACTIVE, HotelStatus.DELETED}),
    HotelStatus.DELETED: frozenset(),
}


def move(moves: Mapping[S, frozenset[S]], current: S, to: S) -> S:
    """`to`, if the table allows it.

    Raises:
        MoveNotAllowed: there is no such move.
    """
    if to not in moves[current]:
        raise MoveNotAllowed(f"{current.value} does not become {to.value}")
    return to

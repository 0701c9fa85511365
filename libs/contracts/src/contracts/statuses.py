"""Every status with its table of allowed moves. A move that is not in the table does not exist."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

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


class ApprovalStatus(StrEnum):
    """How far an approval workflow is."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class ApprovalStepStatus(StrEnum):
    """How far one step of an approval workflow is. Only one step of a workflow is open at a time."""

    WAITING = "waiting"
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    SKIPPED = "skipped"


class CallStatus(StrEnum):
    """Who is on the line with the caller, and how the call ended."""

    RINGING = "ringing"
    WITH_AI = "with_ai"
    TRANSFERRING = "transferring"
    WITH_STAFF = "with_staff"
    COMPLETED = "completed"
    MISSED = "missed"
    FAILED = "failed"


class NotificationStatus(StrEnum):
    """What its reader did with a notification."""

    UNREAD = "unread"
    READ = "read"
    SNOOZED = "snoozed"
    DISMISSED = "dismissed"
    ARCHIVED = "archived"
    DELETED = "deleted"


class BudgetStatus(StrEnum):
    """How much of a budget is used. Only an exhausted hard budget turns the AI to the local engine."""

    WITHIN = "within"
    WARNING = "warning"
    EXHAUSTED = "exhausted"
    CLOSED = "closed"


class AnomalyStatus(StrEnum):
    """Whether somebody has looked at an anomaly. One that comes back is a new anomaly."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


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


def _table(statuses: type[S], moves: Mapping[S, set[S]]) -> Mapping[S, frozenset[S]]:
    """The moves of every status; one that is not listed is final."""
    return MappingProxyType({status: frozenset(moves.get(status, set())) for status in statuses})


_C = ConversationStatus
CONVERSATION_MOVES = _table(
    _C,
    {
        _C.OPEN: {_C.PAUSED, _C.WAITING_FOR_STAFF, _C.WITH_STAFF, _C.ENDED},
        _C.PAUSED: {_C.OPEN, _C.WITH_STAFF, _C.ENDED},
        _C.WAITING_FOR_STAFF: {_C.OPEN, _C.WITH_STAFF, _C.ENDED},
        _C.WITH_STAFF: {_C.OPEN, _C.WAITING_FOR_STAFF, _C.ENDED},
        _C.ENDED: {_C.OPEN},  # reactivated
    },
)

_E = EscalationStatus
ESCALATION_MOVES = _table(
    _E,
    {
        _E.OPEN: {_E.ASSIGNED, _E.IN_PROGRESS, _E.RESOLVED},
        _E.ASSIGNED: {_E.ASSIGNED, _E.IN_PROGRESS, _E.RESOLVED, _E.OPEN},
        _E.IN_PROGRESS: {_E.ASSIGNED, _E.WAITING_FOR_GUEST, _E.RESOLVED},
        _E.WAITING_FOR_GUEST: {_E.IN_PROGRESS, _E.RESOLVED},
        _E.RESOLVED: {_E.CLOSED, _E.REOPENED},
        _E.CLOSED: {_E.REOPENED},
        _E.REOPENED: {_E.ASSIGNED, _E.IN_PROGRESS, _E.RESOLVED},
    },
)

_A = ApprovalStatus
APPROVAL_MOVES = _table(_A, {_A.PENDING: {_A.APPROVED, _A.REJECTED, _A.CANCELLED, _A.EXPIRED}})

_P = ApprovalStepStatus
APPROVAL_STEP_MOVES = _table(
    _P,
    {
        _P.WAITING: {_P.OPEN, _P.SKIPPED},
        _P.OPEN: {_P.OPEN, _P.APPROVED, _P.REJECTED, _P.SKIPPED},  # open to open: delegated
    },
)

_L = CallStatus
CALL_MOVES = _table(
    _L,
    {
        _L.RINGING: {_L.WITH_AI, _L.WITH_STAFF, _L.MISSED, _L.FAILED},
        _L.WITH_AI: {_L.TRANSFERRING, _L.COMPLETED, _L.FAILED},
        _L.TRANSFERRING: {_L.WITH_STAFF, _L.WITH_AI, _L.COMPLETED, _L.FAILED},  # back to the AI: nobody picked up
        _L.WITH_STAFF: {_L.TRANSFERRING, _L.COMPLETED, _L.FAILED},
    },
)

_N = NotificationStatus
NOTIFICATION_MOVES = _table(
    _N,
    {
        _N.UNREAD: {_N.READ, _N.SNOOZED, _N.DISMISSED, _N.ARCHIVED, _N.DELETED},
        _N.READ: {_N.SNOOZED, _N.DISMISSED, _N.ARCHIVED, _N.DELETED},
        _N.SNOOZED: {_N.UNREAD, _N.READ, _N.DISMISSED, _N.ARCHIVED, _N.DELETED},
        _N.DISMISSED: {_N.ARCHIVED, _N.DELETED},
        _N.ARCHIVED: {_N.DELETED},
    },
)

_B = BudgetStatus
BUDGET_MOVES = _table(
    _B,
    {
        _B.WITHIN: {_B.WARNING, _B.EXHAUSTED, _B.CLOSED},
        _B.WARNING: {_B.WITHIN, _B.EXHAUSTED, _B.CLOSED},  # raised, or a record was corrected
        _B.EXHAUSTED: {_B.WITHIN, _B.WARNING, _B.CLOSED},
    },
)

_Y = AnomalyStatus
ANOMALY_MOVES = _table(_Y, {_Y.OPEN: {_Y.ACKNOWLEDGED, _Y.RESOLVED}, _Y.ACKNOWLEDGED: {_Y.RESOLVED}})

_H = HotelStatus
HOTEL_MOVES = _table(
    _H,
    {
        _H.ACTIVE: {_H.INACTIVE, _H.DELETED},
        _H.INACTIVE: {_H.ACTIVE, _H.DELETED},
        _H.DELETED: {_H.INACTIVE},  # restored: somebody looks before it is served again
    },
)

_U = UserStatus
USER_MOVES = _table(
    _U,
    {
        _U.INVITED: {_U.ACTIVE, _U.INACTIVE, _U.DELETED},
        _U.ACTIVE: {_U.INACTIVE, _U.DELETED},
        _U.INACTIVE: {_U.ACTIVE, _U.DELETED},
    },
)

_M = MembershipStatus
MEMBERSHIP_MOVES = _table(_M, {_M.ACTIVE: {_M.REVOKED}, _M.REVOKED: {_M.ACTIVE}})

_G = GuestStatus
GUEST_MOVES = _table(
    _G,
    {
        _G.NEW: {_G.REGULAR, _G.VIP, _G.BLOCKED},
        _G.REGULAR: {_G.VIP, _G.BLOCKED},
        _G.VIP: {_G.REGULAR, _G.BLOCKED},
        _G.BLOCKED: {_G.REGULAR},
    },
)

MOVES: Mapping[type[StrEnum], Mapping[Any, frozenset[Any]]] = MappingProxyType(  # Any: each table has its own status
    {
        _C: CONVERSATION_MOVES,
        _E: ESCALATION_MOVES,
        _A: APPROVAL_MOVES,
        _P: APPROVAL_STEP_MOVES,
        _L: CALL_MOVES,
        _N: NOTIFICATION_MOVES,
        _B: BUDGET_MOVES,
        _Y: ANOMALY_MOVES,
        _H: HOTEL_MOVES,
        _U: USER_MOVES,
        _M: MEMBERSHIP_MOVES,
        _G: GUEST_MOVES,
    }
)
"""Every status's table, by its enum."""


def move(moves: Mapping[S, frozenset[S]], current: S, to: S) -> S:
    """`to`, if the table allows it.

    Raises:
        MoveNotAllowed: there is no such move.
    """
    if to not in moves[current]:
        raise MoveNotAllowed(f"{current.value} does not become {to.value}")
    return to


def is_final(moves: Mapping[S, frozenset[S]], status: S) -> bool:
    """Whether nothing follows `status`."""
    return not moves[status]

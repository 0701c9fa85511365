"""Who owns a conversation and how it changes hands: the state machine over `contracts.statuses`. Pure."""

from dataclasses import dataclass, replace
from enum import StrEnum

from contracts.errors import Conflict, Forbidden
from contracts.ids import UserId
from contracts.statuses import CONVERSATION_MOVES, ConversationStatus, move


class Owner(StrEnum):
    """Who answers the guest's next message."""

    AI = "ai"
    STAFF = "staff"
    NOBODY = "nobody"


class HotelSuspended(Forbidden):
    """The hotel is not served at the moment."""

    slug, title = "hotel-suspended", "This hotel's chat is not available"


class ConversationEnded(Conflict):
    """Nothing more is said in a conversation that has ended; the guest starts a new one."""

    slug, title = "conversation-ended", "The conversation has ended"


class NotYours(Conflict):
    """Another member of staff, or nobody yet, has the conversation: take it over first."""

    slug, title = "not-yours", "The conversation is not yours"


@dataclass(frozen=True, slots=True)
class Custody:
    """Who has a conversation: its status, and the member of staff while it is with one."""

    status: ConversationStatus
    assignee_id: UserId | None = None

    @property
    def owner(self) -> Owner:
        """The AI owns open conversations, staff those they took over; waiting, paused and ended ones nobody."""
        return owner_of(self.status)


def owner_of(status: ConversationStatus) -> Owner:
    """Who answers in a conversation of this status."""
    if status is ConversationStatus.OPEN:
        return Owner.AI
    return Owner.STAFF if status is ConversationStatus.WITH_STAFF else Owner.NOBODY


def take_over(now: Custody, user_id: UserId) -> Custody:
    """With `user_id` from here on, also when a colleague had it; unchanged when it is theirs already.

    Raises:
        ConversationEnded: there is nobody left to answer.
    """
    _go_on(now)
    if now.status is not ConversationStatus.WITH_STAFF:
        move(CONVERSATION_MOVES, now.status, ConversationStatus.WITH_STAFF)
    return Custody(ConversationStatus.WITH_STAFF, user_id)


def hand_back(now: Custody, user_id: UserId) -> Custody:
    """The AI's again; unchanged when it is the AI's already.

    Raises:
        NotYours: a colleague has it.
        ConversationEnded: there is nobody left to answer.
    """
    _go_on(now)
    _own_or_nobodys(now, user_id)
    return return_to_ai(now)


def return_to_ai(now: Custody) -> Custody:
    """The AI's again because what staff were needed for is done; unchanged when ended, or the AI's already."""
    if now.status in (ConversationStatus.OPEN, ConversationStatus.ENDED):
        return now
    return Custody(move(CONVERSATION_MOVES, now.status, ConversationStatus.OPEN))


def wait_for_staff(now: Custody) -> Custody:
    """Waiting for somebody; one that waits already, or is with staff, stays as it is.

    Raises:
        ConversationEnded: there is nobody left to help.
        MoveNotAllowed: it is paused.
    """
    _go_on(now)
    if now.status in (ConversationStatus.WAITING_FOR_STAFF, ConversationStatus.WITH_STAFF):
        return now
    return Custody(move(CONVERSATION_MOVES, now.status, ConversationStatus.WAITING_FOR_STAFF))


def release(now: Custody, user_id: UserId) -> Custody:
    """Waiting for a colleague, because `user_id`, who had it, is no longer there; unchanged when it is not theirs."""
    if now != Custody(ConversationStatus.WITH_STAFF, user_id):
        return now
    return Custody(move(CONVERSATION_MOVES, now.status, ConversationStatus.WAITING_FOR_STAFF))


def end(now: Custody, user_id: UserId | None) -> Custody:
    """Over. `user_id` is the member of staff who ends it, None the guest; unchanged when it is over already.

    Raises:
        NotYours: a colleague has it.
    """
    if now.status is ConversationStatus.ENDED:
        return now
    if user_id is not None:
        _own_or_nobodys(now, user_id)
    return replace(now, status=move(CONVERSATION_MOVES, now.status, ConversationStatus.ENDED))


def _go_on(now: Custody) -> None:
    if now.status is ConversationStatus.ENDED:
        raise ConversationEnded


def _own_or_nobodys(now: Custody, user_id: UserId) -> None:
    if now.status is ConversationStatus.WITH_STAFF and now.assignee_id != user_id:
        raise NotYours("A colleague has this conversation; take it over first")

"""Who may have a conversation, as rules."""

import pytest

from contracts.errors import MoveNotAllowed
from contracts.ids import UserId
from contracts.statuses import ConversationStatus
from conversation.domain.conversation import (
    ConversationEnded,
    Custody,
    NotYours,
    Owner,
    end,
    hand_back,
    owner_of,
    release,
    return_to_ai,
    take_over,
    wait_for_staff,
)
from servicekit.ids import new_id

SAM, KIM = UserId(new_id()), UserId(new_id())
OPEN = Custody(ConversationStatus.OPEN)
WAITING = Custody(ConversationStatus.WAITING_FOR_STAFF)
PAUSED = Custody(ConversationStatus.PAUSED)
SAMS = Custody(ConversationStatus.WITH_STAFF, SAM)
OVER = Custody(ConversationStatus.ENDED, SAM)


def test_the_ai_owns_open_conversations_staff_theirs_and_nobody_the_rest() -> None:
    assert {status: owner_of(status) for status in ConversationStatus} == {
        ConversationStatus.OPEN: Owner.AI,
        ConversationStatus.WITH_STAFF: Owner.STAFF,
        ConversationStatus.WAITING_FOR_STAFF: Owner.NOBODY,
        ConversationStatus.PAUSED: Owner.NOBODY,
        ConversationStatus.ENDED: Owner.NOBODY,
    }


@pytest.mark.parametrize("now", [OPEN, WAITING, PAUSED, SAMS])
def test_anybody_on_staff_may_take_over_whoever_has_it(now: Custody) -> None:
    assert take_over(now, KIM) == Custody(ConversationStatus.WITH_STAFF, KIM)


def test_only_who_has_it_hands_it_back() -> None:
    assert hand_back(SAMS, SAM) == OPEN
    with pytest.raises(NotYours):
        hand_back(SAMS, KIM)


def test_what_waits_for_staff_may_go_back_to_the_ai_unseen() -> None:
    assert hand_back(WAITING, KIM) == OPEN


@pytest.mark.parametrize("now", [SAMS, WAITING, PAUSED])
def test_what_is_resolved_is_the_ais_again(now: Custody) -> None:
    assert return_to_ai(now) == OPEN


@pytest.mark.parametrize("now", [OPEN, OVER])
def test_resolving_does_nothing_where_the_ai_has_it_or_it_is_over(now: Custody) -> None:
    assert return_to_ai(now) is now


def test_what_staff_have_does_not_wait_for_them() -> None:
    assert wait_for_staff(OPEN) == WAITING
    assert wait_for_staff(SAMS) is SAMS
    with pytest.raises(MoveNotAllowed):
        wait_for_staff(PAUSED)


def test_who_leaves_the_hotel_leaves_what_they_had_and_nothing_else() -> None:
    assert release(SAMS, SAM) == WAITING
    for now in (SAMS, OPEN, WAITING, PAUSED, OVER):
        assert release(now, KIM) is now


def test_nothing_but_the_end_happens_to_what_has_ended() -> None:
    for rule in (lambda: take_over(OVER, SAM), lambda: hand_back(OVER, SAM), lambda: wait_for_staff(OVER)):
        with pytest.raises(ConversationEnded):
            rule()
    assert end(OVER, KIM) is OVER


def test_the_guest_ends_any_conversation_and_staff_not_a_colleagues() -> None:
    assert end(SAMS, None) == OVER
    assert end(SAMS, SAM) == OVER
    assert end(OPEN, KIM).status is ConversationStatus.ENDED
    with pytest.raises(NotYours):
        end(SAMS, KIM)

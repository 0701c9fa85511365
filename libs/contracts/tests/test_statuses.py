"""The move tables: complete, reachable, final where they should be."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts.statuses as statuses
from contracts.errors import MoveNotAllowed
from contracts.statuses import (
    CONVERSATION_MOVES,
    GUEST_MOVES,
    MOVES,
    CallStatus,
    ConversationStatus,
    GuestStatus,
    is_final,
    move,
)

FINAL = {
    "ApprovalStatus": {"approved", "rejected", "cancelled", "expired"},
    "ApprovalStepStatus": {"approved", "rejected", "skipped"},
    "CallStatus": {"completed", "missed", "failed"},
    "NotificationStatus": {"deleted"},
    "BudgetStatus": {"closed"},
    "AnomalyStatus": {"resolved"},
    "UserStatus": {"deleted"},
}
every_status = pytest.mark.parametrize("status", list(MOVES), ids=lambda status: status.__name__)


def test_every_status_of_the_module_has_a_table() -> None:
    found = {
        value for value in vars(statuses).values() if isinstance(value, type) and value.__module__ == statuses.__name__
    }
    assert found == set(MOVES)


@every_status
def test_every_member_is_in_its_table_and_moves_to_members(status: type[StrEnum]) -> None:
    assert set(MOVES[status]) == set(status)
    assert all(to in status for moves in MOVES[status].values() for to in moves)


@every_status
def test_every_member_can_be_reached_from_the_first(status: type[StrEnum]) -> None:
    table = MOVES[status]
    reached, ahead = set[StrEnum](), [next(iter(status))]
    while ahead:
        member = ahead.pop()
        if member not in reached:
            reached.add(member)
            ahead.extend(table[member])
    assert reached == set(status)


@every_status
def test_what_ends_ends_and_the_rest_goes_on(status: type[StrEnum]) -> None:
    final = {member.value for member in status if is_final(MOVES[status], member)}
    assert final == FINAL.get(status.__name__, set())


@given(st.data())
def test_a_move_happens_if_the_table_has_it_and_is_refused_if_not(data: st.DataObject) -> None:
    table = MOVES[data.draw(st.sampled_from(list(MOVES)))]
    members = st.sampled_from(list(table))
    current, to = data.draw(members), data.draw(members)
    if to in table[current]:
        assert move(table, current, to) is to
    else:
        with pytest.raises(MoveNotAllowed):
            move(table, current, to)


def test_an_ended_conversation_is_reopened_and_nothing_else() -> None:
    assert CONVERSATION_MOVES[ConversationStatus.ENDED] == {ConversationStatus.OPEN}


def test_a_blocked_guest_comes_back_as_a_regular_one() -> None:
    assert GUEST_MOVES[GuestStatus.BLOCKED] == {GuestStatus.REGULAR}
    assert GuestStatus.NEW not in set[GuestStatus]().union(*GUEST_MOVES.values())


def test_the_tables_cannot_be_changed_at_run_time() -> None:
    with pytest.raises(TypeError):
        MOVES[CallStatus][CallStatus.MISSED] = frozenset()  # pyright: ignore[reportIndexIssue] - that is the point

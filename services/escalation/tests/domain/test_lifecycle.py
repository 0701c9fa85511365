"""The life of one escalation, rule by rule."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import MoveNotAllowed
from contracts.ids import UserId
from contracts.statuses import EscalationStatus
from contracts.values import HandOverReason, Priority
from escalation.domain import lifecycle
from escalation.domain.errors import AssignedToSomebodyElse, NotAnActiveMember
from escalation.domain.lifecycle import Escalation

NOW = datetime(2026, 3, 1, 22, 15, tzinfo=UTC)
SAM, VERA = UserId(UUID(int=1)), UserId(UUID(int=2))


def waiting() -> Escalation:
    return lifecycle.create_escalation([HandOverReason.GUEST_ASKED], Priority.NORMAL, NOW)


def with_sam() -> Escalation:
    return lifecycle.assign_escalation(waiting(), SAM, is_active_member=True)


def in_work() -> Escalation:
    return lifecycle.acknowledge_escalation(with_sam(), SAM, NOW)


def resolved() -> Escalation:
    return lifecycle.resolve_escalation(in_work(), NOW)


def test_a_new_escalation_waits_in_the_queue() -> None:
    assert waiting().status is EscalationStatus.OPEN
    assert waiting().assignee_id is None


def test_the_same_reason_twice_is_said_once() -> None:
    twice = [HandOverReason.UPSET, HandOverReason.UPSET]
    assert lifecycle.create_escalation(twice, Priority.LOW, NOW).reasons == (HandOverReason.UPSET,)


def test_a_second_hand_over_adds_its_reasons_and_raises_the_priority() -> None:
    raised = lifecycle.raise_escalation(with_sam(), [HandOverReason.UPSET], Priority.LOW)
    assert raised.reasons == (HandOverReason.GUEST_ASKED, HandOverReason.UPSET)
    assert raised.priority is Priority.HIGH
    assert (raised.status, raised.assignee_id) == (EscalationStatus.ASSIGNED, SAM)


@given(
    before=st.lists(st.sampled_from(HandOverReason), min_size=1),
    after=st.lists(st.sampled_from(HandOverReason), min_size=1),
    asked=st.tuples(st.sampled_from(Priority), st.sampled_from(Priority)),
)
def test_raising_never_makes_it_less_urgent(
    before: list[HandOverReason], after: list[HandOverReason], asked: tuple[Priority, Priority]
) -> None:
    first = lifecycle.create_escalation(before, asked[0], NOW)
    second = lifecycle.raise_escalation(first, after, asked[1])
    assert second.priority >= first.priority
    assert set(second.reasons) == {*before, *after}
    assert lifecycle.raise_escalation(second, after, asked[1]) == second


def test_assigning_gives_it_to_a_member_of_the_hotel() -> None:
    assert (with_sam().status, with_sam().assignee_id) == (EscalationStatus.ASSIGNED, SAM)


def test_nobody_from_outside_the_hotel_gets_it() -> None:
    with pytest.raises(NotAnActiveMember) as refused:
        lifecycle.assign_escalation(waiting(), VERA, is_active_member=False)
    assert refused.value.pointer == "/assignee_id"


def test_assigning_it_to_the_same_person_again_changes_nothing() -> None:
    assert lifecycle.assign_escalation(in_work(), SAM, is_active_member=True) == in_work()


def test_reassigning_takes_it_from_the_one_who_worked_on_it() -> None:
    moved = lifecycle.assign_escalation(in_work(), VERA, is_active_member=True)
    assert (moved.status, moved.assignee_id, moved.acknowledged_at) == (EscalationStatus.ASSIGNED, VERA, None)


def test_acknowledging_starts_the_work() -> None:
    assert in_work().status is EscalationStatus.IN_PROGRESS
    assert in_work().acknowledged_at == NOW


def test_acknowledging_again_keeps_the_first_time() -> None:
    assert lifecycle.acknowledge_escalation(in_work(), SAM, NOW + timedelta(hours=1)) == in_work()


def test_only_the_assignee_acknowledges() -> None:
    with pytest.raises(AssignedToSomebodyElse):
        lifecycle.acknowledge_escalation(with_sam(), VERA, NOW)


def test_when_the_assignee_leaves_the_hotel_it_goes_back_to_the_queue_at_its_place() -> None:
    for mine in (with_sam(), in_work()):
        freed = lifecycle.unassign_escalation(mine)
        assert freed.status in lifecycle.UNASSIGNED
        assert (freed.assignee_id, freed.acknowledged_at, freed.opened_at) == (None, None, NOW)


def test_what_somebody_resolved_before_leaving_stays_theirs() -> None:
    assert lifecycle.unassign_escalation(resolved()) == resolved()


@pytest.mark.parametrize("mine", [waiting(), with_sam(), in_work()], ids=lambda mine: mine.status.value)
def test_every_open_escalation_can_be_resolved(mine: Escalation) -> None:
    done = lifecycle.resolve_escalation(mine, NOW)
    assert done.is_over
    assert done.resolved_at == NOW


def test_what_is_over_cannot_be_assigned_acknowledged_or_resolved() -> None:
    with pytest.raises(MoveNotAllowed):
        lifecycle.assign_escalation(resolved(), SAM, is_active_member=True)
    with pytest.raises(MoveNotAllowed):
        lifecycle.acknowledge_escalation(resolved(), VERA, NOW)
    with pytest.raises(MoveNotAllowed):
        lifecycle.resolve_escalation(resolved(), NOW)

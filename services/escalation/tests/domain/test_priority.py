"""How urgent is it? Sentences about reasons."""

import pytest

from contracts.values import HandOverReason, Priority
from escalation.domain.priority import PRIORITY_OF_REASON, priority_of


def test_every_reason_has_a_priority() -> None:
    assert set(PRIORITY_OF_REASON) == set(HandOverReason)


@pytest.mark.parametrize("reason", [HandOverReason.GUEST_ASKED, HandOverReason.NO_ARTICLE, HandOverReason.STAFF])
def test_a_plain_question_is_normal(reason: HandOverReason) -> None:
    assert priority_of([reason]) is Priority.NORMAL


@pytest.mark.parametrize("reason", [HandOverReason.UPSET, HandOverReason.NEVER_AUTO_TOPIC, HandOverReason.RULE])
def test_an_upset_guest_a_refund_and_a_vip_are_high(reason: HandOverReason) -> None:
    assert priority_of([HandOverReason.LOW_CONFIDENCE, reason]) is Priority.HIGH


def test_an_upset_guest_with_a_complaint_is_urgent() -> None:
    assert priority_of([HandOverReason.UPSET, HandOverReason.NEVER_AUTO_TOPIC]) is Priority.URGENT


def test_whoever_escalates_may_ask_for_more_but_not_for_less() -> None:
    assert priority_of([HandOverReason.STAFF], at_least=Priority.URGENT) is Priority.URGENT
    assert priority_of([HandOverReason.UPSET], at_least=Priority.LOW) is Priority.HIGH

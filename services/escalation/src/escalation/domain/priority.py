"""How urgent an escalation is, from the reasons for it."""

from collections.abc import Iterable

from contracts.values import HandOverReason, Priority

PRIORITY_OF_REASON: dict[HandOverReason, Priority] = {
    HandOverReason.GUEST_ASKED: Priority.NORMAL,
    HandOverReason.LOW_CONFIDENCE: Priority.NORMAL,
    HandOverReason.NO_ARTICLE: Priority.NORMAL,
    HandOverReason.STAFF: Priority.NORMAL,
    HandOverReason.RULE: Priority.HIGH,
    HandOverReason.NEVER_AUTO_TOPIC: Priority.HIGH,
    HandOverReason.UPSET: Priority.HIGH,
}
_COMPLAINT = frozenset({HandOverReason.UPSET, HandOverReason.NEVER_AUTO_TOPIC})


def priority_of(reasons: Iterable[HandOverReason], at_least: Priority = Priority.LOW) -> Priority:
    """The highest of what the reasons call for and `at_least`.

    An upset guest with a topic that the hotel keeps from the AI (money, a complaint) is urgent.
    """
    found = frozenset(reasons)
    if found >= _COMPLAINT:
        return Priority.URGENT
    return max([at_least, *(PRIORITY_OF_REASON[reason] for reason in found)])

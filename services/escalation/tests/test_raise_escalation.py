"""A conversation has one open escalation: whatever comes on top of it makes it more urgent."""

import asyncio

from escalation_play import Hotel, names

from contracts.events import EscalationRaised
from contracts.values import HandOverReason, Priority


async def test_two_events_for_one_conversation_make_one_escalation(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = hotel.conversation()
    await hotel.publish(
        conversation.handed_over(HandOverReason.LOW_CONFIDENCE), conversation.escalated(sam.id, Priority.URGENT)
    )
    escalation = await conversation.escalation(version=2)
    assert escalation["reasons"] == ["low_confidence", "staff"]
    assert escalation["priority"] == Priority.URGENT
    assert len(await conversation.escalations()) == 1
    assert names(await hotel.timeline(escalation)) == ["created", "raised"]
    event = await hotel.event(EscalationRaised)
    assert (event.priority, event.version) == (Priority.URGENT, 2)


async def test_who_has_it_keeps_it_when_it_is_raised(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = hotel.conversation()
    await sam.assigns(await conversation.in_queue(), to=sam)
    await hotel.publish(conversation.handed_over(HandOverReason.UPSET))
    escalation = await conversation.escalation(version=3)
    assert (escalation["status"], escalation["assignee_id"]) == ("assigned", str(sam.id))


async def test_a_second_request_by_hand_raises_the_open_one(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = hotel.conversation()
    escalation = await conversation.in_queue()
    asked = {"conversation_id": str(conversation.id), "reason": "rule", "priority": 1}
    answer = await sam.client.post("/escalations", json=asked)
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == escalation["id"]
    assert answer.json()["reasons"] == ["guest_asked", "rule"]


async def test_a_request_that_says_nothing_new_changes_nothing(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = hotel.conversation()
    escalation = await conversation.in_queue(HandOverReason.GUEST_ASKED)
    asked = {"conversation_id": str(conversation.id), "reason": "guest_asked", "priority": 1}
    answer = await sam.client.post("/escalations", json=asked)
    assert (answer.status_code, answer.json()) == (200, escalation)
    assert names(await hotel.timeline(escalation)) == ["created"]


async def test_asking_side_by_side_opens_one(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = await hotel.heard_of_conversation()
    asked = [
        {"conversation_id": str(conversation.id), "reason": reason}
        for reason in ("staff", "rule", "guest_asked", "upset")
    ]
    answers = await asyncio.gather(*(sam.client.post("/escalations", json=body) for body in asked))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    (only,) = await conversation.escalations()
    assert sorted(only["reasons"]) == ["guest_asked", "rule", "staff", "upset"]
    assert only["version"] == 4


async def test_after_it_is_resolved_the_next_hand_over_opens_a_new_one(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = hotel.conversation()
    first = await conversation.in_queue()
    await sam.does("resolve", first)
    second = await conversation.in_queue()
    assert second["id"] != first["id"]
    assert second["version"] == 1

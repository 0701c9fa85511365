"""They started to work on it."""

import asyncio

from escalation_play import Hotel, names

from contracts.events import EscalationAcknowledged, EscalationAssigned


async def test_the_assignee_starts_to_work(hotel: Hotel) -> None:
    sam = await hotel.member()
    escalation = await hotel.conversation().in_queue()
    await sam.assigns(escalation, to=sam)
    answer = await sam.does("acknowledge", escalation)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "in_progress"
    assert answer.json()["acknowledged_at"] is not None
    event = await hotel.event(EscalationAcknowledged)
    assert (event.assignee_id, event.version) == (sam.id, 3)


async def test_nobody_else_starts_in_their_place(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    escalation = await hotel.conversation().in_queue()
    await sam.assigns(escalation, to=sam)
    answer = await kim.does("acknowledge", escalation)
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:frontdesk:problem:assigned-to-somebody-else"


async def test_from_the_queue_it_goes_to_whoever_acknowledges_it_first(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    escalation = await hotel.conversation().in_queue()
    answers = await asyncio.gather(sam.does("acknowledge", escalation), kim.does("acknowledge", escalation))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert names(await hotel.timeline(escalation)) == ["created", "assigned", "acknowledged"]


async def test_who_takes_the_conversation_over_has_it_and_works_on_it(hotel: Hotel) -> None:
    sam = await hotel.member("Sam")
    conversation = hotel.conversation()
    await conversation.in_queue()
    await hotel.publish(conversation.taken_over(sam.id))
    escalation = await conversation.escalation(status="in_progress")
    assert (escalation["assignee_name"], escalation["version"]) == ("Sam", 3)
    assert names(await hotel.timeline(escalation)) == ["created", "assigned", "acknowledged"]
    assert await hotel.audited(escalation) == ["escalation.create", "escalation.assign", "escalation.acknowledge"]
    assigned = await hotel.event(EscalationAssigned)
    assert (assigned.assignee_id, assigned.by.id) == (sam.id, sam.id)


async def test_a_colleague_who_takes_the_conversation_over_takes_its_escalation_too(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    conversation = hotel.conversation()
    await sam.does("acknowledge", await conversation.in_queue())
    await hotel.publish(conversation.taken_over(kim.id))
    escalation = await conversation.escalation(assignee_name="Kim")
    assert escalation["status"] == "in_progress"


async def test_a_take_over_without_an_escalation_creates_none(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = await hotel.heard_of_conversation()
    await hotel.publish(conversation.taken_over(sam.id))
    await conversation.is_known(version=2)
    assert await conversation.escalations() == []

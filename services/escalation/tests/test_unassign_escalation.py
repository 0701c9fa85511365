"""They left the hotel: back to the queue."""

from escalation_play import Hotel, names

from contracts.events import EscalationUnassigned


async def test_what_somebody_took_over_just_before_they_left_waits_for_somebody_else(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    conversation = hotel.conversation()
    await conversation.in_queue()
    await sam.leaves()
    await hotel.publish(conversation.taken_over(by=sam.id))
    await conversation.is_known(version=conversation.version)
    assert [item["conversation_id"] for item in await hotel.queue()] == [str(conversation.id)]
    await hotel.publish(conversation.taken_over(by=kim.id))
    await conversation.escalation(status="in_progress", assignee_id=str(kim.id))


async def test_what_a_former_member_had_goes_back_to_the_queue_at_its_place(hotel: Hotel) -> None:
    sam = await hotel.member("Sam")
    first, second = hotel.conversation(), hotel.conversation()
    mine, waiting = await first.in_queue(), await second.in_queue()
    await sam.does("acknowledge", mine)
    await sam.leaves()
    freed = await first.escalation(status="open")
    assert (freed["assignee_id"], freed["acknowledged_at"]) == (None, None)
    assert [item["id"] for item in await hotel.queue()] == [mine["id"], waiting["id"]]
    entry = (await hotel.timeline(mine))[-1]
    assert (entry["what"], entry["because"]) == ("unassigned", "frontdesk.membership.revoked.v1")
    event = await hotel.event(EscalationUnassigned)
    assert event.former_assignee_id == sam.id


async def test_what_they_resolved_stays_resolved(hotel: Hotel) -> None:
    sam = await hotel.member("Sam")
    escalation = await hotel.conversation().in_queue()
    await sam.does("acknowledge", escalation)
    await sam.does("resolve", escalation)
    await sam.leaves()
    assert (await hotel.get(escalation))["status"] == "resolved"
    assert "unassigned" not in names(await hotel.timeline(escalation))

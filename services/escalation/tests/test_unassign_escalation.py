"""They left the hotel: back to the queue."""

from escalation_play import Hotel, names

from contracts.events import EscalationUnassigned


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

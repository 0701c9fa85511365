"""It is dealt with."""

import asyncio

from escalation_play import Hotel, names

from contracts.events import EscalationResolved


async def test_staff_resolve_it_with_a_note_that_no_event_carries(hotel: Hotel) -> None:
    sam = await hotel.member()
    escalation = await hotel.conversation().in_queue()
    await sam.does("acknowledge", escalation)
    answer = await sam.does("resolve", escalation, {"note": "Refunded at the desk."})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["resolution_note"]) == ("resolved", "Refunded at the desk.")
    assert answer.json()["resolved_at"] is not None
    assert (await hotel.timeline(escalation))[-1]["note"] == "Refunded at the desk."
    event = await hotel.event(EscalationResolved)
    assert event.by.id == sam.id
    assert "Refunded" not in event.model_dump_json()


async def test_a_conversation_handed_back_or_ended_resolves_it(hotel: Hotel) -> None:
    sam = await hotel.member("Sam")
    back, over = hotel.conversation(), hotel.conversation()
    await back.in_queue()
    await over.in_queue()
    await hotel.publish(back.taken_over(sam.id), back.handed_back(sam.id), over.ended())
    resolved = await back.escalation(status="resolved")
    assert (resolved["assignee_name"], (await hotel.timeline(resolved))[-1]["by_name"]) == ("Sam", "Sam")
    ended = await over.escalation(status="resolved")
    assert (await hotel.timeline(ended))[-1]["by_kind"] == "guest"


async def test_it_is_resolved_once(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    escalation = await hotel.conversation().in_queue()
    answers = await asyncio.gather(sam.does("resolve", escalation), kim.does("resolve", escalation))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["type"] == "urn:frontdesk:problem:move-not-allowed"
    assert names(await hotel.timeline(escalation)) == ["created", "resolved"]


async def test_resolving_and_assigning_at_once_ends_resolved_whichever_comes_first(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    for resolve_first in (True, False, True, False, True):
        escalation = await hotel.conversation().in_queue()
        both = [sam.does("resolve", escalation), kim.assigns(escalation, to=kim)]
        answers = await asyncio.gather(*(both if resolve_first else reversed(both)))
        resolve, assign = answers if resolve_first else answers[::-1]
        assert resolve.status_code == 200
        assert assign.status_code in (200, 409)
        happened = names(await hotel.timeline(escalation))
        assigned = ["assigned"] if assign.status_code == 200 else []
        assert happened == ["created", *assigned, "resolved"]
        assert (await hotel.get(escalation))["status"] == "resolved"


async def test_nobody_resolves_what_somebody_has_changed_since(hotel: Hotel) -> None:
    sam = await hotel.member()
    escalation = await hotel.conversation().in_queue()
    await sam.assigns(escalation, to=sam)
    answer = await sam.does("resolve", escalation, If_Match='"1"')
    assert answer.status_code == 412
    assert (await hotel.get(escalation))["status"] == "assigned"

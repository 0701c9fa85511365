"""Somebody has it."""

import asyncio

from escalation_play import Hotel, names

from contracts.events import EscalationAssigned


async def test_staff_assign_it_to_a_colleague(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    escalation = await hotel.conversation().in_queue()
    answer = await sam.assigns(escalation, to=kim)
    assert answer.status_code == 200, answer.text
    assigned = answer.json()
    assert (assigned["status"], assigned["assignee_id"], assigned["assignee_name"]) == ("assigned", str(kim.id), "Kim")
    assert answer.headers["etag"] == '"2"'
    assert await hotel.queue() == []
    entry = (await hotel.timeline(escalation))[-1]
    assert (entry["what"], entry["by_name"], entry["assignee_name"]) == ("assigned", "Sam", "Kim")
    event = await hotel.event(EscalationAssigned)
    assert (event.assignee_id, event.by.id, event.version) == (kim.id, sam.id, 2)
    assert await hotel.audited(escalation) == ["escalation.create", "escalation.assign"]


async def test_nobody_from_another_hotel_gets_it(hotel: Hotel, other_hotel: Hotel) -> None:
    sam, stranger = await hotel.member(), await other_hotel.member()
    escalation = await hotel.conversation().in_queue()
    answer = await sam.assigns(escalation, to=stranger)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:frontdesk:problem:not-an-active-member"
    assert answer.json()["errors"][0]["pointer"] == "/assignee_id"
    assert names(await hotel.timeline(escalation)) == ["created"]


async def test_nobody_who_left_the_hotel_gets_it(hotel: Hotel) -> None:
    sam, gone = await hotel.member("Sam"), await hotel.member("Gone")
    await gone.leaves()
    escalation = await hotel.conversation().in_queue()
    assert (await sam.assigns(escalation, to=gone)).status_code == 422


async def test_two_who_assign_it_at_once_are_put_in_order_and_both_are_recorded(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    escalation = await hotel.conversation().in_queue()
    answers = await asyncio.gather(sam.assigns(escalation, to=sam), kim.assigns(escalation, to=kim))
    assert [answer.status_code for answer in answers] == [200, 200]
    last = max((answer.json() for answer in answers), key=lambda view: view["version"])
    now = await hotel.get(escalation)
    assert (now["version"], now["assignee_id"]) == (3, last["assignee_id"])
    assert names(await hotel.timeline(escalation)) == ["created", "assigned", "assigned"]
    events = [await hotel.event(EscalationAssigned, version) for version in (2, 3)]
    assert {event.assignee_id for event in events} == {sam.id, kim.id}
    assert str(events[1].assignee_id) == now["assignee_id"]


async def test_of_two_who_saw_the_same_version_one_is_told_to_look_again(hotel: Hotel) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    escalation = await hotel.conversation().in_queue()
    answers = await asyncio.gather(
        sam.assigns(escalation, to=sam, If_Match='"1"'), kim.assigns(escalation, to=kim, If_Match='"1"')
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert (await hotel.get(escalation))["version"] == 2


async def test_assigning_it_to_the_same_person_again_changes_nothing(hotel: Hotel) -> None:
    sam = await hotel.member()
    escalation = await hotel.conversation().in_queue()
    first, again = await sam.assigns(escalation, to=sam), await sam.assigns(escalation, to=sam)
    assert first.json() == again.json()


async def test_a_viewer_reads_but_does_not_assign(hotel: Hotel) -> None:
    vera = await hotel.member("Vera", role="viewer")
    escalation = await hotel.conversation().in_queue()
    assert (await vera.client.get(f"/escalations/{escalation['id']}")).status_code == 200
    for refused in (
        await vera.assigns(escalation, to=vera),
        await vera.does("acknowledge", escalation),
        await vera.does("resolve", escalation),
    ):
        assert refused.status_code == 403
        assert refused.json()["type"] == "urn:frontdesk:problem:missing-permission"
    assert names(await hotel.timeline(escalation)) == ["created"]

"""A guest's message can be followed by its trace id to the escalation and beyond."""

from escalation_play import Hotel

from contracts.events import AuditRecorded, EscalationCreated

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_the_trace_of_the_guests_message_stands_on_the_escalation_its_timeline_and_its_events(
    hotel: Hotel,
) -> None:
    conversation = hotel.conversation()
    await hotel.desk.publish(conversation.handed_over(), hotel.id, traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    escalation = await conversation.escalation()
    assert escalation["trace_id"] == TRACE
    assert [entry["trace_id"] for entry in await hotel.timeline(escalation)] == [TRACE]
    ((_, envelope),) = await hotel.desk.records(EscalationCreated, hotel_id=hotel.id)
    assert envelope.traceparent is not None
    assert envelope.traceparent.split("-")[1] == TRACE
    (record,) = await hotel.desk.events(AuditRecorded, hotel_id=hotel.id)
    assert record.trace_id == TRACE


async def test_a_request_by_hand_brings_its_own(hotel: Hotel) -> None:
    sam = await hotel.member()
    escalation = await hotel.conversation().in_queue()
    sent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    await sam.client.post(f"/escalations/{escalation['id']}/resolve", json={}, headers=sent)
    assert (await hotel.timeline(escalation))[-1]["trace_id"] == TRACE

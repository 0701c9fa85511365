"""A conversation needs a person: by an event, or by hand."""

from uuid import uuid4

from escalation_play import Hotel, names

from contracts.events import EscalationCreated
from contracts.values import HandOverReason, Priority


async def test_a_handed_over_turn_puts_the_conversation_into_the_queue(hotel: Hotel) -> None:
    conversation = hotel.conversation()
    await hotel.publish(conversation.handed_over(HandOverReason.NEVER_AUTO_TOPIC, priority=Priority.NORMAL))
    escalation = await conversation.escalation(status="open")
    assert escalation["guest_id"] == str(conversation.guest_id)
    assert escalation["reasons"] == ["never_auto_topic"]
    assert escalation["priority"] == Priority.HIGH
    assert escalation["version"] == 1
    assert [item["id"] for item in await hotel.queue()] == [escalation["id"]]
    assert names(await hotel.timeline(escalation)) == ["created"]


async def test_the_others_hear_of_it_and_identity_gets_its_audit_record(hotel: Hotel) -> None:
    conversation = hotel.conversation()
    escalation = await conversation.in_queue()
    event = await hotel.event(EscalationCreated)
    assert (str(event.escalation_id), event.version) == (escalation["id"], 1)
    assert event.conversation_version == conversation.version
    assert await hotel.audited(escalation) == ["escalation.create"]


async def test_staff_who_escalate_a_conversation_are_the_reason(hotel: Hotel) -> None:
    sam = await hotel.member("Sam")
    conversation = hotel.conversation()
    await hotel.publish(conversation.escalated(sam.id, Priority.URGENT))
    escalation = await conversation.escalation(status="open")
    assert escalation["reasons"] == ["staff"]
    assert escalation["priority"] == Priority.URGENT
    assert (await hotel.timeline(escalation))[0]["by_name"] == "Sam"


async def test_staff_create_one_by_hand(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = await hotel.heard_of_conversation()
    asked = {"conversation_id": str(conversation.id), "reason": "staff", "priority": 3}
    answer = await sam.client.post("/escalations", json=asked)
    assert answer.status_code == 201, answer.text
    assert answer.headers["etag"] == '"1"'
    made = answer.json()
    assert made["guest_id"] == str(conversation.guest_id)
    assert made["priority"] == Priority.HIGH
    assert (await hotel.timeline(made))[0]["because"] == "request"
    assert (await hotel.event(EscalationCreated)).conversation_version == conversation.version


async def test_the_same_request_twice_with_one_idempotency_key_creates_one(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = await hotel.heard_of_conversation()
    asked = {"conversation_id": str(conversation.id)}
    key = {"Idempotency-Key": str(uuid4())}
    first = await sam.client.post("/escalations", json=asked, headers=key)
    again = await sam.client.post("/escalations", json=asked, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


async def test_nobody_escalates_a_conversation_that_is_not_there(hotel: Hotel) -> None:
    sam = await hotel.member()
    answer = await sam.client.post("/escalations", json={"conversation_id": str(uuid4())})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:frontdesk:problem:unknown-conversation"
    assert answer.json()["errors"][0]["pointer"] == "/conversation_id"


async def test_nobody_escalates_a_conversation_that_is_over(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = await hotel.heard_of_conversation()
    await hotel.publish(conversation.ended())
    await conversation.is_known(over=True)
    answer = await sam.client.post("/escalations", json={"conversation_id": str(conversation.id)})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:frontdesk:problem:conversation-is-over"


async def test_a_hand_over_after_the_end_means_that_it_goes_on(hotel: Hotel) -> None:
    conversation = hotel.conversation()
    await hotel.publish(conversation.ended(), conversation.handed_over())
    await conversation.escalation(status="open")

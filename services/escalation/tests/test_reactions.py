"""What others' events set off, however they arrive: twice, late, or broken."""

import json

from aiokafka import AIOKafkaProducer
from escalation_play import Conversation, Hotel, names

from contracts import topics
from contracts.envelope import Envelope
from contracts.events import EscalationCreated
from contracts.ids import EventId
from contracts.values import HandOverReason
from servicekit import dlq, new_id
from servicekit.testing import RunningService, eventually


async def poison(desk: RunningService, conversation: Conversation, body: bytes) -> EventId:
    """Put a hand-over with that body on the topic, its headers as they should be."""
    event = conversation.handed_over()
    envelope = Envelope.of(
        event,
        id=EventId(new_id()),
        service="conversation",
        time=desk.runtime.clock(),
        hotel_id=conversation.hotel.id,
    )
    producer = AIOKafkaProducer(bootstrap_servers=desk.kafka_url)
    await producer.start()
    try:
        await producer.send_and_wait(
            desk.settings.kafka_namespace + topics.CONVERSATIONS.name,
            body,
            key=envelope.subject.encode(),
            headers=[(name, value.encode()) for name, value in envelope.headers().items()],
        )
    finally:
        await producer.stop()
    return envelope.id


async def dead_letter(desk: RunningService, event_id: EventId) -> dlq.DeadLetter:
    """The dead letter of that event, once it is there."""

    async def found() -> dlq.DeadLetter | None:
        letters = await dlq.list_dead(
            desk.kafka_url, desk.settings.kafka_namespace, topics=[topics.CONVERSATIONS], redriven=True
        )
        return next((letter for letter in letters if letter.event_id == str(event_id)), None)

    return await eventually(found)  # pyright: ignore[reportReturnType]  # eventually gives something true


async def test_an_event_that_comes_twice_takes_effect_once(hotel: Hotel) -> None:
    conversation = hotel.conversation()
    event, event_id = conversation.handed_over(), new_id()
    await hotel.desk.publish(event, hotel.id, id=event_id)
    escalation = await conversation.escalation()
    sam = await hotel.member()
    await sam.does("resolve", escalation)
    await hotel.desk.publish(event, hotel.id, id=event_id)
    await hotel.publish(conversation.ended())  # the same partition: once this is known, the other was read
    await conversation.is_known(version=2, over=True)
    assert [one["id"] for one in await conversation.escalations()] == [escalation["id"]]
    assert len(await hotel.desk.events(EscalationCreated, hotel_id=hotel.id)) == 1


async def test_a_hand_over_that_comes_after_the_end_it_preceded_opens_nothing(hotel: Hotel) -> None:
    conversation = await hotel.heard_of_conversation()
    late, end = conversation.handed_over(), conversation.ended()
    await hotel.publish(end, late)
    await hotel.publish(conversation.handed_over(HandOverReason.UPSET))  # it goes on after all, and this is now
    escalation = await conversation.escalation()
    assert escalation["reasons"] == ["upset"]
    assert len(await conversation.escalations()) == 1


async def test_a_name_that_comes_late_does_not_replace_the_newer_one(hotel: Hotel) -> None:
    sam = await hotel.member("Sam")
    newer, older = sam.renamed("Samantha"), sam.renamed("Sammy")
    await hotel.publish(older, newer.model_copy(update={"version": older.version - 1}))
    conversation = hotel.conversation()
    await sam.does("acknowledge", await conversation.in_queue())
    assert (await conversation.escalation(assignee_name="Sammy"))["status"] == "in_progress"
    kim = await hotel.member("Kim")  # the same topic: what came before has been read, whichever partition it is on
    await kim.leaves()
    assert (await conversation.escalation())["assignee_name"] == "Sammy"


async def test_a_poison_event_goes_to_the_dead_letters_with_the_reason_and_the_rest_goes_on(hotel: Hotel) -> None:
    conversation = hotel.conversation()
    event_id = await poison(hotel.desk, conversation, b'{"conversation_id": "not an id"}')
    await hotel.publish(conversation.handed_over())  # the same key, so the same partition, right behind it
    await conversation.escalation(status="open")
    letter = await dead_letter(hotel.desk, event_id)
    assert letter.consumer == f"{hotel.desk.settings.kafka_namespace}escalation.{topics.CONVERSATIONS.name}"
    assert (letter.reaction, letter.error_type) == ("schema", "ValidationError")
    assert letter.body == b'{"conversation_id": "not an id"}'


async def test_a_mended_dead_letter_comes_home(hotel: Hotel) -> None:
    conversation = hotel.conversation()
    mended = conversation.handed_over(HandOverReason.UPSET)
    broken = json.dumps(mended.model_dump(mode="json") | {"priority": "very"}).encode()
    event_id = await poison(hotel.desk, conversation, broken)
    letter = await dead_letter(hotel.desk, event_id)
    assert await conversation.escalations() == []
    await dlq.redrive(
        hotel.desk.kafka_url,
        hotel.desk.settings.kafka_namespace,
        topics.CONVERSATIONS,
        [letter.number],
        body=mended.model_dump_json().encode(),
    )
    assert (await conversation.escalation(status="open"))["reasons"] == ["upset"]
    assert (await dead_letter(hotel.desk, event_id)).redriven


async def test_an_event_of_another_hotel_does_not_touch_this_ones_conversation(
    hotel: Hotel, other_hotel: Hotel
) -> None:
    conversation = hotel.conversation()
    escalation = await conversation.in_queue()
    forged = conversation.ended()
    envelope = await hotel.desk.publish(forged, other_hotel.id)
    assert (await dead_letter(hotel.desk, envelope.id)).error_type == "NotFound"
    assert (await hotel.get(escalation))["status"] == "open"
    assert names(await hotel.timeline(escalation)) == ["created"]

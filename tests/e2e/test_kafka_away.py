"""Guests are served while Kafka is away; when it is back every event is there once and in order per conversation."""

from contracts.events import ConversationStarted, MessageSent, TurnAnswered, TurnHandedOver
from contracts.topics import CONVERSATIONS
from devstack.stack import Stack
from kit.people import Guest, Staff, until
from kit.topics import everything


async def test_guests_are_answered_while_kafka_is_stopped_and_every_event_arrives_once_and_in_order(
    stack: Stack,
) -> None:
    desk = stack.url("conversation")
    async with await Guest.arrives(desk) as guest, await Guest.arrives(desk, "harbour-house") as other:
        stack.stop_part("kafka")
        try:
            assert (await guest.asks("Can I bring my dog?"))["action"] == "answer"
            assert (await guest.asks("What time is breakfast?"))["action"] == "answer"
            assert (await other.asks("Can I bring my dog?"))["action"] == "answer"
            assert (await guest.asks("I want a refund, now!"))["action"] == "hand_over"
        finally:
            stack.start_part("kafka")
        wanted = {str(guest.conversation_id): 7, str(other.conversation_id): 2}  # 7: the state line of the escalation

        async def all_there() -> bool:
            records = await everything(stack.part_urls.kafka, CONVERSATIONS, stack.namespace)
            return all(
                sum(r.key == key and isinstance(r.event, MessageSent) for r in records) >= messages
                for key, messages in wanted.items()
            ) and any(r.key == str(guest.conversation_id) and isinstance(r.event, TurnHandedOver) for r in records)

        await until(all_there, 60, what="the arrival of every event")
        records = await everything(stack.part_urls.kafka, CONVERSATIONS, stack.namespace)
        for key in wanted:
            mine = [r for r in records if r.key == key]
            assert len({r.envelope.id for r in mine}) == len(mine), "an event is there twice"
            versions = [getattr(r.event, "version") for r in mine]  # noqa: B009  # every event here has one
            assert versions == sorted(versions), "out of order"
            seqs = [r.event.seq for r in mine if isinstance(r.event, MessageSent)]
            assert seqs == sorted(seqs)
            assert isinstance(mine[0].event, ConversationStarted)
            assert any(isinstance(r.event, TurnAnswered) for r in mine)
        async with await Staff.signs_in(stack.url("gateway"), "sam.staff@lindenhof.example") as sam:

            async def queued() -> bool:
                queue = await sam.get("/escalations/queue")
                return str(guest.conversation_id) in [e["conversation_id"] for e in queue["items"]]

            await until(queued, 30, what="the escalation in the queue")

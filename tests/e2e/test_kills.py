"""kill -9 in the middle: answered once, effects once."""

import asyncio

from contracts.events import EscalationCreated
from contracts.topics import ESCALATIONS
from devstack.stack import Stack
from kit.people import Guest, Json, until
from kit.topics import everything

GUESTS = 12


async def test_a_worker_killed_while_guests_ask_answers_each_of_them_once(stack: Stack) -> None:
    desk = stack.url("conversation")
    guests = [await Guest.arrives(desk) for _ in range(GUESTS)]
    questions = ["Can I bring my dog?", "What time is breakfast?", "I demand a refund!"]
    await asyncio.gather(*(guest.says(questions[i % 3]) for i, guest in enumerate(guests)))
    stack.kill("conversation-worker")
    stack.start_service("conversation-worker")

    async def replies(guest: Guest) -> list[Json]:
        return [m for m in await guest.messages() if m["sender"] == "ai"]

    async def all_replied() -> bool:
        return all([await replies(guest) for guest in guests])

    await until(all_replied, 60, what="a reply to everybody")
    demanding = {str(guest.conversation_id) for i, guest in enumerate(guests) if i % 3 == 2}

    async def all_escalated() -> bool:
        created = await created_for(stack, demanding)
        return set(created) == demanding

    await until(all_escalated, 60, what="an escalation for every demand")
    for guest in guests:
        assert len(await replies(guest)) == 1
        await guest.http.aclose()
    created = await created_for(stack, demanding)
    assert len(created) == len(demanding), "an escalation exists twice"


async def created_for(stack: Stack, conversations: set[str]) -> list[str]:
    """The conversation of every different escalation.created about these conversations."""
    records = await everything(stack.part_urls.kafka, ESCALATIONS, stack.namespace)
    by_id = {
        str(r.event.escalation_id): str(r.event.conversation_id)
        for r in records
        if isinstance(r.event, EscalationCreated) and str(r.event.conversation_id) in conversations
    }
    return list(by_id.values())

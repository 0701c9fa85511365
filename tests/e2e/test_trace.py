"""One guest message can be followed by one trace id through logs, outbox row, Kafka headers and the escalation."""

import asyncpg

from contracts.topics import CONVERSATIONS, ESCALATIONS
from devstack.stack import Stack
from kit.people import Guest, Staff, until
from kit.topics import everything

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_one_trace_id_leads_from_the_guests_message_to_the_escalation(stack: Stack) -> None:
    async with await Guest.arrives(stack.url("gateway")) as guest:
        await guest.says("I want a refund!", traceparent=f"00-{TRACE_ID}-00f067aa0ba902b7-01")
        key = str(guest.conversation_id)
        async with await Staff.signs_in(stack.url("gateway"), "sam.staff@lindenhof.example") as sam:

            async def escalation() -> object:
                page = await sam.get(f"/conversations/{key}")
                return page["escalation"].get("value")

            found = await until(escalation, what="the escalation")
        assert found["trace_id"] == TRACE_ID

    on_topics = [
        record.envelope
        for topic in (CONVERSATIONS, ESCALATIONS)
        for record in await everything(stack.part_urls.kafka, topic, stack.namespace)
        if (record.envelope.traceparent or "").split("-")[1:2] == [TRACE_ID]
    ]
    types = {envelope.type.removeprefix("frontdesk.").removesuffix(".v1") for envelope in on_topics}
    assert {"message.sent", "turn.handed_over", "escalation.created"} <= types

    connection = await asyncpg.connect(stack.database_urls("conversation")["worker"])
    try:
        rows = await connection.fetch(
            "select type from outbox where headers->>'traceparent' like $1", f"00-{TRACE_ID}-%"
        )
    finally:
        await connection.close()
    assert {"frontdesk.message.sent.v1", "frontdesk.turn.handed_over.v1"} <= {row["type"] for row in rows}

    for process in ("gateway", "conversation-api", "conversation-worker", "escalation"):

        async def logged(name: str = process) -> bool:
            return TRACE_ID in stack.log(name).read_text(errors="replace")

        await until(logged, 5, what=f"the trace id in the log of {process}")

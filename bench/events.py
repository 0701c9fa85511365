"""Relay and consumers: how fast a backlog of events leaves the outbox, and how fast others take it in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import asyncpg

from bench import cpu, drain, report
from bench.figures import total
from bench.stackside import Bench
from contracts.topics import Topic

# A backlog as a busy hour leaves it: so many conversations, several events each, in the form the service writes.
_MESSAGES = """
INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, headers, hotel_id)
SELECT event.id, 'frontdesk.conversation.conversation.v1', event.key, 'frontdesk.message.sent.v1',
       jsonb_build_object('conversation_id', event.key, 'message_id', event.id, 'seq', event.seq,
                          'sender', jsonb_build_object('kind', 'guest', 'id', event.key), 'guest_id', event.key,
                          'turn_id', NULL, 'sent_at', event.at, 'version', event.seq + 1),
       event.headers || jsonb_build_object('ce_type', 'frontdesk.message.sent.v1', 'ce_subject', event.key), $1
  FROM (SELECT uuidv7() AS id, md5('bench ' || number % $3 || $4)::uuid::text AS key, number / $3 + 1 AS seq,
               to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, number
          FROM generate_series(0, $2 - 1) AS number) AS made
 CROSS JOIN LATERAL (SELECT made.*, jsonb_build_object('ce_specversion', '1.0', 'ce_id', made.id,
       'ce_source', '/frontdesk/conversation', 'ce_time', made.at, 'content-type', 'application/json',
       'hotel_id', $1::uuid) AS headers) AS event
 ORDER BY event.number
"""
_AUDIT = """
INSERT INTO outbox (id, aggregatetype, aggregateid, type, payload, headers, hotel_id)
SELECT made.id, 'frontdesk.audit.recorded.v1', made.id::text, 'frontdesk.audit.recorded.v1',
       jsonb_build_object('service', 'conversation', 'action', 'message.send',
                          'actor', jsonb_build_object('kind', 'user', 'id', made.id), 'acting_for', NULL, 'hotel_id', $1::uuid,
                          'object_type', 'message', 'object_id', made.id, 'at', made.at,
                          'trace_id', '4bf92f3577b34da6a3ce929d0e0e4736'),
       jsonb_build_object('ce_specversion', '1.0', 'ce_id', made.id, 'ce_source', '/frontdesk/conversation',
                          'ce_time', made.at, 'content-type', 'application/json', 'hotel_id', $1::uuid,
                          'ce_type', 'frontdesk.audit.recorded.v1', 'ce_subject', made.id::text), $1
  FROM (SELECT uuidv7() AS id, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
          FROM generate_series(1, $2)) AS made
"""
CONSUMED = "consumer_records_total"


async def measure(bench: Bench, *, events: int, conversations: int, seed: int) -> None:
    """A backlog of message events (passed by in escalation), then one of audit entries (each a transaction in identity)."""
    report.header(
        "Relay and consumers",
        seed,
        f"{events} events at once in the conversation service's outbox; message events of {conversations} conversations",
        "relay: from the first to the last `published_at`; consumers: between a tenth and nine tenths of the records taken",
    )
    from contracts.events import AuditRecorded, MessageSent

    passed = await _drained(
        bench, _MESSAGES, events, (events, conversations, str(seed)), "escalation", MessageSent.TOPIC
    )
    handled = await _drained(bench, _AUDIT, events, (events,), "identity", AuditRecorded.TOPIC)
    report.table(
        ["events", "relay, events/s", "consumer", "consumer, events/s", "CPU ms per event"],
        [["message.sent", *passed], ["audit.recorded", *handled]],
    )


async def _drained(
    bench: Bench, statement: str, count: int, values: tuple[object, ...], service: str, topic: Topic
) -> list[object]:
    await drain.until_quiet(bench)

    def taken() -> Awaitable[float]:
        return total(bench, service, CONSUMED, topic=topic.name)

    start = await taken()
    before = cpu.used(bench)
    connection = await asyncpg.connect(bench.database(role="worker"))
    try:
        began = await connection.fetchval("SELECT now()")
        owner = await asyncpg.connect(bench.database())
        await owner.execute(statement.replace("$1::uuid", f"'{bench.hotel_id}'::uuid"), bench.hotel_id, *values)
        await owner.close()
        rate = await _rate(taken, start, count)
        await drain.until_quiet(bench)
        row = await connection.fetchrow(
            "SELECT count(*) AS events, extract(epoch FROM max(published_at) - min(published_at))::float8 AS seconds"
            " FROM outbox WHERE created_at >= $1 AND published_at IS NOT NULL",
            began,
        )
    finally:
        await connection.close()
    spent = cpu.between(before, cpu.used(bench))
    assert row is not None
    return [f"{row['events'] / row['seconds']:.0f}", service, f"{rate:.0f}", report.layers(spent, count, 0.01)]


async def _rate(taken: Callable[[], Awaitable[float]], start: float, count: int, timeout_seconds: float = 300) -> float:
    """Records a second between the tenth and the ninetieth hundredth of `count`.

    Raises:
        TimeoutError: they were not all taken in time.
    """
    seen: list[tuple[float, float]] = []
    until = time.monotonic() + timeout_seconds
    while not seen or seen[-1][1] < count:
        if time.monotonic() > until:
            raise TimeoutError(f"{seen[-1][1]:.0f} of {count} events were taken in {timeout_seconds:.0f} s")
        seen.append((time.monotonic(), await taken() - start))
        await asyncio.sleep(0.05)
    first = next(one for one in seen if one[1] >= 0.1 * count)
    last = next(one for one in seen if one[1] >= 0.9 * count)
    return (last[1] - first[1]) / (last[0] - first[0]) if last[0] > first[0] else float("inf")

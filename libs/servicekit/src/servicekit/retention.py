"""Retention: what outbox, inbox and idempotency keys forget, and when. Run hourly by the leader of each service."""

from typing import TYPE_CHECKING

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from servicekit import idempotency
from servicekit.jobs import PeriodicJob
from servicekit.logging import log

if TYPE_CHECKING:
    from servicekit.runtime import Runtime

EVERY_SECONDS = 3600
BATCH = 5000
"""Rows deleted by one statement, so that none holds locks or bloats the log for long."""

_OUTBOX = text("""
delete from outbox where id in (
    select id from outbox where published_at is not null and created_at < now() - make_interval(days => :days) limit :batch
)
""")
_INBOX = text("""
delete from inbox where (consumer, event_id) in (
    select consumer, event_id from inbox where received_at < now() - make_interval(days => :days) limit :batch
)
""")


async def forget_published(connection: AsyncConnection, days: int) -> int:
    """Delete outbox rows older than `days` that are published; an unpublished one stays however old it is."""
    return await _in_batches(connection, _OUTBOX, days)


async def forget_received(connection: AsyncConnection, days: int) -> int:
    """Delete inbox rows older than `days`: longer than any topic is kept and any replay reaches back."""
    return await _in_batches(connection, _INBOX, days)


async def run(rt: "Runtime") -> None:
    """One pass over everything that has a retention."""
    settings = rt.base_settings
    async with rt.worker_db.autocommit() as connection:
        published = await forget_published(connection, settings.outbox_retention_days)
        received = await forget_received(connection, settings.inbox_retention_days)
        await idempotency.purge(connection)
    log.info("retention.done", outbox=published, inbox=received)


JOB = PeriodicJob("retention", EVERY_SECONDS, run)


async def _in_batches(connection: AsyncConnection, statement: TextClause, days: int) -> int:
    total = 0
    while True:
        done = (await connection.execute(statement, {"days": days, "batch": BATCH})).rowcount
        total += done
        if done < BATCH:
            return total

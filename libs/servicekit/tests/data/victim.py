"""A worker process for tests to kill: relays, consumes and does due items until it dies. Not a test itself."""

import asyncio
import os
import sys
from types import SimpleNamespace
from typing import Any

from sqlalchemy import text

from contracts.events import SessionRevoked
from servicekit.clock import utc_now
from servicekit.consumers import Consumers, Reactions
from servicekit.database import Database, Transaction
from servicekit.due import DueItem
from servicekit.duerunner import DueRunner
from servicekit.hints import Hints
from servicekit.jobs import DueJob
from servicekit.relay import Pending, Relay

RECORD = text("insert into effect (hotel_id, event_id, key, number) values (:hotel, :event, :key, :number)")
reactions = Reactions()


@reactions.on(SessionRevoked)
async def record(event: SessionRevoked, tx: Transaction) -> None:
    assert tx.envelope is not None
    values = {"hotel": tx.hotel_id, "event": tx.envelope.id, "key": str(event.user_id), "number": event.version}
    await tx.execute(RECORD, values)
    await asyncio.sleep(0.002)  # so that a kill has something to hit


async def answer(item: DueItem, rt: Any) -> None:
    await asyncio.sleep(0.05)
    async with rt.worker_db.transaction(item.hotel_id) as tx:
        await tx.finish(item)
        values = {"hotel": item.hotel_id, "event": item.object_id, "key": "due", "number": item.attempt}
        await tx.execute(RECORD, values)


class SlowRelay(Relay):
    """Takes its time over every wave, so that a kill finds one in flight."""

    async def _send(self, producer: Any, event: Pending) -> None:
        await Relay._send(self, producer, event)
        await asyncio.sleep(0.03)


async def main(database_url: str, kafka_url: str, namespace: str) -> None:
    hints = Hints(None, "lab", "lab")
    db = Database(database_url, service="lab", hints=hints)
    rt: Any = SimpleNamespace(worker_db=db, hints=hints, clock=utc_now, service="lab")
    stop = asyncio.Event()
    relay = SlowRelay(database_url, kafka_url, namespace, f"lab-{os.getpid()}-", hints, batch=20, poll_seconds=0.05)
    consumers = Consumers(reactions, db, kafka_url, namespace, session_seconds=6)
    runner = DueRunner(DueJob("turn", answer, concurrency=2, lease_seconds=1, poll_seconds=0.1), rt)
    await asyncio.gather(relay.run(stop), consumers.run(stop), runner.run(stop))


asyncio.run(main(*sys.argv[1:]))

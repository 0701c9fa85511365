"""The patches: a clock that can be turned, and builds that are broken on purpose, one function each."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer
    from sqlalchemy.ext.asyncio import AsyncSession

    from servicekit.outbox import Outgoing

_LOOK_SECONDS = 0.05


def clock() -> None:
    """Turn the injected clock and `time.time` ahead by what the file says. The machine's own clock stays as it is.

    Everybody holds the same function `utc_now`, some as a default argument: so its code is exchanged, not its name.
    """
    import servicekit.clock

    path, right = Path(os.environ["CHAOS_CLOCK_FILE"]), time.time
    seen: list[float] = [0.0, -1.0]

    def ahead() -> float:
        if time.monotonic() - seen[1] > _LOOK_SECONDS:
            try:
                seen[0] = float(path.read_text() or 0)
            except (OSError, ValueError):
                seen[0] = 0.0
            seen[1] = time.monotonic()
        return seen[0]

    def turned() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=_ahead())  # noqa: F821  # pyright: ignore  - names of its new home

    servicekit.clock.__dict__.update(_ahead=ahead, timedelta=timedelta)
    servicekit.clock.utc_now.__code__ = turned.__code__
    time.time = lambda: right() + ahead()


def ack_before_commit() -> None:
    """Every fourth message is acknowledged, then its transaction is rolled back."""
    from sqlalchemy.util import greenlet_spawn

    from conversation.commands import messages
    from servicekit.database import Database

    assert "db.call(" in Path(messages.__file__).read_text(), "messages are stored in another way"
    right, numbers = Database.call, itertools.count(1)

    async def acknowledge_first(self: Database, statement: str, *values: Any) -> Any:  # Any: as the driver has them
        if next(numbers) % 4:
            return await right(self, statement, *values)
        taken = await self.engine.raw_connection()
        driver: Any = taken.driver_connection  # Any: asyncpg's connection; SQLAlchemy does not say
        try:
            transaction = driver.transaction()
            await transaction.start()
            row = await driver.fetchrow(statement, *values)
            await transaction.rollback()
            return row
        finally:
            await greenlet_spawn(taken.close)

    Database.call = acknowledge_first


def publish_before_commit() -> None:
    """Events go to Kafka before the commit and into no outbox; every third transaction then fails and is done again."""
    numbers = itertools.count(1)

    async def write(session: AsyncSession, events: Sequence[Outgoing], created_at: datetime) -> None:
        del session, created_at
        await _produce(events)
        if next(numbers) % 3 == 0:
            raise ConnectionResetError("the commit failed")

    _replace_outbox(write)


def publish_and_forget() -> None:
    """Events go to Kafka once, beside the transaction and into no outbox; what Kafka does not take in 0.3 s is gone."""

    async def write(session: AsyncSession, events: Sequence[Outgoing], created_at: datetime) -> None:
        del session, created_at
        with suppress(Exception):
            async with asyncio.timeout(0.3):
                await _produce(events)

    _replace_outbox(write)


def relay_backwards() -> None:
    """The relay sends the newest of what is pending first."""
    from servicekit import relay

    name = "_PENDING"
    wanted: str = vars(relay)[name]
    assert "order by seq limit" in wanted, "the relay reads its outbox in another way"
    setattr(relay, name, wanted.replace("order by seq limit", "order by seq desc limit"))


def settle_apart() -> None:
    """Every second answer is stored without the end of its turn, as if that were a second transaction that failed."""
    from conversation import turns

    name = "store_reply"
    right, numbers = vars(turns)[name], itertools.count(1)

    async def store_half(question: Any, reply: Any, item: Any, tx: Any) -> Any:  # Any: passed through as it comes
        turn = await right(question, reply, item, tx)
        if turn.state == "answered" and next(numbers) % 2 == 0:
            turn.state, turn.message_id = "open", None
            await tx.due("turn", turn.id, tx.now)
        return turn

    setattr(turns, name, store_half)


def _replace_outbox(write: Any) -> None:  # Any: a function of the outbox's shape
    from servicekit import outbox, transaction

    assert "outbox.write" in Path(transaction.__file__).read_text(), "transactions write their events in another way"
    outbox.write = write


_producer: AIOKafkaProducer | None = None


async def _produce(events: Sequence[Outgoing]) -> None:
    global _producer
    if _producer is None:
        from aiokafka import AIOKafkaProducer

        _producer = AIOKafkaProducer(bootstrap_servers=os.environ["FRONTDESK_KAFKA_URL"], acks="all")
        await _producer.start()
    for event in events:
        await _producer.send_and_wait(
            os.environ.get("FRONTDESK_KAFKA_NAMESPACE", "") + event.topic,
            json.dumps(event.payload).encode(),
            key=str(event.envelope.subject).encode(),
            headers=[(name, value.encode()) for name, value in event.envelope.headers().items()],
        )

"""One record to its reactions: decoded, each reaction in one transaction with its inbox row, errors told apart."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog
from pydantic import ValidationError

from contracts.envelope import BadEnvelope, Envelope
from contracts.event import Event
from contracts.topics import TOPICS
from servicekit import deadletters, inbox
from servicekit.database import Database
from servicekit.healing import describe, may_heal
from servicekit.logging import log
from servicekit.measures import CONSUMED, CONSUMER_RETRIES, CONSUMER_SECONDS
from servicekit.reactions import Reaction, Reactions
from servicekit.stopping import wait_for_stop
from servicekit.tracing import span

RETRY_SECONDS = (0.05, 0.2, 0.5)
"""Pauses between the attempts in place, before a record is given up as dead."""
HANDLER_SECONDS = 60.0
"""A reaction that takes longer is cancelled, and counts as something that may heal."""


class Record(Protocol):
    """What is used of an aiokafka ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Outcome(StrEnum):
    """What became of a record."""

    HANDLED = "handled"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    DEAD = "dead"


class Healing(Exception):
    """Something is away that will come back; the record is not at fault and must be tried again later."""


class Dead(Exception):
    """The record cannot be handled, however often it is tried. `reaction` is the one that failed."""

    def __init__(self, reaction: str) -> None:
        super().__init__(reaction)
        self.reaction = reaction


@dataclass(frozen=True, slots=True)
class Delivery:
    """Takes the records of one group to a service's reactions.

    Args:
        db: as the worker role.
        group: the consumer group, without which a redriven record is not ours.
        dead: where dead letters are sent.
        stop: ends the pauses between attempts.
    """

    reactions: Reactions
    db: Database
    group: str
    dead: deadletters.Producer
    stop: asyncio.Event
    retry_seconds: Sequence[float] = RETRY_SECONDS
    handler_seconds: float = HANDLER_SECONDS

    def passes_by(self, record: Record) -> bool:
        """Whether the record is a sound event that no reaction here is for: most of a shared topic, at little cost."""
        if record.value is None or not deadletters.addressed_to(record.headers, self.group):
            return True
        try:
            return not self.reactions.to(Envelope.from_headers(record.headers).type)
        except BadEnvelope:
            return False

    async def deliver(self, record: Record, topic: str) -> Outcome:
        """Handle the record, or put it with the dead letters. Afterwards it may be acknowledged.

        Args:
            topic: name without the namespace, for the figures.

        Raises:
            Healing: it was neither handled nor put aside; try again later.
        """
        try:
            outcome = await self._handle(record, topic)
        except Dead as dead:
            await self._bury(record, topic, dead)
            outcome = Outcome.DEAD
        CONSUMED.labels(self.db.service, topic, outcome.value).inc()
        return outcome

    async def _handle(self, record: Record, topic: str) -> Outcome:
        if record.value is None or not deadletters.addressed_to(record.headers, self.group):
            return Outcome.SKIPPED
        try:
            envelope = Envelope.from_headers(record.headers)
        except BadEnvelope as error:
            raise Dead("envelope") from error
        found = self.reactions.to(envelope.type)
        if not found:
            return Outcome.SKIPPED
        try:
            event = found[0].event.model_validate_json(record.value)
        except ValidationError as error:
            raise Dead("schema") from error
        outcome = Outcome.DUPLICATE
        with (
            structlog.contextvars.bound_contextvars(hotel_id=str(envelope.hotel_id or ""), event_id=str(envelope.id)),
            span(f"{envelope.type} process", kind="consumer", traceparent=envelope.traceparent, topic=topic),
            CONSUMER_SECONDS.labels(self.db.service, topic).time(),
        ):
            for reaction in found:
                if await self._react_until_done(reaction, event, envelope, topic):
                    outcome = Outcome.HANDLED
            if event.ERASES:
                await self._erase_letters(record, topic)
            if outcome is Outcome.HANDLED:
                log.info("event.handled", type=envelope.type, key=envelope.subject)
        return outcome

    async def _react_until_done(self, reaction: Reaction, event: Event, envelope: Envelope, topic: str) -> bool:
        """True when the reaction took effect now, False when it had before."""
        pauses = iter(self.retry_seconds)
        while True:
            try:
                return await self._react(reaction, event, envelope)
            except Exception as error:
                if may_heal(error):
                    CONSUMER_RETRIES.labels(self.db.service, topic, "healing").inc()
                    raise Healing(f"{reaction.name}: {describe(error)}") from error
                pause = next(pauses, None)
                log.warning("reaction.failed", reaction=reaction.name, error=describe(error), last=pause is None)
                if pause is None:
                    raise Dead(reaction.name) from error
                CONSUMER_RETRIES.labels(self.db.service, topic, "failing").inc()
                if await wait_for_stop(self.stop, pause):
                    raise Healing("stopping") from error

    async def _react(self, reaction: Reaction, event: Event, envelope: Envelope) -> bool:
        platform = reaction.platform or envelope.hotel_id is None
        async with asyncio.timeout(self.handler_seconds):
            async with self.db.transaction(
                None if platform else envelope.hotel_id, envelope=envelope, platform=platform
            ) as tx:
                hotel_id = None if reaction.forgotten_too else envelope.hotel_id
                if not await inbox.receive(tx, f"{self.db.service}.{reaction.name}", envelope.id, hotel_id):
                    return False
                await reaction.handle(event, tx)
        return True

    async def _erase_letters(self, record: Record, topic: str) -> None:
        """Take away what this group has put there under the record's key. It comes in order: there is nothing later."""
        await self._put(record, topic, None, [])

    async def _put(self, record: Record, topic: str, value: bytes | None, headers: deadletters.Headers) -> None:
        """Write to the dead letters. A topic of personal data keeps one for each key and group."""
        known = next((one for one in TOPICS if one.name == topic), None)
        key = deadletters.letter_key(known, self.group, record.key)
        try:
            await self.dead.send(f"{record.topic}.dlq", value, key=key, headers=headers)
        except Exception as unwritable:
            raise Healing(f"dead letters of {record.topic}: {type(unwritable).__name__}") from unwritable

    async def _bury(self, record: Record, topic: str, dead: Dead) -> None:
        error = dead.__cause__ or dead
        why = deadletters.reasons(
            error,
            group=self.group,
            reaction=dead.reaction,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            at=self.db.clock(),
        )
        headers = [*deadletters.without_added(record.headers), *why]
        await self._put(record, topic, record.value, headers)
        log.error(
            "record.dead",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reaction=dead.reaction,
            error=describe(error),
        )

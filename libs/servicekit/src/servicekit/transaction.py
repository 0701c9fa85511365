"""One transaction of one hotel: rows read and locked, events published, work made due, all or nothing.

The edge (an HTTP dependency or a consumer) opens it through `Database.transaction` and commits it; commands and queries
get it as `tx` and never commit.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Executable, text
from sqlalchemy.engine import Result
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.envelope import Envelope
from contracts.errors import NotFound
from contracts.event import Event
from contracts.events import AuditRecorded
from contracts.ids import HotelId
from contracts.topics import Topic
from servicekit import outbox
from servicekit.actor import Actor
from servicekit.clock import Clock
from servicekit.due import DueItem, LeaseLost
from servicekit.hints import Payload
from servicekit.rows import Row
from servicekit.tracing import current_trace_id

R = TypeVar("R", bound=Row)
Key = UUID | str | int | tuple[Any, ...]  # Any: parts of a composite primary key
AfterCommit = Callable[[], Awaitable[None] | None]

_SET_DUE = text("select due_set(:kind, :object_id, :hotel_id, :due_at)")
_NOT_DUE = text("delete from due where kind = :kind and object_id = :object_id")
_FINISH = text(
    "delete from due where kind = :kind and object_id = :object_id and lease = :lease and lease_until is not null"
    " returning lease"
)


class Transaction:
    """What commands, queries and reactions work with.

    Attributes:
        session: the SQLAlchemy session, for what the methods do not cover.
        hotel_id: the tenant, whose rows alone are visible; None in platform scope.
        actor: who acts.
        now: the moment of the transaction, from the injected clock; the same from begin to commit.
        envelope: of the event that is being handled, in a reaction.
        platform: whether this is platform scope.
    """

    def __init__(
        self,
        session: AsyncSession,
        *,
        service: str,
        hotel_id: HotelId | None,
        actor: Actor,
        now: datetime,
        envelope: Envelope | None = None,
        platform: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.session = session
        self.service = service
        self.hotel_id = hotel_id
        self.actor = actor
        self.now = now
        self._clock = clock
        self.envelope = envelope
        self.platform = platform
        self._events: list[outbox.Outgoing] = []
        self._due_kinds: set[str] = set()
        self._hints: list[tuple[str, Payload | None]] = []
        self._after_commit: list[AfterCommit] = []
        self._finished: list[DueItem] = []

    def moment(self) -> datetime:
        """The present moment, `now` or later: locks may have been waited for. For times that are compared with those of
        others who held the same lock, as which tokens still hold."""
        return self.now if self._clock is None else max(self.now, self._clock())

    async def get(self, kind: type[R], id: Key) -> R:
        """The row with that primary key (a tuple for a composite one).

        Raises:
            NotFound: this hotel has none.
        """
        return _found(await self.find(kind, id), kind)

    async def find(self, kind: type[R], id: Key) -> R | None:
        """The row with that primary key, or None."""
        return await self.session.get(kind, id)

    async def lock(self, kind: type[R], id: Key) -> R:
        """The row, locked for update until the end of the transaction and read afresh under the lock.

        Lock the row of the key before you publish under it, several in id order: then the order of events is the
        order of commits.

        Raises:
            NotFound: this hotel has none.
        """
        return _found(await self.find_locked(kind, id), kind)

    async def find_locked(self, kind: type[R], id: Key) -> R | None:
        """As `lock`, or None."""
        await self.session.flush()
        return await self.session.get(kind, id, populate_existing=True, with_for_update=True)

    def add(self, row: Row) -> None:
        """A new row, written at the next flush or query."""
        self.session.add(row)

    async def delete(self, row: Row) -> None:
        """Delete a row."""
        await self.session.delete(row)

    async def flush(self) -> None:
        """Write what is pending, so that constraints speak now."""
        await self.session.flush()

    async def execute(
        self, statement: Executable, params: Mapping[str, Any] | None = None
    ) -> Result[Any]:  # Any: as SQLAlchemy
        """Run a statement."""
        return await self.session.execute(statement, dict(params) if params else None)

    async def scalars(
        self, statement: Executable, params: Mapping[str, Any] | None = None
    ) -> list[Any]:  # Any: as SQLAlchemy
        """The first column (or the entity) of every row."""
        return list((await self.execute(statement, params)).scalars())

    async def scalar(self, statement: Executable, params: Mapping[str, Any] | None = None) -> Any:  # Any: as SQLAlchemy
        """The first column of the first row, or None."""
        return (await self.execute(statement, params)).scalar()

    def publish(self, event: Event, *, occurred_at: datetime | None = None, hotel_id: UUID | None = None) -> Envelope:
        """Say what happened: an outbox row of this transaction, sent by the relay after the commit.

        Args:
            event: one of `contracts.events`.
            occurred_at: when it happened (`ce_time`); `tx.now` if it happens now.
            hotel_id: whom it concerns; by default the transaction's hotel or, in platform scope, the event's own.

        Raises:
            TooLarge: Kafka would refuse it.
        """
        hotel = hotel_id or self.hotel_id or getattr(event, "hotel_id", None)
        entry = outbox.outgoing(event, service=self.service, time=occurred_at or self.now, hotel_id=hotel)
        self._events.append(entry)
        return entry.envelope

    def tombstone(self, topic: Topic, key: str) -> None:
        """Take what is under `key` out of a compacted topic. Lock the row of the key before, as for `publish`."""
        gone = outbox.tombstone(topic, key, service=self.service, time=self.now, hotel_id=self.hotel_id)
        self._events.append(gone)

    def audit(self, action: str, object_type: str, object_id: object) -> None:
        """Every command calls this once: who did what (`resource.verb`) to which object, for identity's log."""
        actor, acting_for = self.actor.on_record()
        self.publish(
            AuditRecorded(
                service=self.service,
                action=action,
                actor=actor,
                acting_for=acting_for,
                hotel_id=self.hotel_id,
                object_type=object_type,
                object_id=str(object_id),
                at=self.now,
                trace_id=current_trace_id(),
            )
        )

    async def due(self, kind: str, object_id: UUID, at: datetime, *, hotel_id: UUID | None = None) -> None:
        """Have `object_id` done by the runner of `kind` from `at` on. A run in progress loses its lease: it starts anew."""
        hotel = hotel_id or self.hotel_id
        if hotel is None:
            raise ValueError("what is due belongs to a hotel")
        await self.execute(_SET_DUE, {"kind": kind, "object_id": object_id, "hotel_id": hotel, "due_at": at})
        self._due_kinds.add(kind)

    async def not_due(self, kind: str, object_id: UUID) -> None:
        """Take it back. A run in progress loses its lease."""
        await self.execute(_NOT_DUE, {"kind": kind, "object_id": object_id})

    async def finish(self, item: DueItem) -> None:
        """The item is done, if this transaction commits. It is the fence as well: call it before writing the outcome, and
        after locking the row under which others make the item due, as everybody locks. From here to the commit nobody
        else gets the item; whoever makes it due again waits.

        Raises:
            LeaseLost: it is no longer ours; roll back.
        """
        gone = await self.scalar(_FINISH, {"kind": item.kind, "object_id": item.object_id, "lease": item.lease})
        if gone is None:
            raise LeaseLost(f"{item.kind} {item.object_id}, attempt {item.attempt}")
        item.finishing = True
        self._finished.append(item)

    def hint(self, name: str, payload: Payload | None = None) -> None:
        """Send a hint once the commit stands, the same one once: `tx.hint(f"conversation:{id}", {"seq": 7})`."""
        if (name, payload) not in self._hints:
            self._hints.append((name, payload))

    def after_commit(self, call: AfterCommit) -> None:
        """Run `call` once the commit stands; for hints. A failure is logged and changes nothing."""
        self._after_commit.append(call)

    async def write_events(self) -> None:
        """Write the outbox rows, in the order of the calls of `publish`. The edge calls this last, before the commit."""
        await self.session.flush()
        if self._events:
            await outbox.write(self.session, self._events, self.now)

    def take_back(self) -> None:
        """The transaction did not commit: what it finished is its runner's to settle."""
        for item in self._finished:
            item.finishing = False

    def hints(self) -> list[tuple[str, Payload | None]]:
        """The hints to send once the commit stands."""
        chassis: list[tuple[str, Payload | None]] = [(f"due:{kind}", None) for kind in sorted(self._due_kinds)]
        if self._events:
            chassis.append(("outbox", None))
        return [*self._hints, *chassis]

    async def run_after_commit(self, failed: Callable[[Exception], None]) -> None:
        """Run what `after_commit` collected; `failed` gets each error."""
        for call in self._after_commit:
            try:
                outcome = call()
                if inspect.isawaitable(outcome):
                    await outcome
            except Exception as error:
                failed(error)


def _found(row: R | None, kind: type[R]) -> R:
    if row is None:
        raise NotFound(f"No such {kind.__name__.removesuffix('Row').lower()}")
    return row

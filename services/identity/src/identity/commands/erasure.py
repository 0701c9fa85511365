"""Forgetting a person (GDPR, Article 17): their records are emptied, every service is told, and what each confirms is kept.

Locks as in `commands.guests`: the hotel first, so that nobody is merged meanwhile, then who goes on, then who was merged.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import text
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.events import GuestErased, GuestForgotten
from contracts.guest_data import HOLDERS
from contracts.ids import GuestId
from contracts.topics import GUESTS
from identity.commands.export import drop_exports_of
from identity.commands.guests import followers_of
from identity.domain import guests
from identity.tables import HotelRow
from identity.tables_guests import GuestRow
from identity.tables_privacy import ErasureRow, StepRow
from servicekit import DueItem, Transaction, new_id
from servicekit.erasure import confirm, forget_answers

REMINDER = "guest_erasure"
REMINDED_AFTER = timedelta(hours=25)
"""Once the topic compacts what is a day old. Kafka closes the segment that a state stands in only when the next record
comes: the reminder is that record, where nothing else has come."""

# For the relay they are done with, since the erasure came after them; a replay would bring them back.
_FORGET_EVENTS = text("""
with gone as (
    delete from outbox where aggregatetype = :topic and aggregateid = :guest_id and type <> :erased
        and published_at is not null
    returning 1
)
select count(*) from gone
""")


async def erase_guest(guest_id: GuestId, tx: Transaction) -> ErasureRow:
    """Forget a person: this record and all that are the same person's. Asked for again, it is the same erasure.

    Raises:
        NotFound: the hotel has no such guest.
    """
    assert tx.hotel_id is not None  # Tx lets nobody in without one
    await tx.lock(HotelRow, tx.hotel_id)
    named = await tx.get(GuestRow, guest_id)
    if named.erasure_id is not None:
        return await tx.get(ErasureRow, named.erasure_id)
    head = await tx.lock(GuestRow, named.merged_into or named.id)
    records = [head, *await followers_of([GuestId(head.id)], tx)]
    erasure = _new_erasure(head, tx)
    tx.add(erasure)
    await tx.flush()
    for row, emptied in zip(records, guests.erase(row.record() for row in records), strict=True):
        row.take(emptied)
        row.erased_at, row.erasure_id = tx.now, erasure.id
        tx.publish(row.erased())
        for service in sorted(HOLDERS):
            tx.add(StepRow(guest_id=row.id, service=service, hotel_id=tx.hotel_id, erasure_id=erasure.id))
    await drop_exports_of([GuestId(row.id) for row in records], tx)
    tx.audit("guest.erase", "guest", head.id)
    await tx.due(REMINDER, erasure.id, tx.now + REMINDED_AFTER)
    await tx.flush()
    return erasure


async def forget_guest(event: GuestErased, tx: Transaction) -> None:
    """Forget what identity still has beside the emptied record, like every other service, and confirm."""
    about = {"topic": GUESTS.name, "guest_id": str(event.guest_id), "erased": GuestErased.TYPE}
    forgotten = {
        "guest": 1,
        "outbox_event": await tx.scalar(_FORGET_EVENTS, about),
        "stored_answer": await forget_answers([event.guest_id], tx),
    }
    await confirm(event, forgotten, tx)


async def note_forgotten(event: GuestForgotten, tx: Transaction) -> None:
    """A service has confirmed. Keep how much it forgot in all, and the newest event that says so."""
    assert tx.envelope is not None  # a reaction's transaction has the event's
    step = await tx.find_locked(StepRow, (event.guest_id, event.service))
    if step is None or event.version < step.version:
        return
    for one in event.forgotten:
        step.forgotten = {**step.forgotten, one.kind: step.forgotten.get(one.kind, 0) + one.count}
    step.version, step.event_id, step.confirmed_at = event.version, tx.envelope.id, event.at


async def remind(item: DueItem, tx: Transaction) -> None:
    """Tell the services again, once in any case and then daily as long as one has not confirmed."""
    erasure = await tx.lock(ErasureRow, item.object_id)
    await tx.finish(item)
    rows: list[GuestRow] = await tx.scalars(
        select(GuestRow).where(col(GuestRow.erasure_id) == erasure.id).order_by(col(GuestRow.id)).with_for_update()
    )
    if erasure.said > 1 and not await open_steps(rows, tx):
        return
    for row in rows:
        tx.publish(row.erased())
    erasure.said, erasure.said_at = erasure.said + 1, tx.now
    await tx.due(REMINDER, erasure.id, tx.now + REMINDED_AFTER)


async def open_steps(rows: Iterable[GuestRow], tx: Transaction) -> bool:
    """Whether a service has yet to confirm what was last said of one of these erased records."""
    said = {row.id: row.version for row in rows}
    steps: list[StepRow] = await tx.scalars(select(StepRow).where(col(StepRow.guest_id).in_(said)))
    return any(step.version < said[step.guest_id] for step in steps)


def _new_erasure(head: GuestRow, tx: Transaction) -> ErasureRow:
    by = tx.actor.ref()
    return ErasureRow(
        id=new_id(),
        guest_id=head.id,
        asked_by_kind=by.kind,
        asked_by_id=by.id,
        asked_at=tx.now,
        said_at=tx.now,
    )


async def erasure_of(guest_id: GuestId, tx: Transaction) -> ErasureRow:
    """The erasure of a guest.

    Raises:
        NotFound: nobody has asked for it, or the hotel has no such guest.
    """
    row = await tx.find(GuestRow, guest_id)
    if row is None or row.erasure_id is None:
        raise NotFound("This guest was not erased")
    return await tx.get(ErasureRow, row.erasure_id)

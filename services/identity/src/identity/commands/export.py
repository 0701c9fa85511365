"""Giving a person what is kept of them (GDPR, Articles 15 and 20): asked for, gathered by the worker, kept for a while.

Locks: the guest's row, then the export's.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import LargeBinary, func
from sqlmodel import col, select

from contracts.errors import Conflict, NotFound
from contracts.guest_data import HOLDERS
from contracts.ids import GuestId
from identity.commands.second_factor import Rewrapped
from identity.domain.guests import check_not_erased
from identity.tables_guests import GuestRow
from identity.tables_privacy import ExportRow
from servicekit import DueItem, Transaction, new_id
from servicekit.vault import KEY_ID_AT, KEY_ID_BYTES, CannotOpen, Vault

GATHER, EXPIRE = "guest_export", "guest_export_expires"
REWRAPPED_AT_ONCE = 10
"""Archives in memory at once; each may have megabytes."""


class ExportNotReady(Conflict):
    """Not all services have answered yet."""

    slug, title = "export-not-ready", "The export is not ready yet"


async def ask_for_export(guest_id: GuestId, tx: Transaction) -> ExportRow:
    """Have everything gathered that is kept of a person, under whichever of their records. One that is being gathered
    goes on; one that is ready is made anew.

    Raises:
        NotFound: the hotel has no such guest.
    """
    head = await _head(guest_id, tx)
    row = await _of(head, tx)
    if row is not None and row.archive is None:
        return row
    if row is not None:
        await drop(row, tx)
    by = tx.actor.ref()
    row = ExportRow(
        id=new_id(),
        guest_id=head.id,
        asked_by_kind=by.kind,
        asked_by_id=by.id,
        asked_at=tx.now,
        waiting_for=sorted(HOLDERS),
    )
    tx.add(row)
    await tx.due(GATHER, row.id, tx.now)
    tx.audit("guest.export", "guest", head.id)
    await tx.flush()
    return row


async def export_of(guest_id: GuestId, tx: Transaction) -> ExportRow:
    """The export of a person.

    Raises:
        NotFound: there is none, or none any more.
    """
    row = await _of(await _head(guest_id, tx), tx)
    if row is None or (row.expires_at is not None and row.expires_at <= tx.now):
        raise NotFound("There is no export of this guest")
    return row


async def take_archive(guest_id: GuestId, vault: Vault, tx: Transaction) -> bytes:
    """The archive, in clear; that it was taken is on record.

    Raises:
        NotFound: there is no export, or none any more.
        ExportNotReady: not all services have answered yet.
    """
    row = await export_of(guest_id, tx)
    if row.archive is None:
        raise ExportNotReady(f"waiting for {', '.join(row.waiting_for)}")
    tx.audit("guest.download_export", "guest", row.guest_id)
    try:
        return vault.open(row.archive, *row.place)
    except CannotOpen:
        raise NotFound("This export can no longer be opened; ask for another") from None


async def keep_archive(item: DueItem, sealed: bytes, until: datetime, tx: Transaction) -> None:
    """The export is ready. Nothing is kept if it is no longer wanted: the guest was erased meanwhile."""
    row = await tx.find_locked(ExportRow, item.object_id)
    await tx.finish(item)
    if row is None:
        return
    row.archive, row.ready_at, row.expires_at, row.waiting_for = sealed, tx.now, until, []
    row.version += 1
    await tx.due(EXPIRE, row.id, until)


async def note_missing(item: DueItem, services: list[str], tx: Transaction) -> None:
    """Say for whom the export waits."""
    row = await tx.find_locked(ExportRow, item.object_id)
    if row is not None and row.waiting_for != services:
        row.waiting_for = services
        row.version += 1


async def expire_export(item: DueItem, tx: Transaction) -> None:
    """Its time is over."""
    row = await tx.find_locked(ExportRow, item.object_id)
    await tx.finish(item)
    if row is not None:
        await tx.delete(row)


async def rewrap_exports(after: UUID, vault: Vault, tx: Transaction) -> Rewrapped:
    """Wrap the next archives of the transaction's hotel, in the order of their ids, with the newest key."""
    key_id = func.substring(col(ExportRow.archive), KEY_ID_AT + 1, KEY_ID_BYTES, type_=LargeBinary)
    older = select(ExportRow).where(key_id != vault.key_id, col(ExportRow.id) > after)
    rows: list[ExportRow] = await tx.scalars(
        older.order_by(col(ExportRow.id)).limit(REWRAPPED_AT_ONCE).with_for_update()
    )
    lost: list[UUID] = []
    for row in rows:
        assert row.archive is not None  # null has no key id
        try:
            row.archive = vault.rewrap(row.archive, *row.place)
        except CannotOpen:
            lost.append(row.id)
    return Rewrapped(len(rows) - len(lost), tuple(lost), rows[-1].id if rows else None)


async def drop(row: ExportRow, tx: Transaction) -> None:
    """Nobody is to have it any more. Whoever is gathering for it finds it gone."""
    await tx.not_due(GATHER, row.id)
    await tx.not_due(EXPIRE, row.id)
    await tx.delete(row)
    await tx.flush()


async def drop_exports_of(guest_ids: list[GuestId], tx: Transaction) -> None:
    """As `drop`, all of these guests. Their rows are locked."""
    found: list[ExportRow] = await tx.scalars(select(ExportRow).where(col(ExportRow.guest_id).in_(guest_ids)))
    for row in found:
        await drop(row, tx)


def kept_until(now: datetime, days: int) -> datetime:
    """When an export that is ready now is deleted."""
    return now + timedelta(days=days)


async def _head(guest_id: GuestId, tx: Transaction) -> GuestRow:
    """The record of the person that goes on, locked."""
    named = await tx.get(GuestRow, guest_id)
    check_not_erased(named.record())
    head = await tx.lock(GuestRow, named.merged_into or named.id)
    check_not_erased(head.record())
    return head


async def _of(head: GuestRow, tx: Transaction) -> ExportRow | None:
    return await tx.scalar(select(ExportRow).where(col(ExportRow.guest_id) == head.id))

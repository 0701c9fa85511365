"""Guests: people who ask, known to one hotel.

Locks: a guest who goes on before those that were merged into them, several of a kind in id order; merging locks the
hotel first, so that nobody is merged away while it is looked up who goes on.
"""

from collections.abc import Collection, Iterable, Mapping

from sqlmodel import col, select

from contracts.ids import GuestId
from contracts.statuses import GuestStatus
from contracts.values import Email, LanguageTag
from identity.domain import guests
from identity.domain.contact import PersonName, PhoneNumber
from identity.domain.guests import Record, SameGuest
from identity.tables import HotelRow
from identity.tables_guests import GuestRow
from servicekit import Command, Transaction, check_version, new_id


class CreateGuest(Command):
    """Put a guest on record."""

    name: PersonName | None = None
    email: Email | None = None
    phone: PhoneNumber | None = None
    language: LanguageTag | None = None
    status: GuestStatus = GuestStatus.NEW


class UpdateGuest(Command):
    """Change what is known of a guest; what is left out stays, null forgets it."""

    name: PersonName | None = None
    email: Email | None = None
    phone: PhoneNumber | None = None
    language: LanguageTag | None = None
    status: GuestStatus = GuestStatus.NEW


class UpdateContact(Command):
    """Change how to reach a guest; what is left out stays, null forgets it."""

    email: Email | None = None
    phone: PhoneNumber | None = None


class UpdateStatus(Command):
    """Change how the hotel knows a guest."""

    status: GuestStatus


class MergeGuests(Command):
    """Two records are of one person: the one named here joins the other."""

    duplicate_id: GuestId


async def create_guest(command: CreateGuest, tx: Transaction, guest_id: GuestId | None = None) -> GuestRow:
    """A new guest of the transaction's hotel."""
    row = GuestRow(id=guest_id or new_id(), **command.model_dump())
    tx.add(row)
    await tx.flush()
    tx.publish(row.created())
    tx.audit("guest.create", "guest", row.id)
    return row


async def note_guest(guest_id: GuestId, language: LanguageTag, tx: Transaction) -> GuestRow:
    """The guest of that id; a bare row if the hotel has none: somebody has just begun to chat.

    A record that was merged stays as it is, whoever still chats under its id. One that was erased does, too, and every
    service is told again: what was said under its id meanwhile is to be forgotten like the rest.
    """
    known = await tx.find_locked(GuestRow, guest_id)
    if known is None:
        return await create_guest(CreateGuest(language=language), tx, guest_id)
    if known.erased_at is not None:
        known.version += 1
        tx.publish(known.erased())
    return known


async def update_guest(guest_id: GuestId, command: UpdateGuest, if_match: int | None, tx: Transaction) -> GuestRow:
    """Change name, contact data, language or status.

    Raises:
        PreconditionFailed: somebody else changed the guest since.
        MoveNotAllowed: a guest who is known is not new again.
        GuestMerged: the guest goes on as another.
    """
    changes = command.model_dump(exclude_unset=True)
    status: GuestStatus | None = changes.pop("status", None)
    return await _edit(guest_id, "guest.update", changes, status, if_match, tx)


async def update_contact(guest_id: GuestId, command: UpdateContact, if_match: int | None, tx: Transaction) -> GuestRow:
    """Change e-mail address and phone number.

    Raises:
        PreconditionFailed: somebody else changed the guest since.
        GuestMerged: the guest goes on as another.
    """
    changes = command.model_dump(exclude_unset=True)
    return await _edit(guest_id, "guest.update_contact", changes, None, if_match, tx)


async def update_status(guest_id: GuestId, command: UpdateStatus, if_match: int | None, tx: Transaction) -> GuestRow:
    """Make a guest a regular, a VIP, or block them.

    Raises:
        PreconditionFailed: somebody else changed the guest since.
        MoveNotAllowed: a guest who is known is not new again; who is blocked becomes a regular first.
        GuestMerged: the guest goes on as another.
    """
    return await _edit(guest_id, "guest.update_status", {}, command.status, if_match, tx)


async def merge_guests(guest_id: GuestId, command: MergeGuests, if_match: int | None, tx: Transaction) -> GuestRow:
    """Let the duplicate, and whoever was merged into it, join the guest. The same again changes nothing.

    A guest who was merged meanwhile stands for the one they were merged into, who takes the duplicate and is returned.

    Raises:
        NotFound: the hotel lacks one of them.
        SameGuest: both are the same record.
        PreconditionFailed: somebody else changed the guest since.
        GuestMerged: the duplicate is part of somebody else.
    """
    assert tx.hotel_id is not None  # Tx lets nobody in without one
    await tx.lock(HotelRow, tx.hotel_id)
    named, duplicate = await tx.get(GuestRow, guest_id), await tx.get(GuestRow, command.duplicate_id)
    guests.check_not_erased(named.record())
    guests.check_not_erased(duplicate.record())
    if named.id == duplicate.id:
        raise SameGuest(pointer="/duplicate_id")
    heads = sorted({GuestId(named.merged_into or named.id), GuestId(duplicate.merged_into or duplicate.id)})
    locked = {row.id: row for row in [await tx.lock(GuestRow, head) for head in heads]}
    followers = await followers_of(heads, tx)
    check_version(named, if_match)
    if len(heads) == 1:
        return locked[heads[0]]
    kept = locked[named.merged_into or named.id]
    merged = guests.merge(kept.record(), duplicate.record(), [row.record() for row in followers])
    pairs = zip((kept, duplicate, *followers), merged, strict=True)
    await _become([(row, after) for row, after in pairs if row is kept or row.record() != after], tx)
    tx.audit("guest.merge", "guest", kept.id)
    return kept


async def _edit(
    guest_id: GuestId,
    action: str,
    changes: Mapping[str, str | None],
    status: GuestStatus | None,
    if_match: int | None,
    tx: Transaction,
) -> GuestRow:
    """Carry out what people entered. What was forgotten, and the status, hold for merged records of the guest too."""
    row = await tx.lock(GuestRow, guest_id)
    before = row.record()
    guests.check_not_erased(before)
    check_version(row, if_match)
    after = guests.edit(before, changes, status)
    if after == before:
        return row
    forgotten = before.facts.keys() - after.facts.keys()
    followers = await followers_of([guest_id], tx) if forgotten or after.status != before.status else []
    followed = [(one, guests.follow(one.record(), after, forgotten)) for one in followers]
    await _become([(row, after), *(pair for pair in followed if pair[0].record() != pair[1])], tx)
    tx.audit(action, "guest", guest_id)
    return row


async def followers_of(heads: Collection[GuestId], tx: Transaction) -> list[GuestRow]:
    """The records that were merged into these, locked in id order. These must be locked."""
    merged = select(GuestRow).where(col(GuestRow.merged_into).in_(heads)).order_by(col(GuestRow.id))
    return await tx.scalars(merged.with_for_update().execution_options(populate_existing=True))


async def _become(changes: Iterable[tuple[GuestRow, Record]], tx: Transaction) -> None:
    """Change the rows, and publish it."""
    for row, record in changes:
        row.take(record)
        tx.publish(row.updated())
    await tx.flush()  # which stamps `updated_at`, before anybody is shown the row

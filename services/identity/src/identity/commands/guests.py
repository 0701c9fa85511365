"""Guests: people who ask, known to one hotel."""

from contracts.ids import GuestId
from contracts.statuses import GUEST_MOVES, GuestStatus, move
from contracts.values import Email, LanguageTag
from identity.domain.contact import PersonName, PhoneNumber
from identity.tables import GuestRow
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


async def create_guest(command: CreateGuest, tx: Transaction, guest_id: GuestId | None = None) -> GuestRow:
    """A new guest of the transaction's hotel."""
    row = GuestRow(id=guest_id or new_id(), **command.model_dump())
    tx.add(row)
    await tx.flush()
    tx.publish(row.created())
    tx.audit("guest.create", "guest", row.id)
    return row


async def note_guest(guest_id: GuestId, language: LanguageTag, tx: Transaction) -> GuestRow:
    """The guest of that id; a bare row if the hotel has none: somebody has just begun to chat."""
    known = await tx.find_locked(GuestRow, guest_id)
    return known or await create_guest(CreateGuest(language=language), tx, guest_id)


async def update_guest(guest_id: GuestId, command: UpdateGuest, if_match: int | None, tx: Transaction) -> GuestRow:
    """Change contact data, language or status.

    Raises:
        PreconditionFailed: somebody else changed the guest since.
        MoveNotAllowed: a guest who is known is not new again.
    """
    row = await tx.lock(GuestRow, guest_id)
    check_version(row, if_match)
    changes = command.model_dump(exclude_unset=True)
    if "status" in changes and command.status != row.status:
        move(GUEST_MOVES, GuestStatus(row.status), command.status)
    for name, value in changes.items():
        setattr(row, name, value)
    row.version += 1
    tx.publish(row.updated())
    tx.audit("guest.update", "guest", guest_id)
    return row

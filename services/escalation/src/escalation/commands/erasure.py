"""Forgetting a guest: what staff noted about them. What remains are ids, states, times and reasons from our own list."""

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from contracts.events import GuestErased
from contracts.ids import GuestId
from escalation.tables import ConversationRow, ErasedGuestRow
from servicekit import Transaction
from servicekit.erasure import confirm, forget_answers

# Locks them: a note that is being written is seen, and whoever writes one later sees that the guest is erased.
_ESCALATIONS = text(
    "select id from escalations where hotel_id = :hotel_id and guest_id = :guest_id order by id for update"
)
_EMPTY_NOTES = text("""
with emptied as (
    update escalations set resolution_note = null
    where hotel_id = :hotel_id and guest_id = :guest_id and resolution_note is not null returning 1
)
select count(*) from emptied
""")


async def forget_guest(event: GuestErased, tx: Transaction) -> None:
    """Empty the notes about the guest, keep that they were erased, and confirm."""
    about = {"hotel_id": tx.hotel_id, "guest_id": event.guest_id}
    await tx.execute(insert(ErasedGuestRow).values(**about, erased_at=event.erased_at).on_conflict_do_nothing())
    theirs = await tx.scalars(_ESCALATIONS, about)
    conversations = await tx.scalars(
        select(ConversationRow.id).where(
            col(ConversationRow.hotel_id) == tx.hotel_id, col(ConversationRow.guest_id) == event.guest_id
        )
    )
    forgotten = {
        "note": await tx.scalar(_EMPTY_NOTES, about),
        "stored_answer": await forget_answers([event.guest_id, *theirs, *conversations], tx),
    }
    await confirm(event, forgotten, tx)


async def is_erased(guest_id: GuestId, tx: Transaction) -> bool:
    """Whether the guest was erased; asked under the lock of an escalation of theirs."""
    return await tx.find(ErasedGuestRow, guest_id) is not None

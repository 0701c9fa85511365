"""What identity does when others publish: knows every guest who chats, and keeps the audit log of all services."""

from contracts.events import AuditRecorded, ConversationStarted, GuestErased, GuestForgotten
from identity.commands.audit import record_entry
from identity.commands.erasure import forget_guest, note_forgotten
from identity.commands.guests import note_guest
from servicekit import Transaction
from servicekit.reactions import Reactions

reactions = Reactions()


@reactions.on(ConversationStarted)
async def on_conversation_started(event: ConversationStarted, tx: Transaction) -> None:
    """A guest who chats is on record, if only by the id that the widget gave them."""
    await note_guest(event.guest_id, event.language, tx)


@reactions.on(GuestErased)
async def on_guest_erased(event: GuestErased, tx: Transaction) -> None:
    """Identity forgets like every other service."""
    await forget_guest(event, tx)


@reactions.on(GuestForgotten)
async def on_guest_forgotten(event: GuestForgotten, tx: Transaction) -> None:
    """A service has forgotten."""
    await note_forgotten(event, tx)


@reactions.on(AuditRecorded)
async def on_audit_recorded(event: AuditRecorded, tx: Transaction) -> None:
    """Keep the entry."""
    assert tx.envelope is not None  # a reaction's transaction has the event's
    await record_entry(tx.envelope.id, event, tx)

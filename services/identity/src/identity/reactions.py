"""What identity does when others publish: knows every guest who chats, which hotels need attention and who has forgotten a
purged one or an erased guest, and keeps the audit log of all services."""

from typing import Any

from contracts.event import Event
from contracts.events import AuditRecorded, ConversationStarted, GuestErased, GuestForgotten, HotelForgotten
from identity.commands.attention import note_sign
from identity.commands.audit import record_entry
from identity.commands.erasure import forget_guest, note_forgotten
from identity.commands.guests import note_guest
from identity.commands.hotel_ends import record_confirmation
from identity.domain.attention import SIGNS, Sign
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


@reactions.on(AuditRecorded, forgotten_too=True)
async def on_audit_recorded(event: AuditRecorded, tx: Transaction) -> None:
    """Keep the entry."""
    assert tx.envelope is not None  # a reaction's transaction has the event's
    await record_entry(tx.envelope.id, event, tx)


@reactions.on(HotelForgotten, forgotten_too=True)
async def on_hotel_forgotten(event: HotelForgotten, tx: Transaction) -> None:
    """A service holds nothing of a purged hotel any more."""
    await record_confirmation(event, tx)


def _follow(sign: Sign) -> None:
    """Know what the reason to look at a hotel is made of."""

    @reactions.on(*sign.events, name=f"attention_{sign.reason}")
    async def on_sign(event: Event, tx: Transaction) -> None:
        found: dict[str, Any] = dict(event)  # Any: the event's fields
        await note_sign(sign.reason, found[sign.object_id], sign.holds(event), found["version"], tx)


for _sign in SIGNS:
    _follow(_sign)

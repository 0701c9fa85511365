"""What every service does alike when a guest is erased: forget stored answers, and confirm.

@reactions.on(GuestErased)
async def on_guest_erased(event: GuestErased, tx: Transaction) -> None:
    forgotten = await forget_what_we_have(event.guest_id, tx)
    await confirm(event, forgotten, tx)
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import text

from contracts.events import Forgotten, GuestErased, GuestForgotten
from contracts.ids import GuestId
from servicekit.transaction import Transaction

# A stored answer is JSON: whatever it holds, the ids in it are ASCII.
_ANSWERS = text("""
with gone as (
    delete from idempotency_keys where hotel_id = :hotel_id and (
        encode(body, 'escape') like any(:named) or headers::text like any(:named) or actor like any(:named)
    ) returning 1
)
select count(*) from gone
""")
_GATE = text("select pg_advisory_xact_lock(hashtextextended(:guest, 0))")


async def one_at_a_time(guest_id: GuestId, tx: Transaction) -> None:
    """Wait for whoever else is at something of this guest that has no row to lock yet, or is no longer to have one."""
    await tx.execute(_GATE, {"guest": f"guest {guest_id}"})


async def forget_answers(ids: Iterable[UUID], tx: Transaction) -> int:
    """Delete the hotel's stored answers (Idempotency-Key) that name any of these, or were given to them; how many.

    Only the worker role may, which reactions have.
    """
    named = [f"%{one}%" for one in ids]
    return await tx.scalar(_ANSWERS, {"hotel_id": tx.hotel_id, "named": named})


async def confirm(event: GuestErased, forgotten: Mapping[str, int], tx: Transaction) -> None:
    """Say that this service keeps nothing of the guest any more, and how much it was, by kind."""
    tx.publish(
        GuestForgotten(
            guest_id=event.guest_id,
            service=tx.service,
            forgotten=tuple(Forgotten(kind=kind, count=count) for kind, count in forgotten.items()),
            at=tx.now,
            version=event.version,
        )
    )

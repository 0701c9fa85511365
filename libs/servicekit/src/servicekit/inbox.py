"""The inbox: which event a reaction has handled, in the transaction that handled it, so that the effect happens once."""

from uuid import UUID

from sqlalchemy import text

from servicekit.transaction import Transaction

_RECEIVE = text("""
insert into inbox (consumer, event_id) select :consumer, :event_id
where not exists (select from forgotten_hotels f where f.hotel_id = :hotel_id)
on conflict do nothing returning 1
""")
_FORGET = text("delete from inbox where consumer = :consumer")


async def receive(tx: Transaction, consumer: str, event_id: UUID, hotel_id: UUID | None = None) -> bool:
    """Note the event. False when it has been handled; a handler that is at it now is waited for.

    Args:
        hotel_id: whose event it is. That of a hotel that is forgotten counts as handled: it comes late, from a replay or
            the dead letters, and must not bring anything back.
    """
    params = {"consumer": consumer, "event_id": event_id, "hotel_id": hotel_id}
    return await tx.scalar(_RECEIVE, params) is not None


async def reset(tx: Transaction, consumer: str) -> None:
    """Forget what `consumer` has handled: the first step of a rebuild of its projection."""
    await tx.execute(_FORGET, {"consumer": consumer})

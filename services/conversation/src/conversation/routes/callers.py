"""Who calls: a guest with their hotel, a member of staff with theirs; and a guest's transaction."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from contracts.errors import Forbidden
from contracts.ids import GuestId, HotelId
from conversation.commands.conversations import active_hotel
from servicekit.access import NoHotel, guest
from servicekit.actor import Actor
from servicekit.edge import Tx
from servicekit.transaction import Transaction

Guest = Annotated[Actor, Depends(guest())]
"""The guest whose token came along."""


async def _of_active_hotel(tx: Tx) -> Transaction:
    await active_hotel(tx)
    return tx


GuestTx = Annotated[Transaction, Depends(_of_active_hotel, scope="function")]
"""The request's transaction, if the guest's hotel is served.

Raises HotelSuspended else: a guest's token outlives the suspension of a hotel."""


def hotel_of(actor: Actor) -> HotelId:
    """The hotel that the caller's token names.

    Raises:
        NoHotel: it names none.
    """
    if actor.hotel_id is None:
        raise NoHotel
    return actor.hotel_id


def guest_of(actor: Actor) -> GuestId:
    """The guest's id."""
    return GuestId(person(actor))


def person(actor: Actor) -> UUID:
    """The id of whoever acts.

    Raises:
        Forbidden: a service, which says nothing of its own.
    """
    if actor.id is None:
        raise Forbidden("Only people take part in a conversation")
    return actor.id

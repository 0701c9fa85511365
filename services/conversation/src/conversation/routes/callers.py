"""Who calls: a guest with their hotel, from a site of the hotel's; a member of staff with theirs; a guest's transaction."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.requests import HTTPConnection

from contracts.errors import Forbidden
from contracts.ids import GuestId, HotelId
from conversation.commands.conversations import active_hotel
from conversation.commands.guests import OriginNotAllowed
from conversation.domain.sites import is_allowed
from conversation.resources import resources_of
from servicekit.access import NoHotel, guest
from servicekit.actor import Actor
from servicekit.edge import Tx
from servicekit.runtime import Rt, Runtime
from servicekit.transaction import Transaction


async def check_site(connection: HTTPConnection, guest: Actor, rt: Runtime) -> None:
    """Refuse a page that is none of the hotel's, though it has a token: one that was taken along to another site.

    Raises:
        OriginNotAllowed: the hotel of the token does not have its widget there.
    """
    origin = connection.headers.get("origin")
    if origin is not None and not is_allowed(origin, await resources_of(rt).sites.allowed(hotel_of(guest))):
        raise OriginNotAllowed


async def _guest_on_site(connection: HTTPConnection, rt: Rt, who: Annotated[Actor, Depends(guest())]) -> Actor:
    await check_site(connection, who, rt)
    return who


Guest = Annotated[Actor, Depends(_guest_on_site)]
"""The guest whose token came along, on a page of their hotel's."""


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

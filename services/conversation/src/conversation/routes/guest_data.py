"""What identity asks for when a guest wants their data."""

from typing import Annotated

from fastapi import Depends, Query

from contracts.ids import GuestId
from contracts.permissions import Permission
from conversation.queries.guest_data import GuestData, data_of_guest
from servicekit.access import may
from servicekit.actor import Actor
from servicekit.edge import ReadTx, edge_router

router = edge_router("/guest-data", tags=["guests' data"])


@router.get("")
async def guest_data_route(
    _: Annotated[Actor, Depends(may(Permission.CONVERSATION_READ))],
    tx: ReadTx,
    guest_id: Annotated[list[GuestId], Query(min_length=1, max_length=100, description="every record of one person")],
) -> GuestData:
    """All that is kept here of a person: what was said, and what they said of themselves."""
    return await data_of_guest(guest_id, tx)

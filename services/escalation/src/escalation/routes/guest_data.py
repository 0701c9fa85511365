"""What identity asks for when a guest wants their data."""

from typing import Annotated

from fastapi import Depends, Query

from contracts.ids import GuestId
from escalation.queries.guest_data import GuestData, data_of_guest
from servicekit import Actor, ReadTx, edge_router, may

router = edge_router("/guest-data", tags=["guests' data"])


@router.get("")
async def guest_data_route(
    _: Annotated[Actor, Depends(may("escalation:read"))],
    tx: ReadTx,
    guest_id: Annotated[list[GuestId], Query(min_length=1, max_length=100, description="every record of one person")],
) -> GuestData:
    """All that is kept here of a person: when they needed somebody, and what staff noted."""
    return await data_of_guest(guest_id, tx)

"""What a guest may ask of a hotel: to be forgotten, and what is kept of them (GDPR, Articles 15, 17 and 20)."""

from typing import Annotated

from fastapi import Depends

from contracts.errors import NotFound
from contracts.ids import GuestId
from identity.commands.erasure import erase_guest, erasure_of
from identity.queries.erasure import ErasureView, view_of
from servicekit import Actor, Tx, edge_router, may, problems

router = edge_router("/guests", tags=["guests' privacy"])
Eraser = Annotated[Actor, Depends(may("guest:erase"))]


@router.delete("/{guest_id}", status_code=202, responses=problems(NotFound))
async def erase_guest_route(guest_id: GuestId, _: Eraser, tx: Tx) -> ErasureView:
    """Forget a person, under whichever of their records: for ever, in every service. The answer says how far it is;
    asked again, the same erasure."""
    return await view_of(await erase_guest(guest_id, tx), tx)


@router.get("/{guest_id}/erasure", responses=problems(NotFound))
async def erasure_route(guest_id: GuestId, _: Eraser, tx: Tx) -> ErasureView:
    """How far an erasure is, and the proof of it: who asked, when, and what each service has confirmed by which event."""
    return await view_of(await erasure_of(guest_id, tx), tx)

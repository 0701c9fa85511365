"""Guests of the caller's hotel."""

from typing import Annotated

from fastapi import Depends, Query, Response

from contracts.errors import MoveNotAllowed, NotFound, PreconditionFailed
from contracts.ids import GuestId
from contracts.statuses import GuestStatus
from identity.commands.guests import CreateGuest, UpdateGuest, create_guest, update_guest
from identity.queries.guests import GuestView, list_guests
from identity.tables import GuestRow
from servicekit import Actor, IfMatch, Page, PageQuery, ReadTx, Tx, edge_router, may, problems, set_etag

router = edge_router("/guests", tags=["guests"])
Reader = Annotated[Actor, Depends(may("guest:read"))]
Writer = Annotated[Actor, Depends(may("guest:write"))]


@router.post("", status_code=201)
async def create_guest_route(command: CreateGuest, _: Writer, tx: Tx, response: Response) -> GuestView:
    """Put a guest on record."""
    row = await create_guest(command, tx)
    response.headers["Location"] = f"/guests/{row.id}"
    return _shown(row, response)


@router.get("")
async def list_guests_route(
    _: Reader,
    page: PageQuery,
    tx: ReadTx,
    id: Annotated[list[GuestId] | None, Query(max_length=100, description="only these; repeatable")] = None,
    status: Annotated[GuestStatus | None, Query()] = None,
) -> Page[GuestView]:
    """The hotel's guests, newest first."""
    return await list_guests(id, status, page, tx)


@router.get("/{guest_id}", responses=problems(NotFound))
async def guest_route(guest_id: GuestId, _: Reader, tx: Tx, response: Response) -> GuestView:
    """A guest."""
    return _shown(await tx.get(GuestRow, guest_id), response)


@router.patch("/{guest_id}", responses=problems(NotFound, PreconditionFailed, MoveNotAllowed))
async def update_guest_route(
    guest_id: GuestId, command: UpdateGuest, _: Writer, if_match: IfMatch, tx: Tx, response: Response
) -> GuestView:
    """Change contact data, language or status; what is left out stays, null forgets it."""
    return _shown(await update_guest(guest_id, command, if_match, tx), response)


def _shown(row: GuestRow, response: Response) -> GuestView:
    set_etag(response, row.version)
    return GuestView.of(row)

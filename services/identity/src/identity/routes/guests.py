"""Guests of the caller's hotel."""

from typing import Annotated

from fastapi import Depends, Query, Response

from contracts.errors import MoveNotAllowed, NotFound, PreconditionFailed
from contracts.ids import GuestId
from contracts.statuses import GuestStatus
from contracts.values import Email
from identity.commands.guests import (
    CreateGuest,
    MergeGuests,
    UpdateContact,
    UpdateGuest,
    UpdateStatus,
    create_guest,
    merge_guests,
    update_contact,
    update_guest,
    update_status,
)
from identity.domain.contact import PhoneNumber
from identity.domain.guests import GuestMerged, SameGuest, check_not_erased
from identity.queries.guests import GuestFilter, GuestView, list_guests, search_guests
from identity.queries.likeness import SearchText
from identity.tables_guests import GuestRow
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
    email: Annotated[Email | None, Query(description="in any spelling of it")] = None,
    phone: Annotated[PhoneNumber | None, Query(description="with its country code, however it is written")] = None,
    q: Annotated[SearchText | None, Query(description="part of a name, e-mail or phone number, typos allowed")] = None,
) -> Page[GuestView]:
    """The hotel's guests, newest first; with `q` the best match first. A merged guest is found by `id` alone."""
    wanted = GuestFilter(ids=id or (), status=status, email=email, phone=phone)
    return await (list_guests(wanted, page, tx) if q is None else search_guests(q, wanted, page, tx))


@router.get("/{guest_id}", responses=problems(NotFound))
async def guest_route(guest_id: GuestId, _: Reader, tx: Tx, response: Response) -> GuestView:
    """A guest. One who was merged says into which."""
    row = await tx.get(GuestRow, guest_id)
    check_not_erased(row.record())
    return _shown(row, response)


@router.patch("/{guest_id}", responses=problems(NotFound, PreconditionFailed, MoveNotAllowed, GuestMerged))
async def update_guest_route(
    guest_id: GuestId, command: UpdateGuest, _: Writer, if_match: IfMatch, tx: Tx, response: Response
) -> GuestView:
    """Change contact data, language or status; what is left out stays, null forgets it."""
    return _shown(await update_guest(guest_id, command, if_match, tx), response)


@router.post("/{guest_id}/contact", responses=problems(NotFound, PreconditionFailed, GuestMerged))
async def update_contact_route(
    guest_id: GuestId, command: UpdateContact, _: Writer, if_match: IfMatch, tx: Tx, response: Response
) -> GuestView:
    """Change e-mail address and phone number; what is left out stays, null forgets it."""
    return _shown(await update_contact(guest_id, command, if_match, tx), response)


@router.post("/{guest_id}/status", responses=problems(NotFound, PreconditionFailed, MoveNotAllowed, GuestMerged))
async def update_status_route(
    guest_id: GuestId, command: UpdateStatus, _: Writer, if_match: IfMatch, tx: Tx, response: Response
) -> GuestView:
    """Make a guest a regular or a VIP, or block them; a blocked one becomes a regular first."""
    return _shown(await update_status(guest_id, command, if_match, tx), response)


@router.post("/{guest_id}/merge", responses=problems(NotFound, PreconditionFailed, SameGuest, GuestMerged))
async def merge_guests_route(
    guest_id: GuestId, command: MergeGuests, _: Writer, if_match: IfMatch, tx: Tx, response: Response
) -> GuestView:
    """Let a duplicate join this guest, who gets what they lacked and the stronger status. Answers with who goes on."""
    return _shown(await merge_guests(guest_id, command, if_match, tx), response)


def _shown(row: GuestRow, response: Response) -> GuestView:
    set_etag(response, row.version)
    return GuestView.of(row)

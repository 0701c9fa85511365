"""Hotels that end, and come back; and which organisation of Clerk a hotel is. For the platform's operators."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Response

from contracts.errors import MoveNotAllowed, NotFound, PreconditionFailed
from contracts.ids import HotelId
from identity.commands.hotel_ends import delete_hotel, restore_hotel
from identity.commands.hotel_links import (
    LinkClerkOrganisation,
    link_clerk_organisation,
    unlink_clerk_organisation,
)
from identity.domain.hotels import HotelDeleted, HotelLinked, OrganisationLinked, PurgeBegun
from identity.queries.hotels import HotelView
from identity.queries.purges import PurgeView, purge_of
from identity.settings import settings_of
from identity.tables import HotelRow
from servicekit import Actor, HotelTx, IfMatch, Rt, edge_router, may, problems, set_etag

router = edge_router("/hotels", tags=["hotels"])
Deleter = Annotated[Actor, Depends(may("hotel:delete"))]
Linker = Annotated[Actor, Depends(may("hotel:link"))]


@router.delete("/{hotel_id}", responses=problems(NotFound, MoveNotAllowed, PreconditionFailed))
async def delete_hotel_route(
    hotel_id: HotelId, _: Deleter, rt: Rt, if_match: IfMatch, tx: HotelTx, response: Response
) -> HotelView:
    """Delete a hotel: sign-in and widget stop within seconds. Until `purge_after` it can be restored; then every service
    deletes its data."""
    grace = timedelta(days=settings_of(rt).hotel_grace_days)
    return _shown(await delete_hotel(hotel_id, if_match, grace, tx), response)


@router.post("/{hotel_id}/restore", responses=problems(NotFound, MoveNotAllowed, PurgeBegun, PreconditionFailed))
async def restore_hotel_route(
    hotel_id: HotelId, _: Deleter, if_match: IfMatch, tx: HotelTx, response: Response
) -> HotelView:
    """Take a deleted hotel back. It is suspended until it is activated."""
    return _shown(await restore_hotel(hotel_id, if_match, tx), response)


@router.get("/{hotel_id}/purge", responses=problems(NotFound))
async def purge_route(hotel_id: HotelId, _: Deleter, tx: HotelTx) -> PurgeView:
    """How far the end of a deleted hotel is, and which services have confirmed that they forgot it."""
    return await purge_of(hotel_id, tx)


@router.put(
    "/{hotel_id}/clerk-organisation",
    responses=problems(NotFound, OrganisationLinked, HotelLinked, HotelDeleted, PreconditionFailed),
)
async def link_clerk_organisation_route(
    hotel_id: HotelId, command: LinkClerkOrganisation, _: Linker, if_match: IfMatch, tx: HotelTx, response: Response
) -> HotelView:
    """Link a hotel to an organisation of Clerk; the same again changes nothing."""
    return _shown(await link_clerk_organisation(hotel_id, command, if_match, tx), response)


@router.delete("/{hotel_id}/clerk-organisation", responses=problems(NotFound, PreconditionFailed))
async def unlink_clerk_organisation_route(
    hotel_id: HotelId, _: Linker, if_match: IfMatch, tx: HotelTx, response: Response
) -> HotelView:
    """Take the link to Clerk away."""
    return _shown(await unlink_clerk_organisation(hotel_id, if_match, tx), response)


def _shown(row: HotelRow, response: Response) -> HotelView:
    set_etag(response, row.version)
    return HotelView.of(row)

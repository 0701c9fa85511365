"""Hotels: opened and suspended by the platform's operators, run by their own admins."""

from typing import Annotated

from fastapi import Depends, Path, Query, Response

from contracts.errors import MoveNotAllowed, NotFound, PreconditionFailed
from contracts.ids import HotelId
from contracts.statuses import HotelStatus
from identity.commands.hotel_links import OrganisationId
from identity.commands.hotels import (
    CreateHotel,
    UpdateHotel,
    activate_hotel,
    create_hotel,
    deactivate_hotel,
    update_hotel,
)
from identity.domain.hotels import HotelDeleted, LanguageNotOffered, SlugTaken
from identity.queries.hotels import HotelFilter, HotelView, ListedHotel, hotel, hotel_by_slug, list_hotels
from identity.routes.scopes import AnyTx
from servicekit import Actor, HotelTx, IfMatch, Page, PageQuery, PlatformTx, edge_router, may, problems, set_etag

router = edge_router("/hotels", tags=["hotels"])
Reader = Annotated[Actor, Depends(may("hotel:read"))]
Writer = Annotated[Actor, Depends(may("hotel:write"))]
Suspender = Annotated[Actor, Depends(may("hotel:suspend"))]


@router.post("", status_code=201, responses=problems(SlugTaken, LanguageNotOffered))
async def create_hotel_route(
    command: CreateHotel, _: Annotated[Actor, Depends(may("hotel:create"))], tx: PlatformTx, response: Response
) -> HotelView:
    """Open a hotel; it is served at once. Its first admin comes by `POST /hotels/{hotel_id}/users`."""
    row = await create_hotel(command, tx)
    response.headers["Location"] = f"/hotels/{row.id}"
    return _shown(HotelView.of(row), response)


@router.get("")
async def list_hotels_route(
    _: Reader,
    page: PageQuery,
    tx: AnyTx,
    status: Annotated[HotelStatus | None, Query(description="left out: all but deleted ones")] = None,
    clerk_organisation: Annotated[OrganisationId | None, Query(description="the one that is linked to it")] = None,
    needs_attention: Annotated[
        bool | None, Query(description="true: only served hotels that somebody should look at, with the reasons")
    ] = None,
) -> Page[ListedHotel]:
    """One's own hotel; all of them for a superadmin."""
    return await list_hotels(HotelFilter(status, clerk_organisation, needs_attention), page, tx)


@router.get("/by-slug/{slug}", responses=problems(NotFound))
async def hotel_by_slug_route(
    slug: Annotated[str, Path(max_length=64)], _: Reader, tx: AnyTx, response: Response
) -> HotelView:
    """The hotel of that slug."""
    return _shown(await hotel_by_slug(slug, tx), response)


@router.get("/{hotel_id}", responses=problems(NotFound))
async def hotel_route(hotel_id: HotelId, _: Reader, tx: HotelTx, response: Response) -> HotelView:
    """A hotel and its settings."""
    return _shown(await hotel(hotel_id, tx), response)


@router.patch(
    "/{hotel_id}", responses=problems(NotFound, PreconditionFailed, SlugTaken, LanguageNotOffered, HotelDeleted)
)
async def update_hotel_route(
    hotel_id: HotelId, command: UpdateHotel, _: Writer, if_match: IfMatch, tx: HotelTx, response: Response
) -> HotelView:
    """Change settings; what is left out stays."""
    return _shown(HotelView.of(await update_hotel(hotel_id, command, if_match, tx)), response)


@router.post("/{hotel_id}/activate", responses=problems(NotFound, MoveNotAllowed, HotelDeleted))
async def activate_hotel_route(hotel_id: HotelId, _: Suspender, tx: HotelTx, response: Response) -> HotelView:
    """Serve a suspended hotel again."""
    return _shown(HotelView.of(await activate_hotel(hotel_id, tx)), response)


@router.post("/{hotel_id}/deactivate", responses=problems(NotFound, MoveNotAllowed, HotelDeleted))
async def deactivate_hotel_route(hotel_id: HotelId, _: Suspender, tx: HotelTx, response: Response) -> HotelView:
    """Suspend a hotel: sign-in and widget stop within seconds, the data stays."""
    return _shown(HotelView.of(await deactivate_hotel(hotel_id, tx)), response)


def _shown(view: HotelView, response: Response) -> HotelView:
    set_etag(response, view.version)
    return view

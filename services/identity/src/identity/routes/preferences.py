"""How I like my pages: preferences in every hotel, and saved views of lists in this one."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from contracts.errors import NotFound, PreconditionFailed
from identity.commands.preferences import (
    SaveView,
    SetPreferences,
    UpdateView,
    delete_view,
    save_view,
    set_preferences,
    update_view,
)
from identity.domain.members import AccountDeleted
from identity.domain.preferences import ListKind, NotYourView, TooManyViews
from identity.queries.preferences import (
    PreferencesView,
    SavedView,
    SavedViews,
    preferences,
    saved_view,
    saved_views,
)
from identity.routes.scopes import OwnTx, own_id
from servicekit import Actor, IfMatch, Tx, edge_router, problems, set_etag, signed_in

router = edge_router("/me", tags=["own account"])
SignedIn = Annotated[Actor, Depends(signed_in())]


@router.get("/preferences")
async def preferences_route(actor: SignedIn, tx: OwnTx, response: Response) -> PreferencesView:
    """My preferences; the defaults at version 0 as long as I have set none."""
    view = await preferences(own_id(actor), tx)
    set_etag(response, view.version)
    return view


@router.put("/preferences", responses=problems(PreconditionFailed, AccountDeleted))
async def set_preferences_route(
    command: SetPreferences, actor: SignedIn, if_match: IfMatch, tx: OwnTx, response: Response
) -> PreferencesView:
    """Set all of my preferences at once."""
    row = await set_preferences(own_id(actor), command, if_match, tx)
    set_etag(response, row.version)
    return PreferencesView.model_validate(row)


@router.get("/views")
async def saved_views_route(
    actor: SignedIn, tx: Tx, list_kind: Annotated[ListKind | None, Query(description="of this list alone")] = None
) -> SavedViews:
    """My saved views in this hotel and those that colleagues share, in their order."""
    return await saved_views(own_id(actor), list_kind, tx)


@router.post("/views", status_code=201, responses=problems(TooManyViews, NotFound))
async def save_view_route(command: SaveView, actor: SignedIn, tx: Tx, response: Response) -> SavedView:
    """Keep a named filter of a list, for myself or shared with the hotel."""
    row = await save_view(own_id(actor), command, tx)
    response.headers["Location"] = f"/me/views/{row.id}"
    return _shown(SavedView.of(row, own_id(actor)), response)


@router.get("/views/{view_id}", responses=problems(NotFound))
async def saved_view_route(view_id: UUID, actor: SignedIn, tx: Tx, response: Response) -> SavedView:
    """A view of mine, or one that a colleague shares."""
    return _shown(await saved_view(view_id, own_id(actor), tx), response)


@router.patch("/views/{view_id}", responses=problems(NotFound, NotYourView, PreconditionFailed))
async def update_view_route(
    view_id: UUID, command: UpdateView, actor: SignedIn, if_match: IfMatch, tx: Tx, response: Response
) -> SavedView:
    """Change a view of mine; what is left out stays."""
    row = await update_view(view_id, own_id(actor), command, if_match, tx)
    return _shown(SavedView.of(row, own_id(actor)), response)


@router.delete("/views/{view_id}", status_code=204, responses=problems(NotFound, NotYourView))
async def delete_view_route(view_id: UUID, actor: SignedIn, tx: Tx) -> None:
    """Delete a view of mine."""
    await delete_view(view_id, own_id(actor), tx)


def _shown(view: SavedView, response: Response) -> SavedView:
    set_etag(response, view.version)
    return view

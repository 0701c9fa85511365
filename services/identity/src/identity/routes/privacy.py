"""What a guest may ask of a hotel: to be forgotten, and what is kept of them (GDPR, Articles 15, 17 and 20)."""

from typing import Annotated

from fastapi import Depends, Response

from contracts.errors import NotFound
from contracts.ids import GuestId
from identity.commands.erasure import erase_guest, erasure_of
from identity.commands.export import ExportNotReady, ask_for_export, export_of, take_archive
from identity.queries.erasure import ErasureView, view_of
from identity.queries.export import ExportView
from identity.resources import resources_of
from servicekit import Actor, Tx, edge_router, may, problems
from servicekit.runtime import Rt

router = edge_router("/guests", tags=["guests' privacy"])
Eraser = Annotated[Actor, Depends(may("guest:erase"))]
Exporter = Annotated[Actor, Depends(may("guest:export"))]


@router.delete("/{guest_id}", status_code=202, responses=problems(NotFound))
async def erase_guest_route(guest_id: GuestId, _: Eraser, tx: Tx) -> ErasureView:
    """Forget a person, under whichever of their records: for ever, in every service. The answer says how far it is;
    asked again, the same erasure."""
    return await view_of(await erase_guest(guest_id, tx), tx)


@router.get("/{guest_id}/erasure", responses=problems(NotFound))
async def erasure_route(guest_id: GuestId, _: Eraser, tx: Tx) -> ErasureView:
    """How far an erasure is, and the proof of it: who asked, when, and what each service has confirmed by which event."""
    return await view_of(await erasure_of(guest_id, tx), tx)


@router.post("/{guest_id}/export", status_code=202, responses=problems(NotFound))
async def ask_for_export_route(guest_id: GuestId, _: Exporter, tx: Tx) -> ExportView:
    """Have all that is kept of a person gathered from every service, for one archive."""
    return ExportView.of(await ask_for_export(guest_id, tx))


@router.get("/{guest_id}/export", responses=problems(NotFound))
async def export_route(guest_id: GuestId, _: Exporter, tx: Tx) -> ExportView:
    """How far an export is."""
    return ExportView.of(await export_of(guest_id, tx))


_ARCHIVE = {200: {"description": "The archive", "content": {"application/zip": {"schema": {"type": "string"}}}}}


@router.get(
    "/{guest_id}/export/archive",
    response_class=Response,
    responses={**_ARCHIVE, **problems(NotFound, ExportNotReady)},
)
async def archive_route(guest_id: GuestId, _: Exporter, rt: Rt, tx: Tx) -> Response:
    """The archive (ZIP): a page to read, and JSON for programs, a file for each service. Downloads are on record."""
    return Response(
        await take_archive(guest_id, resources_of(rt).vault, tx),
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="guest-{guest_id}.zip"',
            "cache-control": "no-store",
        },
    )

"""The audit log, for a hotel's admins and the platform's operators."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from fastapi.responses import StreamingResponse

from contracts.ids import HotelId
from identity.domain.audit_export import ExportFormat
from identity.queries.audit import AuditEntryView, AuditFilter, export_entries, list_entries
from identity.routes.scopes import AnyTx
from servicekit import Actor, Page, PageQuery, Runtime, edge_router, may
from servicekit.runtime import Rt
from servicekit.written import Moment

Reader = Annotated[Actor, Depends(may("audit:read"))]


async def _wanted(
    actor: Annotated[UUID | None, Query(description="id of who acted")] = None,
    action: Annotated[
        str | None,
        Query(pattern=r"^[a-z_]+\.([a-z_]+|\*)$", description="`guest.update`, or `guest.*` for all of guests"),
    ] = None,
    object_type: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_-]{0,62}$", description="e.g. `guest`")] = None,
    object_id: Annotated[str | None, Query(max_length=200)] = None,
    since: Annotated[Moment | None, Query(description="done at or after")] = None,
    until: Annotated[Moment | None, Query(description="done before")] = None,
    hotel_id: Annotated[HotelId | None, Query(description="for superadmins, who see all hotels")] = None,
) -> AuditFilter:
    return AuditFilter(
        hotel_id=hotel_id,
        actor=actor,
        action=action,
        object_type=object_type,
        object_id=object_id,
        since=since,
        until=until,
    )


Wanted = Annotated[AuditFilter, Depends(_wanted)]

router = edge_router("/audit", tags=["audit"])


@router.get("")
async def audit_route(_: Reader, wanted: Wanted, page: PageQuery, tx: AnyTx) -> Page[AuditEntryView]:
    """Who did what, newest first."""
    return await list_entries(wanted, page, tx)


_FILE = {
    200: {
        "description": "The file, as it is read",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/jsonl": {"schema": {"type": "string"}},
        },
    }
}


@router.get("/export", response_class=StreamingResponse, responses={**_FILE})
async def export_route(
    reader: Reader,
    wanted: Wanted,
    rt: Rt,
    tx: AnyTx,
    format: Annotated[
        ExportFormat, Query(description="`csv` for spreadsheets, `jsonl` for programs")
    ] = ExportFormat.JSONL,
) -> StreamingResponse:
    """The log as a file, oldest first, with position and hash: what is needed to check it elsewhere. Itself on record."""
    tx.audit("audit.export", "audit_log", reader.hotel_id or "platform")
    return StreamingResponse(
        _lines(rt, reader, wanted, format),
        media_type=format.media_type,
        headers={"content-disposition": f'attachment; filename="audit.{format}"', "cache-control": "no-store"},
    )


async def _lines(rt: Runtime, reader: Actor, wanted: AuditFilter, format: ExportFormat) -> AsyncIterator[str]:
    """A page in a transaction of its own at a time, so that a slow reader holds no connection of the database."""
    yield format.head()
    after: tuple[UUID, int] | None = None
    while True:
        async with rt.read_db.transaction(
            reader.hotel_id, actor=reader, platform=reader.hotel_id is None, read_only=True
        ) as tx:
            page = await export_entries(wanted, after, tx)
        if not page:
            return
        yield "".join(format.line(_flat(entry)) for _, entry in page)
        after = page[-1][0]


def _flat(entry: AuditEntryView) -> dict[str, object]:
    found = entry.model_dump(mode="json", exclude={"actor", "acting_for"})
    for name, who in (("actor", entry.actor), ("acting_for", entry.acting_for)):
        found[f"{name}_kind"] = who and who.kind.value
        found[f"{name}_id"] = who and who.id and str(who.id)
    return found

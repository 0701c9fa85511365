"""The audit log, for a hotel's admins and the platform's operators."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AwareDatetime, BeforeValidator

from contracts.ids import HotelId
from identity.queries.audit import AuditEntryView, AuditFilter, list_entries
from identity.routes.scopes import AnyTx
from servicekit import Actor, Page, PageQuery, edge_router, may


def _written_out(value: object) -> object:
    """Refuses a bare number, which would be read as seconds or as milliseconds since 1970, by its size."""
    if isinstance(value, str) and value.lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("write the time out, with its offset: 2026-11-23T12:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]

router = edge_router("/audit", tags=["audit"])


@router.get("")
async def audit_route(
    _: Annotated[Actor, Depends(may("audit:read"))],
    page: PageQuery,
    tx: AnyTx,
    actor: Annotated[UUID | None, Query(description="id of who acted")] = None,
    action: Annotated[
        str | None,
        Query(pattern=r"^[a-z_]+\.([a-z_]+|\*)$", description="`guest.update`, or `guest.*` for all of guests"),
    ] = None,
    object_id: Annotated[str | None, Query(max_length=200)] = None,
    since: Annotated[Moment | None, Query(description="done at or after")] = None,
    until: Annotated[Moment | None, Query(description="done before")] = None,
    hotel_id: Annotated[HotelId | None, Query(description="for superadmins, who see all hotels")] = None,
) -> Page[AuditEntryView]:
    """Who did what, newest first."""
    wanted = AuditFilter(hotel_id=hotel_id, actor=actor, action=action, object_id=object_id, since=since, until=until)
    return await list_entries(wanted, page, tx)

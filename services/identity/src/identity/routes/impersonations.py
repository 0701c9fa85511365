"""Impersonation: the platform's people in a member's place, in the sight of the hotel."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field

from contracts.errors import NotFound
from contracts.ids import HotelId, ImpersonationId
from identity.commands.impersonations import StartImpersonation, end_impersonation, start_impersonation
from identity.domain.claims import impersonation_claims
from identity.domain.hotels import HotelSuspended
from identity.domain.impersonation import NotActiveMember, OwnPlace, SecondFactorNeeded, lent_scopes
from identity.queries.impersonations import ImpersonationView, list_impersonations
from identity.resources import resources_of
from identity.routes.scopes import AnyTx
from identity.settings import settings_of
from servicekit import Actor, HotelTx, Page, PageQuery, Rt, edge_router, may, new_id, problems

router = edge_router(tags=["impersonation"])
Starter = Annotated[Actor, Depends(may("impersonation:start"))]
Reader = Annotated[Actor, Depends(may("impersonation:read"))]
Ender = Annotated[Actor, Depends(may("impersonation:end"))]


class ImpersonationTokenView(BaseModel):
    """A token in the member's place. There is no refresh token: it is over when it is over."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int = Field(description="seconds")
    role: str = Field(description="the member's")
    scopes: list[str]
    impersonation: ImpersonationView


@router.post(
    "/hotels/{hotel_id}/impersonations",
    status_code=201,
    responses=problems(NotFound, SecondFactorNeeded, NotActiveMember, OwnPlace, HotelSuspended),
)
async def start_impersonation_route(
    hotel_id: HotelId, command: StartImpersonation, _: Starter, rt: Rt, tx: HotelTx, response: Response
) -> ImpersonationTokenView:
    """Act in a member's place. The token is allowed what the member is, but nothing about people, roles, keys and accounts;
    `act` in it names who acts, and so does every entry of the audit log."""
    begun = await start_impersonation(command, tx)
    row, access = begun.row, begun.access
    lifetime = timedelta(minutes=command.minutes)
    scopes = lent_scopes(access.scopes)
    claims = impersonation_claims(
        user_id=row.user_id,
        superadmin_id=row.superadmin_id,
        hotel_id=hotel_id,
        role=access.role,
        scopes=scopes,
        sid=row.id,
        at=tx.now,
        lifetime=lifetime,
        issuer=settings_of(rt).token_issuer,
        jti=new_id(),
    )
    response.headers["Cache-Control"] = "no-store"
    return ImpersonationTokenView(
        access_token=resources_of(rt).keys.sign(claims),
        expires_in=int(lifetime.total_seconds()),
        role=access.role,
        scopes=scopes,
        impersonation=ImpersonationView.of(row, tx.now),
    )


@router.get("/impersonations")
async def list_impersonations_route(_: Reader, page: PageQuery, tx: AnyTx) -> Page[ImpersonationView]:
    """Who of the platform acted in a member's place, newest first; in every hotel for a superadmin."""
    return await list_impersonations(page, tx)


@router.post("/hotels/{hotel_id}/impersonations/{impersonation_id}/end", responses=problems(NotFound))
async def end_impersonation_route(
    hotel_id: HotelId, impersonation_id: ImpersonationId, _: Ender, tx: HotelTx
) -> ImpersonationView:
    """End it now. The hotel's admins may, too. The token is refused within seconds."""
    return ImpersonationView.of(await end_impersonation(impersonation_id, hotel_id, tx), tx.now)

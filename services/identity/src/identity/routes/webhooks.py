"""Webhooks of other companies. Clerk's keep accounts and memberships as they are there."""

import json
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from pydantic import BaseModel

from contracts.ids import HotelId
from identity.adapters.svix import BadSignature
from identity.commands.clerk import ClerkAddressTaken, carry_out, pending, take_in
from identity.domain.clerk import BadEvent, Fact, ObjectKind, fact_of
from identity.resources import resources_of
from identity.settings import settings_of
from servicekit import Rt, Runtime, edge_router, problems, public, rate_limit
from servicekit.actor import service_actor
from servicekit.problems import Malformed, TooManyRequests

router = edge_router("/webhooks", tags=["webhooks"])
SvixHeader = Annotated[str, Header(max_length=4000)]
_BODY: dict[str, Any] = {  # Any: OpenAPI
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {
                    "type": "organizationMembership.created",
                    "object": "event",
                    "timestamp": 1716883200000,
                    "data": {
                        "id": "orgmem_2",
                        "organization": {"id": "org_1"},
                        "public_user_data": {"user_id": "user_1"},
                        "role": "org:member",
                        "updated_at": 1716883200000,
                    },
                },
            }
        },
    }
}


class Received(BaseModel):
    """The delivery was taken in; it is not sent again."""

    received: bool = True
    followed: bool
    """Whether its type is one that is followed."""


@router.post(
    "/clerk",
    openapi_extra=_BODY,
    dependencies=[Depends(public("signed by Clerk")), Depends(rate_limit("6000/minute", by="ip"))],
    responses=problems(BadSignature, BadEvent, Malformed, ClerkAddressTaken, TooManyRequests),
)
async def clerk_route(
    request: Request, rt: Rt, svix_id: SvixHeader = "", svix_timestamp: SvixHeader = "", svix_signature: SvixHeader = ""
) -> Received:
    """Sync from Clerk: users, organisations and memberships, in any order and as often as they come. Other types are
    answered and left alone."""
    body = await request.body()
    headers = {"svix-id": svix_id, "svix-timestamp": svix_timestamp, "svix-signature": svix_signature}
    delivery = resources_of(rt).webhook_secrets.check(headers, body, rt.db.clock())
    fact = fact_of(_parsed(body))
    async with rt.db.transaction(None, platform=True, actor=service_actor("clerk")) as tx:
        await take_in(delivery, fact, resources_of(rt).passwords, tx)
    if fact is not None:
        await _carry_out(fact, rt)
    return Received(followed=fact is not None)


async def _carry_out(fact: Fact, rt: Runtime) -> None:
    organisation = fact.clerk_id if fact.kind is ObjectKind.ORGANISATION else fact.organisation_id
    user = fact.clerk_id if fact.kind is ObjectKind.USER else fact.user_id
    async with rt.db.transaction(None, platform=True, read_only=True) as tx:
        waiting = await pending(tx, organisation, user)
    for hotel_id, account_id in waiting:
        hotel = HotelId(hotel_id)
        async with rt.db.transaction(hotel, platform=True, actor=service_actor("clerk", hotel)) as tx:
            await carry_out(hotel, account_id, settings_of(rt).clerk_roles, tx)


def _parsed(body: bytes) -> dict[str, object]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("no JSON") from None
    if not isinstance(parsed, dict):
        raise BadEvent
    return parsed

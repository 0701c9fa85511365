"""API keys of a hotel's other systems, and their exchange for tokens. Answers with secrets are kept by nobody."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from contracts.errors import NotFound
from contracts.ids import ApiKeyId
from identity.commands.api_keys import (
    CreateApiKey,
    Made,
    RotateApiKey,
    UseApiKey,
    create_api_key,
    exchange_api_key,
    hotel_of,
    revoke_api_key,
    rotate_api_key,
)
from identity.domain.api_keys import BadApiKey, KeyRevoked, ScopeNotYours
from identity.domain.claims import api_key_claims
from identity.domain.hotels import HotelSuspended
from identity.domain.roles import BeyondOwnPermissions
from identity.queries.api_keys import ApiKeyView, api_key, list_api_keys
from identity.resources import resources_of
from identity.settings import settings_of
from servicekit import Actor, Page, PageQuery, Rt, Tx, edge_router, may, new_id, problems, public
from servicekit.addresses import whose
from servicekit.problems import TooManyRequests

router = edge_router(tags=["API keys"])
Reader = Annotated[Actor, Depends(may("api_key:read"))]
Writer = Annotated[Actor, Depends(may("api_key:write"))]


class NewApiKeyView(BaseModel):
    """A key with its secret, said once. Send it as `Authorization: Bearer` to the gateway's `/api`."""

    secret: str = Field(description="`fd_live_` and 49 letters and digits")
    key: ApiKeyView


class ApiKeyTokenView(BaseModel):
    """A token for every service, in the key's hotel."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int = Field(description="seconds")


@router.post("/api-keys", status_code=201, responses=problems(ScopeNotYours))
async def create_api_key_route(command: CreateApiKey, _: Writer, tx: Tx, response: Response) -> NewApiKeyView:
    """Make a key. It is allowed what `scopes` says, at most what its maker may do now, in this hotel alone."""
    made = await create_api_key(command, tx)
    response.headers["Location"] = f"/api-keys/{made.row.id}"
    return _said_once(made, response)


@router.get("/api-keys")
async def list_api_keys_route(_: Reader, page: PageQuery, tx: Tx) -> Page[ApiKeyView]:
    """The hotel's keys, newest first; the revoked ones, too."""
    return await list_api_keys(page, tx)


@router.get("/api-keys/{api_key_id}", responses=problems(NotFound))
async def api_key_route(api_key_id: ApiKeyId, _: Reader, tx: Tx) -> ApiKeyView:
    """A key, without its secret."""
    return await api_key(api_key_id, tx)


@router.post("/api-keys/{api_key_id}/rotate", responses=problems(NotFound, KeyRevoked, BeyondOwnPermissions))
async def rotate_api_key_route(
    api_key_id: ApiKeyId, command: RotateApiKey, _: Writer, tx: Tx, response: Response
) -> NewApiKeyView:
    """Give a key another secret. The former one ends at once, or goes on for up to seven days beside it. Whoever
    asks has all that the key allows: the secret is theirs."""
    return _said_once(await rotate_api_key(api_key_id, command, tx), response)


@router.post("/api-keys/{api_key_id}/revoke", responses=problems(NotFound))
async def revoke_api_key_route(api_key_id: ApiKeyId, _: Writer, tx: Tx) -> ApiKeyView:
    """Void a key for good. It is refused everywhere within seconds."""
    return ApiKeyView.of(await revoke_api_key(api_key_id, tx))


@router.post(
    "/tokens/api-key",
    responses=problems(BadApiKey, HotelSuspended, TooManyRequests),
    dependencies=[Depends(public("whoever has the key proves it here"))],
)
async def exchange_api_key_route(command: UseApiKey, request: Request, response: Response, rt: Rt) -> ApiKeyTokenView:
    """Exchange a key for a token, as the gateway does for whoever calls it with one."""
    settings, secret = settings_of(rt), command.api_key.get_secret_value()
    address = whose(request.client.host) if request.client else "unknown"
    await rt.limits.check(settings.token_limit, "api-keys", address)
    async with rt.db.transaction(None, read_only=True) as tx:
        hotel_id = await hotel_of(secret, tx)
    if hotel_id is None:
        raise BadApiKey
    async with rt.db.transaction(hotel_id) as tx:
        exchanged = await exchange_api_key(secret, timedelta(seconds=settings.access_token_seconds), tx)
        issued_at = tx.now
    response.headers["Cache-Control"] = "no-store"
    token = resources_of(rt).keys.sign(
        api_key_claims(
            key_id=exchanged.row.id,
            hotel_id=hotel_id,
            scopes=exchanged.row.scopes,
            sid=exchanged.sid,
            at=issued_at,
            lifetime=exchanged.lifetime,
            issuer=settings.token_issuer,
            jti=new_id(),
        )
    )
    return ApiKeyTokenView(access_token=token, expires_in=int(exchanged.lifetime.total_seconds()))


def _said_once(made: Made, response: Response) -> NewApiKeyView:
    response.headers["Cache-Control"] = "no-store"
    return NewApiKeyView(secret=made.secret, key=ApiKeyView.of(made.row))

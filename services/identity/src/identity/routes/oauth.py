"""Service to service: client credentials (RFC 6749, 4.4), errors in that RFC's shape; and the keys that verify tokens."""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError

from contracts.actor import ActorRef
from contracts.ids import HotelId
from contracts.statuses import HotelStatus
from identity.domain.claims import service_claims
from identity.domain.clients import granted
from identity.resources import resources_of
from identity.settings import settings_of
from identity.tables import HotelRow
from servicekit import Rt, Runtime, edge_router, new_id, public
from servicekit.addresses import whose
from servicekit.problems import TooManyRequests, problems

JWKS_MAX_AGE_SECONDS = 300
FORM = "application/x-www-form-urlencoded"
router = edge_router(tags=["service tokens"])


class OAuthError(Exception):
    """A refusal as RFC 6749, 5.2 has it."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


class ServiceTokenView(BaseModel):
    """A token for one service, in one hotel."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int = Field(description="seconds")
    scope: str = Field(description="permissions, separated by blanks")


class OAuthProblem(BaseModel):
    """RFC 6749, 5.2."""

    error: str
    error_description: str


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a service asks for."""

    client_id: str
    audience: str
    hotel_id: HotelId | None
    act: ActorRef | None


_FIELDS = {
    "grant_type": {"type": "string", "const": "client_credentials"},
    "client_id": {"type": "string", "description": "here or by HTTP Basic"},
    "client_secret": {"type": "string", "description": "here or by HTTP Basic"},
    "audience": {"type": "string", "description": "the service that will be called"},
    "hotel_id": {"type": "string", "format": "uuid", "description": "the hotel whose data is asked for"},
    "act": {"type": "string", "description": "JSON: `{kind, id}` of whom the service acts for (RFC 8693, 4.1)"},
}
_SCHEMA = {"type": "object", "required": ["grant_type", "audience"], "properties": _FIELDS}


@router.post(
    "/oauth/token",
    dependencies=[Depends(public("services prove who they are with their client secret"))],
    response_model=ServiceTokenView,
    responses={400: {"model": OAuthProblem}, 401: {"model": OAuthProblem}, **problems(TooManyRequests)},
    openapi_extra={"requestBody": {"required": True, "content": {FORM: {"schema": _SCHEMA}}}},
)
async def service_token_route(request: Request, rt: Rt) -> Response:
    """A token for another service: `aud` is that service, `sub` the client, `hotel_id` and `act` as asked for."""
    try:
        answer = await _grant(await _read(request, rt), rt)
    except OAuthError as refused:
        headers = {"WWW-Authenticate": 'Basic realm="frontdesk"'} if refused.status == 401 else {}
        body: dict[str, Any] = {"error": refused.error, "error_description": refused.description}  # Any: JSON
        return JSONResponse(body, refused.status, headers={**headers, "Cache-Control": "no-store"})
    return JSONResponse(answer.model_dump(), headers={"Cache-Control": "no-store"})


class JwksResponse(Response):
    """A key set (RFC 7517, 8.5)."""

    media_type = "application/jwk-set+json"


class Jwks(BaseModel):
    """Public keys as RFC 7517 has them."""

    keys: list[dict[str, str]]


@router.get(
    "/.well-known/jwks.json",
    response_class=JwksResponse,
    responses={
        200: {"content": {JwksResponse.media_type: {"schema": Jwks.model_json_schema()}}},
        304: {"description": "The keys that the caller has"},
    },
    dependencies=[Depends(public("public keys are public"))],
)
async def jwks_route(request: Request, rt: Rt) -> Response:
    """The public keys of access tokens (RFC 7517). Cached for five minutes; a new key is published before it signs."""
    document = json.dumps(resources_of(rt).keys.jwks()).encode()
    etag = f'"{hashlib.sha256(document).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={JWKS_MAX_AGE_SECONDS}"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return JwksResponse(document, headers=headers)


async def _read(request: Request, rt: Runtime) -> TokenRequest:
    """Raises: OAuthError: the client is not who it says, or the form is wrong."""
    form = await _form(request)
    client_id, secret = _credentials(request, form)
    address = whose(request.client.host) if request.client else "unknown"
    await rt.limits.check(settings_of(rt).token_limit, "service-tokens", client_id[:64], address)
    if not settings_of(rt).is_client(client_id, secret):
        raise OAuthError("invalid_client", "client id or secret is wrong", 401)
    if form.get("grant_type") != "client_credentials":
        raise OAuthError("unsupported_grant_type", "services use client_credentials")
    try:
        hotel_id = HotelId(UUID(form["hotel_id"])) if form.get("hotel_id") else None
        act = ActorRef.model_validate_json(form["act"]) if form.get("act") else None
    except ValidationError:
        raise OAuthError("invalid_request", "act is JSON with kind and id") from None
    except ValueError:
        raise OAuthError("invalid_request", "hotel_id is no UUID") from None
    return TokenRequest(client_id, form.get("audience", ""), hotel_id, act)


async def _grant(asked: TokenRequest, rt: Runtime) -> ServiceTokenView:
    """Raises: OAuthError: the client has no business there, or the hotel is not served."""
    scopes = granted(asked.client_id, asked.audience)
    if scopes is None:
        raise OAuthError("invalid_target", "this client has no business with that audience")  # RFC 8707, 2
    settings = settings_of(rt)
    if asked.hotel_id is not None:
        async with rt.db.transaction(asked.hotel_id, read_only=True) as tx:
            hotel = await tx.find(HotelRow, asked.hotel_id)
        if hotel is None or hotel.status != HotelStatus.ACTIVE:
            raise OAuthError("invalid_request", "there is no such hotel, or it is not served")
    claims = service_claims(
        client_id=asked.client_id,
        audience=asked.audience,
        hotel_id=asked.hotel_id,
        scopes=scopes,
        act=asked.act.model_dump(mode="json") if asked.act else None,
        at=rt.clock(),
        lifetime=timedelta(seconds=settings.access_token_seconds),
        issuer=settings.token_issuer,
        jti=new_id(),
    )
    return ServiceTokenView(
        access_token=resources_of(rt).keys.sign(claims),
        expires_in=settings.access_token_seconds,
        scope=" ".join(scopes),
    )


async def _form(request: Request) -> dict[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise OAuthError("invalid_request", f"send {FORM}")
    try:
        pairs = parse_qsl((await request.body()).decode(), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:  # UnicodeDecodeError is one
        raise OAuthError("invalid_request", "the form cannot be read") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise OAuthError("invalid_request", "a field is there twice")
    return dict(pairs)


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Client id and secret, from HTTP Basic (each form-encoded first: RFC 6749, 2.3.1) or from the form."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client", "the Authorization header cannot be read", 401) from None
    return unquote_plus(name), unquote_plus(secret)

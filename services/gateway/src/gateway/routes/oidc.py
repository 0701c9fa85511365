"""Signing in at an issuer (OpenID Connect): a browser's way to identity, which keeps a cookie of its own in it; and Clerk's
webhooks, on their way there.

What begins under `/api/oidc` sets no session. The dashboard exchanges the one-time code by `POST /api/session/oidc`: pages
of other sites can neither send that JSON nor have the browser's sign-in cookie come along (SameSite=Lax), and a code of
another browser's opens nothing in this one.
"""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import Field, SecretStr

from contracts.errors import Unauthenticated
from gateway.adapters.callers import caller
from gateway.adapters.sessions import SessionsUnavailable
from gateway.adapters.upstream import HotelSuspended, ServiceUnavailable
from gateway.domain.cookie import ForeignOrigin, oidc_cookies_in
from gateway.resources import Desk
from gateway.routes.passing_on import pass_on
from gateway.routes.session import SecondFactor, SessionView, session_of
from servicekit import Command, Rt, edge_router, problems, public, rate_limit, signed_in

SHOWN = (
    ("get", "/oidc/connections", "/api/oidc/connections"),
    ("get", "/oidc/{connection_id}/start", "/api/oidc/{connection_id}/start"),
    ("get", "/oidc/callback", "/api/oidc/callback"),
    ("get", "/me/identities", "/api/me/identities"),
    ("post", "/me/identities", "/api/me/identities"),
    ("delete", "/me/identities/{identity_id}", "/api/me/identities/{identity_id}"),
    ("post", "/webhooks/clerk", "/webhooks/clerk"),
    ("post", "/me/delete", "/api/me/delete"),  # routes.own_account
)
"""Method, path at identity, path here: what identity documents and the gateway shows."""
SVIX_HEADERS = ("svix-id", "svix-timestamp", "svix-signature")
router = edge_router("/api", tags=["session"])
webhooks = edge_router("/webhooks", tags=["webhooks"])
ON_THE_WAY_IN = [Depends(public("signing in at an issuer")), Depends(rate_limit("120/minute", by="ip", name="oidc"))]
OWN = [Depends(signed_in())]


class ExchangeCode(Command):
    """Sign in with the one-time code that the dashboard got as `#oidc_code=`; `second_factor` where the account has one."""

    code: Annotated[SecretStr, Field(max_length=200)]
    second_factor: SecondFactor | None = None


@router.post(
    "/session/oidc",
    status_code=201,
    response_model=SessionView,
    responses=problems(Unauthenticated, ForeignOrigin, HotelSuspended, ServiceUnavailable, SessionsUnavailable),
    dependencies=[Depends(public("signing in")), Depends(rate_limit("20/minute", by="ip"))],
)
async def sign_in_by_code(
    command: ExchangeCode, request: Request, rt: Rt, desk: Desk, response: Response
) -> Any:  # Any: a view, or identity's refusal
    """Exchange the one-time code of a sign-in at an issuer for a session cookie, in the browser that signed in.

    Identity's refusals come as they are: 401 `bad-code`, and those of the second factor as for `POST /api/session`.
    """
    second = command.second_factor
    answer = await desk.services.identity.request(
        "POST",
        "/tokens/oidc",
        headers={"content-type": "application/json"} | _sign_in_cookie(request) | caller(request),
        content=json.dumps(
            {
                "code": command.code.get_secret_value(),
                **({"second_factor": second.get_secret_value()} if second is not None else {}),
            }
        ).encode(),
    )
    return await session_of(answer, rt, desk, response)


@router.get("/oidc/connections", include_in_schema=False, dependencies=ON_THE_WAY_IN)
async def offers(request: Request, desk: Desk) -> Response:
    """The ways to sign in beside a password."""
    return await pass_on(request, desk, "identity", "/oidc/connections")


@router.get("/oidc/{connection_id}/start", include_in_schema=False, dependencies=ON_THE_WAY_IN)
async def start(connection_id: UUID, request: Request, desk: Desk) -> Response:
    """Off to the issuer."""
    return await _with_cookie(request, desk, f"/oidc/{connection_id}/start")


@router.get("/oidc/callback", include_in_schema=False, dependencies=ON_THE_WAY_IN)
async def callback(request: Request, desk: Desk) -> Response:
    """Back from the issuer."""
    return await _with_cookie(request, desk, "/oidc/callback")


@router.get("/me/identities", include_in_schema=False, dependencies=OWN)
async def identities(request: Request, desk: Desk) -> Response:
    """One's own sign-ins at issuers."""
    return await pass_on(request, desk, "identity", "/me/identities")


@router.post("/me/identities", include_in_schema=False, dependencies=OWN)
async def link_identity(request: Request, desk: Desk) -> Response:
    """Begin to link one more."""
    return await _with_cookie(request, desk, "/me/identities")


@router.delete("/me/identities/{identity_id}", include_in_schema=False, dependencies=OWN)
async def unlink_identity(identity_id: UUID, request: Request, desk: Desk) -> Response:
    """Take one away."""
    return await pass_on(request, desk, "identity", f"/me/identities/{identity_id}")


@webhooks.post(
    "/clerk",
    include_in_schema=False,
    dependencies=[Depends(public("identity checks Clerk's signature")), Depends(rate_limit("6000/minute", by="ip"))],
)
async def clerk(request: Request, desk: Desk) -> Response:
    """Byte for byte, since the signature is over the body as it came."""
    signed = {name: request.headers[name] for name in SVIX_HEADERS if name in request.headers}
    return await pass_on(request, desk, "identity", "/webhooks/clerk", more=signed)


async def _with_cookie(request: Request, desk: Desk, path: str) -> Response:
    return await pass_on(request, desk, "identity", path, ("set-cookie",), _sign_in_cookie(request))


def _sign_in_cookie(request: Request) -> dict[str, str]:
    cookies = oidc_cookies_in(request.headers.get("cookie", ""))
    return {"cookie": cookies} if cookies else {}

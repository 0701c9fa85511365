"""Signing in and out of the dashboard: the browser gets a cookie, never a token."""

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Annotated, Any

import httpx
from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from contracts.errors import Forbidden, NotFound, Unauthenticated
from gateway.adapters.callers import caller
from gateway.adapters.sessions import Session, SessionsUnavailable
from gateway.adapters.upstream import HotelSuspended, ServiceUnavailable, UpstreamProblem
from gateway.domain.cookie import COOKIE, DEVICE_COOKIE, CsrfTokenMissing, ForeignOrigin, device_in, session_in
from gateway.resources import Desk, Resources, session_of_tokens, settings_of
from gateway.routes.passing_on import answer_of
from servicekit import Command, Rt, Runtime, edge_router, public, rate_limit
from servicekit.addresses import whose
from servicekit.problems import problems

router = edge_router("/api/session", tags=["session"])

DEVICE_DAYS, DEVICE_TOKEN_LENGTH = 180, 400
"""How long a browser keeps what identity gave it, and how long that may be: as identity has it."""
SecondFactor = Annotated[
    SecretStr, Field(max_length=64, description="the authenticator app's six digits, or a recovery code")
]


class SignIn(Command):
    """Sign in with e-mail, password and, where the account has one, its second factor; `hotel` (a slug) chooses among several."""

    email: Annotated[str, Field(max_length=254)]
    password: SecretStr
    hotel: Annotated[str | None, Field(max_length=63)] = None
    second_factor: SecondFactor | None = None


class SessionConfined(Forbidden):
    """Identity's: a hotel's own issuer opened the session, and speaks for that hotel alone."""

    slug, title = "session-confined", "This sign-in is for one hotel; sign in to the other one"


class SwitchHotel(Command):
    """Go on in another hotel that one works for; the browser stays signed in."""

    hotel: Annotated[
        str | None,
        Field(
            max_length=64,
            description="slug or id, of `hotels` of `GET /api/me`; null: platform work, for superadmins",
            examples=["lindenhof"],
        ),
    ]


class SessionView(BaseModel):
    """Who is signed in where, and the token that unsafe requests repeat in `X-CSRF-Token`."""

    user: dict[str, Any]  # Any: identity's views
    hotel: dict[str, Any] | None
    role: str
    scopes: list[str]
    second_factor_needed: bool = Field(
        default=False,
        description="true: the hotel asks for a second factor; `/api/me`, `/api/me/totp` and `/api/me/totp/confirm` alone are"
        " open. `POST /api/session/refresh` once it is confirmed",
    )
    csrf_token: str


def _browser(request: Request) -> str:
    """Who signs in: the address, and the browser where it did so before. Identity tells whether that is true."""
    address = whose(request.client.host) if request.client else "unknown"
    return f"{address} {_digest(device_in(request.headers.get('cookie', '')))}"


def _signed_in_browser(request: Request) -> str:
    return _digest(session_in(request.headers.get("cookie", "")))


def _digest(cookie: str | None) -> str:
    return hashlib.sha256((cookie or "").encode()).hexdigest()


@router.post(
    "",
    status_code=201,
    response_model=SessionView,
    responses=problems(Unauthenticated, ForeignOrigin, HotelSuspended, ServiceUnavailable, SessionsUnavailable),
    dependencies=[Depends(public("signing in")), Depends(rate_limit("20/minute", by=_browser))],
)
async def sign_in(
    command: SignIn, request: Request, rt: Rt, desk: Desk, response: Response
) -> Any:  # Any: a view, or identity's refusal
    """Exchange e-mail and password for a session cookie.

    Identity's refusals come as they are: 401 `second-factor-required` asks for the same again with `second_factor`, 401
    `bad-second-factor` for another code, 429 `second-factor-locked` for patience or a recovery code.
    """
    device = device_in(request.headers.get("cookie", ""))
    if device is not None and len(device) > DEVICE_TOKEN_LENGTH:
        device = None  # none of identity's; it would refuse all of the request
    answer = await desk.services.identity.request(
        "POST",
        "/tokens",
        headers={"content-type": "application/json"} | caller(request),
        content=json.dumps(
            {
                "email": command.email,
                "password": command.password.get_secret_value(),
                **({"hotel": command.hotel} if command.hotel else {}),
                **({"device_token": device} if device else {}),
                **(
                    {"second_factor": command.second_factor.get_secret_value()}
                    if command.second_factor is not None
                    else {}
                ),
            }
        ).encode(),
    )
    return await session_of(answer, rt, desk, response)


@router.get(
    "",
    responses=problems(Unauthenticated, SessionsUnavailable),
    dependencies=[Depends(public("tells the cookie's own session only"))],
)
async def current_session(request: Request, desk: Desk) -> SessionView:
    """Who is signed in with this cookie."""
    session = await desk.sessions.get(_session_id(request))
    return _shown(session)


@router.post(
    "/refresh",
    responses=problems(
        Unauthenticated, ForeignOrigin, CsrfTokenMissing, HotelSuspended, ServiceUnavailable, SessionsUnavailable
    ),
    dependencies=[
        Depends(public("refreshes the cookie's own session only")),
        Depends(rate_limit("20/minute", by=_signed_in_browser)),
    ],
)
async def refresh_session(request: Request, desk: Desk) -> SessionView:
    """Ask identity at once what may be done here, say after a second factor was set up or a role has changed. Everything
    else refreshes by itself."""
    whose = caller(request)
    return _shown(await desk.sessions.renewed(_session_id(request), lambda token: desk.refresh(token, whose)))


@router.post(
    "/switch",
    response_model=SessionView,
    responses=problems(
        Unauthenticated,
        ForeignOrigin,
        CsrfTokenMissing,
        NotFound,
        SessionConfined,
        HotelSuspended,
        ServiceUnavailable,
        SessionsUnavailable,
    ),
    dependencies=[
        Depends(public("switches the cookie's own session only")),
        Depends(rate_limit("20/minute", by=_signed_in_browser)),
    ],
)
async def switch_hotel(command: SwitchHotel, request: Request, desk: Desk) -> Any:  # Any: a view, or identity's refusal
    """Go on in another hotel, in all tabs of this browser. The cookie stays; tokens and `csrf_token` are new, so that what
    a tab still sends for the former hotel is refused: 403 `csrf-token-missing`, ask `GET /api/session`. Live streams of
    the former hotel are closed within seconds."""
    whose, given = caller(request), request.headers.get("x-csrf-token", "")
    session_id = _session_id(request)

    async def switched(session: Session) -> Session:
        if not hmac.compare_digest(given.encode(), session.csrf_token.encode()):
            raise CsrfTokenMissing  # another tab was faster
        return await desk.switched(session, command.hotel, whose)

    async def left(session: Session) -> Session:
        done = session.leaving is not None and await desk.leave(session.leaving, whose)
        return replace(session, leaving=None) if done else session

    try:
        await desk.changed(session_id, switched, whose)
    except UpstreamProblem as problem:
        return answer_of(problem.response)
    return _shown(await desk.sessions.changed(session_id, left, lambda session: session.leaving is None))


@router.delete(
    "",
    status_code=204,
    responses=problems(Unauthenticated, ForeignOrigin, CsrfTokenMissing, ServiceUnavailable, SessionsUnavailable),
    dependencies=[Depends(public("ends the cookie's own session only"))],
)
async def sign_out(request: Request, response: Response, desk: Desk) -> None:
    """End the session everywhere: identity revokes its tokens, the cookie is forgotten."""
    await desk.sign_out(_session_id(request), caller(request))
    response.delete_cookie(COOKIE, path="/api")


async def session_of(
    answer: httpx.Response, rt: Runtime, desk: Resources, response: Response
) -> Any:  # Any: a view, or identity's refusal
    """The session of the tokens that identity answered, in the browser's cookie; its refusal as it is.

    Raises:
        ServiceUnavailable: identity did not answer.
    """
    if answer.status_code >= 500:
        raise ServiceUnavailable("The identity service did not answer")
    if not answer.is_success:
        return answer_of(answer)
    tokens = answer.json()
    session = session_of_tokens(tokens)
    settings = settings_of(rt)
    response.set_cookie(
        COOKIE,
        await desk.sessions.create(session),
        max_age=settings.session_days * 24 * 60 * 60,
        path="/api",
        httponly=True,
        secure=settings.cookie_secure,
        samesite="lax",
    )
    if token := tokens.get("device_token"):
        response.set_cookie(
            DEVICE_COOKIE,
            token,
            max_age=DEVICE_DAYS * 24 * 60 * 60,
            path="/api/session",
            httponly=True,
            secure=settings.cookie_secure,
            samesite="lax",
        )
    return _shown(session)


def _shown(session: Session) -> SessionView:
    return SessionView(**json.loads(session.profile), csrf_token=session.csrf_token)


def _session_id(request: Request) -> str:
    session_id = session_in(request.headers.get("cookie", ""))
    if session_id is None:
        raise Unauthenticated("No session cookie came with the request")
    return session_id

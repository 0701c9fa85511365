"""Sign-in by OpenID Connect, as a browser walks it: to the issuer, back, and to the dashboard with a one-time code.

The browser's cookie holds its binder (domain.oidc). What went wrong after the issuer sent the browser back is said to the
dashboard, as `#oidc_error=<slug>`; a fragment reaches no server and no Referer.
"""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field, SecretStr
from sqlalchemy.exc import IntegrityError

from contracts.actor import ActorKind
from contracts.errors import DomainError, NotFound
from contracts.ids import SessionId, UserId
from identity.adapters.issuers import Client
from identity.commands.accounts import EmailTaken
from identity.commands.identities import link_identity
from identity.commands.oidc import Arrival, access_by_code, admit, arrival_of, exchange_code
from identity.commands.second_factor import Given
from identity.commands.sessions import person
from identity.domain.hotels import HotelSuspended
from identity.domain.members import AlreadyMember
from identity.domain.oidc import (
    BINDER,
    STATE_LIFE,
    Assertion,
    BadCode,
    BadReturn,
    BadState,
    Begun,
    IssuerUnavailable,
    SignInRefused,
    check_begun,
    check_return_to,
    check_signed_in_anew,
    derived,
    hash_of,
)
from identity.domain.second_factor import (
    BadSecondFactor,
    SecondFactorLocked,
    SecondFactorRefused,
    SecondFactorRequired,
)
from identity.domain.sessions import BadCredentials
from identity.queries.oidc import Offers, enabled_connection, offers
from identity.resources import resources_of
from identity.routes.tokens import TokenView, answer_with_tokens, asked_from, check_token_limit
from identity.settings import settings_of
from identity.tables_oidc import OidcConnectionRow
from servicekit import Command, Rt, Runtime, edge_router, problems, public
from servicekit.actor import Actor, service_actor
from servicekit.logging import log
from servicekit.problems import TooManyRequests
from servicekit.vault import CannotOpen

OPEN = Depends(public("whoever comes back proves it by the issuer's word and this browser's cookie"))
router = edge_router(tags=["sign-in"], dependencies=[OPEN])
COOKIE_SECONDS = 15 * 60
PLACE = ("oidc", "state", "")
ReturnTo = Annotated[
    str, Query(max_length=1000, description="a path of the dashboard, or an address on one of its origins")
]
Short = Annotated[str | None, Query(max_length=4000)]


class ExchangeCode(Command):
    """Exchange the one-time code of a sign-in for a session; the browser's sign-in cookie comes along."""

    code: Annotated[SecretStr, Field(max_length=200)]
    second_factor: Given | None = None


@router.get("/oidc/connections", responses=problems(TooManyRequests))
async def offers_route(
    request: Request, rt: Rt, hotel: Annotated[str | None, Query(max_length=64, description="slug")] = None
) -> Offers:
    """The ways to sign in beside a password: the hotel's, and the platform's."""
    await check_token_limit(request, rt)
    async with rt.db.transaction(None, platform=True, read_only=True) as tx:
        return await offers(hotel, tx)


@router.get(
    "/oidc/{connection_id}/start",
    status_code=302,
    response_class=Response,
    responses=problems(NotFound, BadReturn, IssuerUnavailable, TooManyRequests),
)
async def start_route(
    connection_id: UUID,
    request: Request,
    rt: Rt,
    return_to: ReturnTo = "/",
    fresh: Annotated[
        bool, Query(description="sign in there anew: for ten minutes the session stands in for the password")
    ] = False,
) -> Response:
    """Begin to sign in: off to the issuer."""
    await check_token_limit(request, rt)
    url, binder = await begin(connection_id, return_to, None, request, rt, fresh=fresh)
    response = Response(status_code=302, headers={"Location": url})
    keep_binder(response, binder, rt)
    return response


@router.get(
    "/oidc/callback",
    status_code=303,
    response_class=Response,
    responses=problems(BadState, TooManyRequests),
)
async def callback_route(
    request: Request, rt: Rt, state: Short = None, code: Short = None, error: Short = None, iss: Short = None
) -> Response:
    """Back from the issuer, and on to the dashboard: with `#oidc_code=` where somebody signed in, `#oidc_linked=1` where
    an identity was linked, `#oidc_error=` and the problem's last word where nothing came of it."""
    await check_token_limit(request, rt)
    begun, binder = _begun(state or "", request, rt)
    try:
        said = await _finish(begun, binder, state or "", code, error, iss, rt)
    except DomainError as problem:
        said = f"oidc_error={quote(problem.slug)}"
    return Response(status_code=303, headers={"Location": f"{begun.return_to}#{said}"})


@router.post(
    "/tokens/oidc",
    status_code=201,
    responses=problems(
        BadCode,
        BadCredentials,
        SecondFactorRequired,
        BadSecondFactor,
        HotelSuspended,
        TooManyRequests,
        SecondFactorLocked,
    ),
)
async def exchange_route(command: ExchangeCode, request: Request, response: Response, rt: Rt) -> TokenView:
    """Exchange a one-time code for a session, from the browser that signed in. It holds for 60 seconds and once; an account
    with a second factor answers 401 `second-factor-required`: send the same again with `second_factor`, within five minutes."""
    await check_token_limit(request, rt)
    code, binder = command.code.get_secret_value(), _binder(request, rt)
    async with rt.db.transaction(None, read_only=True) as tx:
        access = await access_by_code(code, tx)
    if access is None or binder is None:
        raise BadCode
    kept, lifetimes = resources_of(rt), settings_of(rt).lifetimes
    async with rt.db.transaction(access.hotel_id, actor=person(access)) as tx:
        started = await exchange_code(
            code,
            binder,
            command.second_factor,
            access,
            lifetimes,
            kept.vault,
            tx,
            asked_from(request),
            platform_asks=settings_of(rt).superadmin_second_factor,
        )
    if isinstance(started, SecondFactorRefused):
        raise started  # after the commit: a wrong code stays counted
    return answer_with_tokens(started, response, rt)


async def begin(
    connection_id: UUID, return_to: str, linking: Actor | None, request: Request, rt: Runtime, *, fresh: bool = False
) -> tuple[str, str]:
    """The issuer's address to go to, and the binder that the browser keeps. `linking`: who links what comes of it. `fresh`:
    the person is to sign in there anew.

    Raises:
        NotFound: nobody signs in by that connection, or it is of another hotel than theirs who links.
        BadReturn: `return_to` leads elsewhere.
        IssuerUnavailable: the issuer does not say where to go.
    """
    settings, kept = settings_of(rt), resources_of(rt)
    if not settings.callback_url:
        raise NotFound("Nobody signs in here by OpenID Connect")
    back = check_return_to(return_to, settings.return_origins)
    async with rt.db.transaction(None, platform=True, read_only=True) as tx:
        connection = await enabled_connection(connection_id, tx)
    if linking is not None and connection.hotel_id not in (None, linking.hotel_id):
        raise NotFound("No such connection")
    binder = _binder(request, rt) or secrets.token_urlsafe(32)
    begun = Begun(
        connection=str(connection_id),
        return_to=back,
        binder_hash=hash_of(binder),
        expires_at=(rt.db.clock() + STATE_LIFE).timestamp(),
        salt=secrets.token_urlsafe(16),
        link_to=None if linking is None else str(linking.id),
        link_from=None if linking is None or linking.sid is None else str(linking.sid),
        fresh=fresh,
    )
    said = {
        name: value for name, value in asdict(begun).items() if value or name not in {"fresh", "link_from"}
    }  # unknown to older instances
    sealed = kept.vault.seal(json.dumps(said).encode(), *PLACE)
    state = urlsafe_b64encode(sealed).decode().rstrip("=")
    url = await kept.issuers.authorization_url(
        _client(connection, rt),
        redirect_uri=settings.callback_url,
        state=state,
        nonce=derived(binder, state, "nonce"),
        verifier=derived(binder, state, "verifier"),
        fresh=fresh,
    )
    return url, binder


def keep_binder(response: Response, binder: str, rt: Runtime) -> None:
    """Have the browser keep its binder: for our origin alone, out of reach of scripts, not sent by other sites' requests
    but those that the user follows here."""
    name, secure = _cookie(rt)
    response.set_cookie(name, binder, max_age=COOKIE_SECONDS, path="/", httponly=True, secure=secure, samesite="lax")


async def _finish(
    begun: Begun, binder: str, state: str, code: str | None, error: str | None, iss: str | None, rt: Runtime
) -> str:
    async with rt.db.transaction(None, platform=True, read_only=True) as tx:
        connection = await enabled_connection(UUID(begun.connection), tx)
    client, issuers = _client(connection, rt), resources_of(rt).issuers
    await issuers.check_answerer(client, iss)
    if error is not None or not code:
        log.info("oidc.denied", connection=begun.connection)
        raise SignInRefused
    assertion = await issuers.assertion(
        client,
        code=code,
        redirect_uri=settings_of(rt).callback_url,
        nonce=derived(binder, state, "nonce"),
        verifier=derived(binder, state, "verifier"),
    )
    if begun.fresh:
        check_signed_in_anew(assertion, rt.db.clock())
    if begun.link_to is not None:
        await _link(begun, assertion, connection, rt)
        return "oidc_linked=1"
    async with rt.db.transaction(None, platform=True, read_only=True) as tx:
        arrival = await arrival_of(connection, assertion, tx, fresh=begun.fresh)
    try:
        return f"oidc_code={await _admitted(arrival, binder, rt)}"
    except (
        EmailTaken,
        AlreadyMember,
        IntegrityError,
    ):  # the same person in two windows: the other one made what this one lacked
        return f"oidc_code={await _admitted(arrival, binder, rt)}"


async def _admitted(arrival: Arrival, binder: str, rt: Runtime) -> str:
    async with rt.db.transaction(arrival.hotel_id, actor=service_actor("identity", arrival.hotel_id)) as tx:
        return await admit(arrival, binder, resources_of(rt).passwords, tx)


async def _link(begun: Begun, assertion: Assertion, connection: OidcConnectionRow, rt: Runtime) -> None:
    user_id = UserId(UUID(begun.link_to))
    sid = None if begun.link_from is None else SessionId(UUID(begun.link_from))
    async with rt.db.transaction(None, actor=_owner(user_id)) as tx:
        await link_identity(user_id, sid, assertion, connection.trust, tx)


def _owner(user_id: UserId) -> Actor:
    return Actor(kind=ActorKind.USER, id=user_id, subject=str(user_id))


def _client(connection: OidcConnectionRow, rt: Runtime) -> Client:
    secret = connection.opened_secret(resources_of(rt).vault)
    return Client(connection.issuer, connection.client_id, secret, connection.organisation_claim)


def _begun(state: str, request: Request, rt: Runtime) -> tuple[Begun, str]:
    """What this browser began.

    Raises:
        BadState: nothing of the kind.
    """
    binder = _binder(request, rt)
    try:
        sealed = urlsafe_b64decode(state + "=" * (-len(state) % 4))
        begun = Begun(**json.loads(resources_of(rt).vault.open(sealed, *PLACE)))
    except (ValueError, CannotOpen):
        raise BadState from None
    if binder is None:
        raise BadState
    check_begun(begun, binder, rt.db.clock())
    return begun, binder


def _binder(request: Request, rt: Runtime) -> str | None:
    given = request.cookies.get(_cookie(rt)[0], "")
    return given if BINDER.fullmatch(given) else None


def _cookie(rt: Runtime) -> tuple[str, bool]:
    """Its name, and whether it is for HTTPS alone; `__Host-`: no neighbouring site can have set it (RFC 6265bis, 4.1.3.2)."""
    secure = settings_of(rt).callback_url.startswith("https:")
    return ("__Host-" if secure else "") + "frontdesk_oidc", secure

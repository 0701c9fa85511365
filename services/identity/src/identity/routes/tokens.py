"""Signing in and staying so. Answers hold tokens: nothing keeps them, so Idempotency-Key does not apply here."""

import hashlib
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from contracts.errors import NotFound
from identity.accounts import Access
from identity.commands.sessions import (
    SignIn,
    Started,
    SwitchHotel,
    UseRefreshToken,
    access_by_email,
    access_elsewhere,
    owner_of,
    person,
    refresh_session,
    sign_out,
    start_session,
    switch_session,
)
from identity.domain.claims import user_claims
from identity.domain.devices import Place, place_of
from identity.domain.guessing import Try, guessed_from
from identity.domain.hotels import HotelSuspended
from identity.domain.second_factor import (
    BadSecondFactor,
    SecondFactorLocked,
    SecondFactorRefused,
    SecondFactorRequired,
)
from identity.domain.sessions import BadCredentials, SessionConfined, SessionOver
from identity.queries.users import HotelOfToken, Person
from identity.resources import resources_of
from identity.routes.scopes import own_id
from identity.settings import settings_of
from servicekit import Actor, Rt, Runtime, edge_router, new_id, problems, public, signed_in
from servicekit.addresses import whose
from servicekit.problems import TooManyRequests

OPEN = Depends(public("whoever has the password or the refresh token proves it here"))
router = edge_router("/tokens", tags=["sign-in"], dependencies=[OPEN])
switching = edge_router("/tokens", tags=["sign-in"])


class TokenView(BaseModel):
    """An access token for every service, and the refresh token that brings the next."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - RFC 6750
    expires_in: int = Field(description="seconds")
    refresh_token: str = Field(description="used once; of several that answer one token, go on with one")
    user: Person
    hotel: HotelOfToken | None = Field(description="null: platform work")
    role: str
    scopes: list[str]
    second_factor_needed: bool = Field(
        description="true: the hotel, or the platform, asks for a second factor that the account does not have. The access token opens"
        " `GET /me`, `POST /me/totp` and `POST /me/totp/confirm` alone; refresh once it is confirmed"
    )


class SignedInView(TokenView):
    """Tokens, and what the device keeps for its next sign-in."""

    device_token: str = Field(
        description="send it with the next sign-in of this account on this device, however this session ends: then others'"
        " guesses at the password do not hold it up. It opens nothing"
    )


@router.post(
    "",
    status_code=201,
    responses=problems(
        BadCredentials, SecondFactorRequired, BadSecondFactor, HotelSuspended, TooManyRequests, SecondFactorLocked
    ),
)
async def sign_in_route(command: SignIn, request: Request, response: Response, rt: Rt) -> SignedInView:
    """Sign in. A wrong address, a wrong password and an account without access give the same answer in the same time.

    An account with a second factor answers the right password alone with 401 `second-factor-required`: send the same again
    with `second_factor`. Nobody hears of it without the right password.

    Who guesses is held up by account and network, 429 with Retry-After; a device that sends its `device_token` is not held
    up by what others do.
    """
    settings, hasher = settings_of(rt), resources_of(rt).passwords
    tried = try_of(command.email, command.device_token, request, rt)
    if tried.device is None:
        await check_token_limit(request, rt)
    await resources_of(rt).sign_in_limits.admit(tried)
    async with rt.db.transaction(None, read_only=True) as tx:
        access = await access_by_email(command.email, command.hotel, tx)
    password = command.password.get_secret_value()
    if not await hasher.verify(access.password_hash if access else None, password) or access is None:
        await resources_of(rt).sign_in_limits.failed(tried)
        raise BadCredentials
    new_hash = await hasher.hash(password) if hasher.is_outdated(access.password_hash) else None
    async with rt.db.transaction(access.hotel_id, actor=person(access)) as tx:
        started = await start_session(
            access,
            command.second_factor,
            settings.lifetimes,
            new_hash,
            resources_of(rt).vault,
            tx,
            asked_from(request),
            platform_asks=settings_of(rt).superadmin_second_factor,
        )
    if isinstance(started, SecondFactorRefused):
        raise started  # after the commit: a wrong code stays counted
    device_token = resources_of(rt).devices.token(tried.account, tried.device, started.at)
    return SignedInView(**dict(answer_with_tokens(started, response, rt)), device_token=device_token)


@router.post("/refresh", responses=problems(SessionOver, HotelSuspended, TooManyRequests))
async def refresh_route(command: UseRefreshToken, request: Request, response: Response, rt: Rt) -> TokenView:
    """Exchange a refresh token. An answer that got lost may be asked for again within seconds, and two tabs may ask at
    once: whoever goes on with one of the answers makes the others void. Any other second use ends the session.
    """
    await check_token_limit(request, rt, "refreshes")
    token = command.refresh_token.get_secret_value()
    async with rt.db.transaction(None, read_only=True) as tx:
        owner = await owner_of(token, tx)
    if owner is None:
        raise SessionOver
    async with rt.db.transaction(owner.hotel_id, actor=owner.actor) as tx:
        started = await refresh_session(
            token,
            owner,
            settings_of(rt).lifetimes,
            tx,
            asked_from(request),
            platform_asks=settings_of(rt).superadmin_second_factor,
        )
    if started is None:
        raise SessionOver  # after the commit: a family that ended for reuse stays ended
    return answer_with_tokens(started, response, rt)


@router.post("/revoke", status_code=204, responses=problems(TooManyRequests))
async def sign_out_route(command: UseRefreshToken, request: Request, rt: Rt) -> None:
    """Sign out: the session of the token ends. A token that nobody knows is no error (RFC 7009, 2.2)."""
    await check_token_limit(request, rt, "refreshes")
    token = command.refresh_token.get_secret_value()
    async with rt.db.transaction(None, read_only=True) as tx:
        owner = await owner_of(token, tx)
    if owner is not None:
        async with rt.db.transaction(owner.hotel_id, actor=owner.actor) as tx:
            await sign_out(token, owner, tx)


@switching.post(
    "/switch",
    status_code=201,
    responses=problems(SessionOver, SessionConfined, NotFound, HotelSuspended, TooManyRequests),
)
async def switch_route(
    command: SwitchHotel,
    actor: Annotated[Actor, Depends(signed_in())],
    request: Request,
    response: Response,
    rt: Rt,
) -> TokenView:
    """Go on in another hotel that one works for (`hotels` of `GET /me`), without the password. The present session stays,
    and the new one ends when it does at the latest. Where that hotel asks for a second factor that the account does not
    have, the token can only set one up. A session by a hotel's own connection (OpenID Connect) stays in that hotel."""
    await check_token_limit(request, rt)
    user_id = own_id(actor)
    async with rt.db.transaction(None, actor=actor, read_only=True) as tx:
        access = await access_elsewhere(user_id, command.hotel, tx)
    async with rt.db.transaction(access.hotel_id, actor=actor) as tx:
        started = await switch_session(
            user_id,
            actor.sid,
            settings_of(rt).lifetimes,
            tx,
            asked_from(request),
            platform_asks=settings_of(rt).superadmin_second_factor,
        )
    return answer_with_tokens(started, response, rt)


def try_of(email: str, device_token: SecretStr | None, request: Request, rt: Runtime) -> Try:
    """What a try at the password of this address is counted by."""
    account = hashlib.sha256(email.encode()).hexdigest()
    token = device_token.get_secret_value() if device_token else None
    device = resources_of(rt).devices.device(account, token, rt.clock())
    return Try(account, guessed_from(request.client.host if request.client else None), device)


async def check_token_limit(request: Request, rt: Runtime, name: str = "tokens") -> None:
    """One count per client address for all that asks for tokens or begins to; `refreshes` are counted apart.

    Raises:
        TooManyRequests: over the limit.
    """
    await rt.limits.check(
        settings_of(rt).token_limit, name, whose(request.client.host) if request.client else "unknown"
    )


def asked_from(request: Request) -> Place:
    """Device and network of whoever asks."""
    return place_of(request.headers.get("user-agent"), request.client.host if request.client else None)


def answer_with_tokens(started: Started, response: Response, rt: Runtime) -> TokenView:
    """The tokens of a session, for nobody to keep."""
    settings, access = settings_of(rt), started.access
    claims = user_claims(
        user_id=access.user_id,
        hotel_id=access.hotel_id,
        role=access.role,
        scopes=access.scopes,
        sid=started.sid,
        at=started.at,
        lifetime=timedelta(seconds=settings.access_token_seconds),
        issuer=settings.token_issuer,
        jti=new_id(),
        enrolling=started.enrolling,
    )
    response.headers["Cache-Control"] = "no-store"
    return TokenView(
        access_token=resources_of(rt).keys.sign(claims),
        expires_in=settings.access_token_seconds,
        refresh_token=started.refresh_token,
        user=Person.model_validate({"id": access.user_id, "name": access.name, "email": access.email}),
        hotel=_hotel(access),
        role=access.role,
        scopes=[] if started.enrolling else list(access.scopes),
        second_factor_needed=started.enrolling,
    )


def _hotel(access: Access) -> HotelOfToken | None:
    work = access.hotel
    if work is None:
        return None
    return HotelOfToken.model_validate(
        {"id": work.hotel_id, "slug": work.slug, "name": work.name, "time_zone": work.time_zone}
    )

"""What each route demands, recorded where it is demanded, so that a route that demands nothing cannot be built."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_args

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.requests import HTTPConnection
from starlette.routing import Route
from structlog.contextvars import bind_contextvars

from contracts.actor import ActorKind
from contracts.errors import DomainError, Forbidden, Unauthenticated
from servicekit.actor import Actor
from servicekit.runtime import Runtime
from servicekit.transaction import Transaction

Admit = Callable[[str], Awaitable[Actor]]


class AccessKind(StrEnum):
    """How a route is guarded."""

    PERMISSION = "permission"
    SIGNED_IN = "signed_in"
    GUEST = "guest"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Access:
    """What a route demands. `value`: the permission, or why it is open. `enrolling`: open also to whoever has yet to set
    up the second factor that their hotel asks for."""

    kind: AccessKind
    value: str = ""
    enrolling: bool = False


@dataclass(frozen=True, slots=True)
class RouteAccess:
    """One line of the permission walk. `method` is `WS` for a WebSocket."""

    method: str
    path: str
    access: tuple[Access, ...]
    limited: bool = False
    """Whether a rate limit of the route's own may refuse (429)."""
    writes: bool = False
    """Whether it has a transaction of the edge, which honours Idempotency-Key."""


class RouteWithoutPermission(Exception):
    """A route demands nothing and does not say why: the service does not start."""


class NoHotel(Forbidden):
    """The token names no hotel, and the work belongs to one."""

    slug, title = "no-hotel", "Choose a hotel first"


class MissingPermission(Forbidden):
    """The token does not carry the permission."""

    slug, title = "missing-permission", "You are not allowed to do this"


class SecondFactorNeeded(Forbidden):
    """The hotel asks for a second factor, and the session has none."""

    slug, title = "second-factor-needed", "This hotel asks for a second factor: set one up first"


class NotYourAccount(Forbidden):
    """Who acts in a member's place leaves the member's account alone."""

    slug, title = "not-your-account", "The account is the member's own, and you act in their place"


async def current_actor(connection: HTTPConnection) -> Actor:
    """Who is calling, by the `Authorization: Bearer` header; asked once a request.

    Raises:
        Unauthenticated: no token, or one that does not hold.
    """
    known: object = getattr(connection.state, "actor", None)
    if isinstance(known, Actor):
        return known
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    rt: Runtime = connection.app.state.runtime
    actor = await rt.authenticate(token.strip())
    remember(connection, actor)
    return actor


def remember(connection: HTTPConnection, actor: Actor) -> None:
    """Take `actor` as the caller of this connection, for its transaction and its log lines."""
    connection.state.actor = actor
    bind_contextvars(
        actor=actor.key if actor.kind is not ActorKind.GUEST else "guest",
        **({"hotel_id": str(actor.hotel_id)} if actor.hotel_id else {}),
        **({"impersonated_by": str(actor.act.id)} if actor.act and actor.impersonated else {}),
    )


def check(actor: Actor, access: Access) -> Actor:
    """`actor`, if they may.

    Raises:
        Forbidden: they may not.
    """
    if actor.enrolling and not access.enrolling:
        raise SecondFactorNeeded
    match access.kind:
        case AccessKind.PERMISSION if not actor.may(access.value):
            raise MissingPermission(f"this needs {access.value}")
        case AccessKind.GUEST if actor.kind is not ActorKind.GUEST:
            raise Forbidden("only guests do this")
        case AccessKind.SIGNED_IN if actor.kind is not ActorKind.USER:
            raise Forbidden("only people with an account do this")
        case AccessKind.SIGNED_IN if actor.impersonated:
            raise NotYourAccount
        case _:
            return actor


def refusals(access: Access) -> tuple[type[DomainError], ...]:
    """What `check`, and the token before it, may answer, for the API's description."""
    match access.kind:
        case AccessKind.PUBLIC:
            return ()
        case AccessKind.PERMISSION:
            mine: tuple[type[DomainError], ...] = (MissingPermission,)
        case AccessKind.SIGNED_IN:
            mine = (Forbidden, NotYourAccount)
        case AccessKind.GUEST:
            return Unauthenticated, Forbidden
    return (Unauthenticated, *mine) if access.enrolling else (Unauthenticated, *mine, SecondFactorNeeded)


class _Demand:
    """A dependency that checks, and carries what it checks for the permission walk."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def __call__(self, connection: HTTPConnection) -> Actor:
        return check(await current_actor(connection), self.access)


class _Open:
    """A dependency that lets everybody in, and says why."""

    def __init__(self, reason: str) -> None:
        if not reason.strip():
            raise ValueError("say why the route is open to all")
        self.access = Access(AccessKind.PUBLIC, reason)

    async def __call__(self, connection: HTTPConnection) -> None:
        del connection


class _FirstFrame:
    """A dependency for WebSockets whose first frame holds the token; gives the function that checks it."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def __call__(self, connection: HTTPConnection) -> Admit:
        rt: Runtime = connection.app.state.runtime

        async def admit(token: str) -> Actor:
            actor = check(await rt.authenticate(token), self.access)
            remember(connection, actor)
            return actor

        return admit


def may(permission: str) -> Callable[..., Awaitable[Actor]]:
    """A dependency that gives the caller if their token carries `permission`, else 401 or 403.

    actor: Annotated[Actor, Depends(may("conversation:read"))]
    """
    return _Demand(Access(AccessKind.PERMISSION, str(permission)))


def signed_in(*, enrolling: bool = False) -> Callable[..., Awaitable[Actor]]:
    """A dependency for what every account may do for itself: any valid token of a user, no permission.

    `enrolling` opens it also to those who have yet to set up the second factor that their hotel asks for.
    """
    return _Demand(Access(AccessKind.SIGNED_IN, enrolling=enrolling))


def guest() -> Callable[..., Awaitable[Actor]]:
    """A dependency for the widget's routes: a valid guest token."""
    return _Demand(Access(AccessKind.GUEST))


def public(reason: str) -> Callable[..., Awaitable[None]]:
    """A dependency for a route that is open to all; `reason` says why, in the permission walk."""
    return _Open(reason)


def first_frame(permission: str) -> Callable[..., Awaitable[Admit]]:
    """A dependency for a WebSocket route that gets its token in the first frame; it gives `admit(token) -> Actor`."""
    return _FirstFrame(Access(AccessKind.PERMISSION, str(permission)))


def guest_first_frame() -> Callable[..., Awaitable[Admit]]:
    """As `first_frame`, for guests."""
    return _FirstFrame(Access(AccessKind.GUEST))


async def maybe_actor(connection: HTTPConnection) -> Actor | None:
    """The caller where a token came along (it must hold), None where none did; for public routes."""
    return await current_actor(connection) if connection.headers.get("authorization") else None


def _demands(dependant: Dependant) -> list[Access]:
    found: list[Access] = []
    for part in dependant.dependencies:
        access = getattr(part.call, "access", None)
        if isinstance(access, Access):
            found.append(access)
        found += _demands(part)
    return found


def _is_limited(dependant: Dependant) -> bool:
    return any(
        isinstance(getattr(part.call, "limit", None), str) or _is_limited(part) for part in dependant.dependencies
    )


def _writes(dependant: Dependant) -> bool:
    gives = (getattr(part.call, "__annotations__", {}).get("return") for part in dependant.dependencies)
    return any(Transaction in get_args(given) for given in gives) or any(map(_writes, dependant.dependencies))


def route_permissions(app: FastAPI) -> list[RouteAccess]:
    """Every route with what it demands.

    Raises:
        RouteWithoutPermission: names the routes that demand nothing.
    """
    lines: list[RouteAccess] = []
    for route in iter_route_contexts(app.routes):
        path = route.path or str(route.original_route)
        dependant: Any = getattr(route, "dependant", None)  # Any: plain Starlette routes have none
        methods = sorted((route.methods or set()) - {"HEAD"}) if route.methods else ["WS"]
        limited = isinstance(dependant, Dependant) and _is_limited(dependant)
        writes = isinstance(dependant, Dependant) and _writes(dependant)
        if isinstance(dependant, Dependant):
            access = tuple(dict.fromkeys(_demands(dependant)))
        elif isinstance(route.original_route, Route) and path == app.openapi_url:
            access = (Access(AccessKind.PUBLIC, "the API's description"),)
        else:
            access = ()
        lines += [RouteAccess(method, path, access, limited, writes) for method in methods]
    bare = [f"{line.method} {line.path}" for line in lines if not line.access]
    if bare:
        raise RouteWithoutPermission("no permission, no reason to be public: " + ", ".join(bare))
    return lines

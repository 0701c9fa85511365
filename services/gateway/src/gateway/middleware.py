"""Turns a dashboard's session cookie, and an integrator's API key, into the bearer token that the rest of the gateway, and
every service, works with."""

import hmac
from typing import TYPE_CHECKING, cast

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.apikeys import PREFIX
from contracts.errors import DomainError
from gateway.adapters.callers import caller
from gateway.domain.cookie import CsrfTokenMissing, ForeignOrigin, has_foreign_origin, is_foreign, session_in
from servicekit import Runtime
from servicekit.auth import signed_with
from servicekit.problems import response_of

if TYPE_CHECKING:
    from gateway.resources import Resources

CSRF_HEADER = "x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SIGN_IN_PATHS = frozenset({"/api/session", "/api/session/oidc"})
OIDC_PREFIX = "/api/oidc/"


class SessionMiddleware:
    """For requests under `/api` that carry the cookie and no `Authorization`: checks origin and CSRF token (of a WebSocket
    the origin), refreshes the tokens when they are about to end or their key was withdrawn, and adds the header. A request
    without the cookie passes unchanged; one that signs in, of whichever browser, comes from no other origin either."""

    def __init__(self, app: ASGIApp, rt: Runtime) -> None:
        self._app = app
        self._rt = rt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection (ASGI)."""
        if scope["type"] in ("http", "websocket") and str(scope["path"]).startswith("/api/"):
            headers = Headers(scope=scope)
            session_id = session_in(headers.get("cookie", ""))
            signs_in = scope["type"] == "http" and _signs_in(scope["method"], scope["path"])
            try:
                if signs_in and scope["method"] not in SAFE_METHODS and is_foreign(headers):
                    raise ForeignOrigin
                if session_id and not signs_in and "authorization" not in headers:
                    await self._authorise(scope, headers, session_id)
            except DomainError as error:
                await _refuse(error, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _authorise(self, scope: Scope, headers: Headers, session_id: str) -> None:
        resources = cast("Resources", self._rt.resources)  # the Service was made with these resources
        unsafe = scope["type"] == "http" and scope["method"] not in SAFE_METHODS
        if (unsafe and is_foreign(headers)) or (scope["type"] == "websocket" and has_foreign_origin(headers)):
            raise ForeignOrigin
        whose = caller(HTTPConnection(scope))
        session = await resources.sessions.fresh(
            session_id, lambda token: resources.refresh(token, whose), lambda token: resources.leave(token, whose)
        )
        if self._rt.deny.is_withdrawn(signed_with(session.access_token)):
            session = await resources.sessions.renewed(session_id, lambda token: resources.refresh(token, whose))
        if unsafe:
            given = headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(given.encode(), session.csrf_token.encode()):
                raise CsrfTokenMissing
        scope["headers"] = [*scope["headers"], (b"authorization", f"Bearer {session.access_token}".encode())]


class ApiKeyMiddleware:
    """For requests under `/api` whose `Authorization` is an API key: puts the token in its place that identity exchanges it
    for. No service ever sees a key."""

    def __init__(self, app: ASGIApp, rt: Runtime) -> None:
        self._app = app
        self._rt = rt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection (ASGI)."""
        if scope["type"] in ("http", "websocket") and str(scope["path"]).startswith("/api/"):
            scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and key.strip().startswith(PREFIX):
                try:
                    await self._exchange(scope, key.strip())
                except DomainError as error:
                    await _refuse(error, scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _exchange(self, scope: Scope, key: str) -> None:
        resources = cast("Resources", self._rt.resources)  # the Service was made with these resources
        address = scope["client"][0] if scope.get("client") else None
        token = await resources.api_keys.token(key, address)
        if self._rt.deny.is_withdrawn(signed_with(token)):
            resources.api_keys.forget(key, token)
            token = await resources.api_keys.token(key, address)
        others = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
        scope["headers"] = [*others, (b"authorization", f"Bearer {token}".encode())]


async def _refuse(error: DomainError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4401, "reason": error.title})
    else:
        await response_of(error)(scope, receive, send)


def _signs_in(method: str, path: str) -> bool:
    """Whether the request is one of somebody on the way in, for whom a session of before, perhaps over, says nothing."""
    return path.startswith(OIDC_PREFIX) or (method == "POST" and path in SIGN_IN_PATHS)

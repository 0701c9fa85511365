"""WebSockets go straight to their route: the layers below would stay, ten kB for each, as long as the connection is open.

What a route depends on is solved by FastAPI as ever, before the endpoint runs, and errors are answered as ever. Only a
route that depends on something with a `yield` takes the usual way, since that must be closed after the endpoint.
"""

import inspect
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import solve_dependencies
from fastapi.exceptions import WebSocketRequestValidationError
from fastapi.routing import APIWebSocketRoute
from starlette.requests import HTTPConnection
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from contracts.errors import DomainError

Refuse = Callable[[HTTPConnection, Exception], Awaitable[Any]]  # Any: what Starlette's handlers give


class DirectSockets:
    """ASGI middleware, innermost: between the service's own middleware and FastAPI's router.

    Args:
        app: what requests, and WebSockets of other kinds, go on to.
        refused: answers a DomainError.
        malformed: answers parameters that do not hold.
    """

    def __init__(self, app: ASGIApp, refused: Refuse, malformed: Refuse) -> None:
        self._app = app
        self._refused = refused
        self._malformed = malformed

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """The next layer's own coroutine: this one is not in the way of requests."""
        route = _route_of(scope) if scope["type"] == "websocket" else None
        return self._app(scope, receive, send) if route is None else self._run(route, WebSocket(scope, receive, send))

    async def _run(self, route: APIWebSocketRoute, websocket: WebSocket) -> None:
        call = route.dependant.call
        assert call is not None
        try:
            await call(**await _arguments(route, websocket))
        except DomainError as error:
            await self._refused(websocket, error)
        except WebSocketRequestValidationError as error:
            await self._malformed(websocket, error)


def _route_of(scope: Scope) -> APIWebSocketRoute | None:
    for route in scope["app"].routes:
        if isinstance(route, APIWebSocketRoute) and not _keeps_open(route.dependant):
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope.update(found)
                return route
    return None


def _keeps_open(dependant: Dependant) -> bool:
    return any(
        inspect.isasyncgenfunction(part.call) or inspect.isgeneratorfunction(part.call) or _keeps_open(part)
        for part in dependant.dependencies
    )


async def _arguments(route: APIWebSocketRoute, websocket: WebSocket) -> dict[str, Any]:  # Any: arguments of any route
    async with AsyncExitStack() as stack:
        websocket.scope["fastapi_inner_astack"] = websocket.scope["fastapi_function_astack"] = stack
        solved = await solve_dependencies(
            request=websocket, dependant=route.dependant, async_exit_stack=stack, embed_body_fields=False
        )
    del websocket.scope["fastapi_inner_astack"], websocket.scope["fastapi_function_astack"]
    if solved.errors:
        raise WebSocketRequestValidationError(solved.errors)
    return solved.values

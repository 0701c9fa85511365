"""The FastAPI application of a service: routers, error handlers, the permission walk, and an OpenAPI that tells the truth."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection

from contracts.errors import DomainError
from servicekit.access import route_permissions
from servicekit.cors import Cors
from servicekit.direct import DirectSockets
from servicekit.edge import EdgeRoute
from servicekit.front import BodyTooLarge, Front
from servicekit.openapi import describe
from servicekit.problems import (
    TYPE_PREFIX,
    BadValues,
    FieldProblem,
    Malformed,
    Problem,
    TooLarge,
    problem_of,
    problem_response,
    response_of,
)
from servicekit.runtime import Runtime
from servicekit.tracing import current_trace_id

if TYPE_CHECKING:
    from servicekit.service import Service
    from servicekit.settings import ServiceSettings

_SLUGS = {400: "malformed", 401: "unauthenticated", 403: "forbidden", 404: "not-found", 405: "method-not-allowed"}


def create_app(service: "Service", settings: "ServiceSettings", rt: Runtime | None) -> FastAPI:
    """The service's application. Without a runtime it can be described (`openapi`), not called.

    Raises:
        RouteWithoutPermission: a route demands nothing.
        TypeError: a route was not made by `edge_router`.
    """
    handlers: dict[int | type[Exception], Any] = {  # Any: FastAPI's type knows no WebSocket handlers
        DomainError: _domain_error,
        BodyTooLarge: _body_too_large,
        HTTPException: _http_error,
        RequestValidationError: _validation_error,
        WebSocketRequestValidationError: _websocket_validation_error,
    }
    app = FastAPI(
        title=service.name,
        version=service.version,
        openapi_url=service.openapi_url,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # such a redirect leads to whatever host the request named
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[
            *([Middleware(Cors, prefix=service.cors_prefix)] if service.cors_prefix else []),
            Middleware(
                Front,
                service=service.name,
                body_limit_bytes=settings.body_limit_bytes,
                large_bodies=service.large_bodies,
                timeout_seconds=settings.request_timeout_seconds,
                sockets_per_address=settings.sockets_per_address,
            ),
            *(Middleware(extra, rt) for extra in service.middleware),
            Middleware(DirectSockets, _domain_error, _websocket_validation_error),
        ],
        exception_handlers=handlers,
    )
    app.state.runtime = rt
    for router in service.routers:
        app.router.routes.extend(router.routes)  # as they are: an included router is matched twice per request
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute) and not isinstance(route.original_route, EdgeRoute):
            raise TypeError(f"{route.path} is not an EdgeRoute: make its router with edge_router()")
    route_permissions(app)
    describe(app)
    return app


async def _domain_error(connection: HTTPConnection, error: Exception) -> Response | None:
    assert isinstance(error, DomainError)
    if isinstance(connection, WebSocket):
        await refuse_websocket(connection, error)
        return None
    return response_of(error)


async def refuse_websocket(websocket: WebSocket, error: DomainError) -> None:
    """Say no on a WebSocket: as an HTTP answer before it is accepted, afterwards as a frame and close code 4000 + status."""
    if websocket.application_state.name == "CONNECTING":
        await websocket.send_denial_response(response_of(error))
    elif websocket.application_state.name == "CONNECTED":
        await websocket.send_json(
            {"type": "error", "problem": problem_of(error).model_dump(mode="json", exclude_none=True)}
        )
        await websocket.close(4000 + error.status, error.slug)


async def _body_too_large(_: Request, error: Exception) -> Response:
    return response_of(TooLarge(str(error)))


async def _http_error(_: Request, error: Exception) -> Response:
    """What FastAPI and Starlette refuse by themselves: no such route, no such method, an unreadable body."""
    assert isinstance(error, HTTPException)
    cause = error.__cause__
    if isinstance(cause, UnicodeDecodeError):
        return response_of(Malformed(f"the body is not valid UTF-8 at byte {cause.start}", pointer=""))
    if isinstance(cause, BodyTooLarge):
        return await _body_too_large(_, cause)
    headers = dict(error.headers or {})
    title = {404: "There is no such address", 405: "The address does not know this method"}.get(error.status_code)
    problem = Problem(
        type=TYPE_PREFIX + _SLUGS.get(error.status_code, f"http-{error.status_code}"),
        title=title or error.detail,
        status=error.status_code,
        detail=error.detail if title is None else None,
        trace_id=current_trace_id(),
    )
    return problem_response(problem, headers)


async def _validation_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found: Sequence[dict[str, Any]] = error.errors()  # Any: pydantic's own error dictionaries
    broken = next((one for one in found if one["type"] == "json_invalid"), None)
    if broken is not None:
        at = broken["loc"][-1]
        detail = f"{broken['ctx']['error']} at character {at}"
        return response_of(Malformed(f"the body is not valid JSON: {detail}", pointer=""))
    problem = Problem(
        type=TYPE_PREFIX + BadValues.slug,
        title=BadValues.title,
        status=BadValues.status,
        detail=f"{len(found)} value{'s' if len(found) != 1 else ''} at fault",
        trace_id=current_trace_id(),
        errors=[FieldProblem(pointer=pointer_of(one["loc"]), detail=one["msg"]) for one in found[:50]],
    )
    return problem_response(problem)


async def _websocket_validation_error(connection: HTTPConnection, error: Exception) -> None:
    assert isinstance(error, WebSocketRequestValidationError)
    assert isinstance(connection, WebSocket)
    found: Sequence[dict[str, Any]] = error.errors()  # Any: pydantic's own error dictionaries
    where = ", ".join(pointer_of(one["loc"]) for one in found[:5])
    await refuse_websocket(connection, Malformed(f"cannot be taken: {where}", pointer=pointer_of(found[0]["loc"])))


def pointer_of(loc: Sequence[str | int]) -> str:
    """Where a value is: a JSON pointer (RFC 6901) into the body, else `query:name`, `path:name`, `header:name`."""
    place, *rest = [str(part) for part in loc]
    if place == "body":
        return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in rest)
    return f"{place}:{'.'.join(rest)}"

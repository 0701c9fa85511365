"""Errors as problem+json (RFC 9457): one shape for every refusal, with a stable `type`, a trace id and field pointers."""

from typing import Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from contracts.errors import DomainError
from servicekit.tracing import current_trace_id

MEDIA_TYPE = "application/problem+json"
PROBLEM_CONTENT = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
TYPE_PREFIX = "urn:frontdesk:problem:"


class Unavailable(DomainError):
    """Something this service needs is away; the same request may work later."""

    slug, title, status = "unavailable", "Not available right now", 503

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 2) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class TooManyRequests(DomainError):
    """The caller is over a limit."""

    slug, title, status = "too-many-requests", "Too many requests", 429

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class UnsupportedMedia(DomainError):
    """The body is of a kind this route does not read."""

    slug, title, status = "unsupported-media-type", "The body's media type is not supported", 415


class TooLarge(DomainError):
    """The body is over the size limit."""

    slug, title, status = "content-too-large", "The body is too large", 413


class BadValues(DomainError):
    """Values of the request are not of the shape that the route says; `errors` points at them."""

    slug, title, status = "validation", "Some values cannot be taken", 422


class HeaderTooLarge(DomainError):
    """More header than is read."""

    slug, title, status = "header-too-large", "The address or a header is too long", 431


class TimedOut(DomainError):
    """The request took longer than it may."""

    slug, title, status = "time-out", "The request took too long", 504


class Malformed(DomainError):
    """The request cannot be read at all."""

    slug, title, status = "malformed", "The request cannot be read", 400


class FieldProblem(BaseModel):
    """One value at fault."""

    pointer: str = Field(
        description="JSON pointer into the body (`/items/0/name`), or `query:name`, `path:name`, `header:name`"
    )
    detail: str


class Problem(BaseModel):
    """A refusal, as RFC 9457 has it."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="stable: `urn:frontdesk:problem:<slug>`")
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None
    trace_id: str | None = Field(default=None, description="names this request in logs and traces")
    errors: list[FieldProblem] | None = None


def problem_of(error: DomainError) -> Problem:
    """The problem a domain error becomes."""
    return Problem(
        type=TYPE_PREFIX + error.slug,
        title=error.title,
        status=error.status,
        detail=error.detail if error.detail != error.title else None,
        trace_id=current_trace_id(),
        errors=[FieldProblem(pointer=error.pointer, detail=error.detail)] if error.pointer is not None else None,
    )


def response_of(error: DomainError, headers: dict[str, str] | None = None) -> Response:
    """The HTTP answer a domain error becomes."""
    sent = dict(headers or {})
    retry = getattr(error, "retry_after_seconds", None)
    if isinstance(retry, int):
        sent.setdefault("Retry-After", str(retry))
    if error.status == 401:
        sent.setdefault("WWW-Authenticate", "Bearer" if error.detail == error.title else 'Bearer error="invalid_token"')
    return problem_response(problem_of(error), sent)


def problem_response(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    """A problem as an HTTP answer."""
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:  # FastAPI's own type for `responses`
    """What a route's OpenAPI says of these errors: `responses=problems(NotFound, OwnRequest)`."""
    by_status: dict[int, list[type[DomainError]]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error)
    return {
        status: {
            "description": "; ".join(dict.fromkeys(f"{error.title} (`{error.slug}`)" for error in same)),
            "content": PROBLEM_CONTENT,
        }
        for status, same in sorted(by_status.items())
    }

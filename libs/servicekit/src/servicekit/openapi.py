"""Makes the generated OpenAPI say what is true of every route: problems, bearer tokens, Idempotency-Key, examples."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from contracts.errors import Invalid
from servicekit.access import AccessKind, RouteAccess, refusals, route_permissions
from servicekit.examples import add_examples
from servicekit.idempotency import KeyReused
from servicekit.problems import (
    MEDIA_TYPE,
    PROBLEM_CONTENT,
    BadValues,
    HeaderTooLarge,
    Malformed,
    Problem,
    TimedOut,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMedia,
    problems,
)

_ALWAYS = problems(Malformed, BadValues, HeaderTooLarge, Unavailable, TimedOut)
_WITH_BODY = problems(TooLarge, UnsupportedMedia, Invalid)
_WITH_KEY = problems(KeyReused)
_LIMITED = problems(TooManyRequests)
_OTHERS = {"description": "Any other refusal", "content": PROBLEM_CONTENT}
_SECURITY = "bearer"
_KEY_PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same key and request give the same answer for 24 hours",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-+\\--:<-~]+$"},
}


def describe(app: FastAPI) -> None:
    """Have `app.openapi()` tell the whole truth."""
    inner: Callable[[], dict[str, Any]] = app.openapi
    done: list[dict[str, Any]] = []

    def openapi() -> dict[str, Any]:  # Any: an OpenAPI document
        if not done:
            done.append(_complete(inner(), route_permissions(app)))
        return done[0]

    app.openapi = openapi


def _complete(document: dict[str, Any], walk: list[RouteAccess]) -> dict[str, Any]:  # Any: an OpenAPI document
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    document["components"]["securitySchemes"] = {_SECURITY: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    demands = {(line.method.lower(), line.path): line for line in walk}
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            line = demands.get((method, path))
            guarded = line is not None and any(access.kind is not AccessKind.PUBLIC for access in line.access)
            limited = line is not None and line.limited
            _complete_operation(operation, method, line if guarded else None, limited=limited)
    add_examples(document)
    return document


def _complete_operation(
    operation: dict[str, Any],  # Any: OpenAPI
    method: str,
    line: RouteAccess | None,
    *,
    limited: bool,
) -> None:
    if "summary" in operation:  # FastAPI makes it of the function's name, which often ends in what it is
        operation["summary"] = operation["summary"].removesuffix(" Route").capitalize()
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _not_null(parameter["schema"])
    responses = operation["responses"]
    responses.pop("422", None) if _is_fastapis(responses.get("422")) else None
    general = [_ALWAYS, _WITH_BODY] if "requestBody" in operation else [_ALWAYS]
    if line is not None:
        general.append(problems(*dict.fromkeys(error for access in line.access for error in refusals(access))))
        operation["security"] = [{_SECURITY: []}]
        operation["x-permissions"] = [access.value or access.kind.value for access in line.access]
        if method == "post" and line.writes:
            operation.setdefault("parameters", []).append(_KEY_PARAMETER)
            general.append(_WITH_KEY)
    if limited:
        general.append(_LIMITED)
    for status, more in (pair for group in general for pair in group.items()):
        _add(responses, str(status), more)
    responses.setdefault("default", _OTHERS)


def _add(responses: dict[str, Any], status: str, more: dict[str, Any]) -> None:  # Any: OpenAPI
    """The problems of `more` after those that the route itself says; another kind of body stays as it is."""
    own = responses.setdefault(status, more)
    if own is more or MEDIA_TYPE not in own.get("content", {}):
        return
    said = own["description"].split("; ")
    missing = [title for title in more["description"].split("; ") if title not in said]
    responses[status] = own | {"description": "; ".join([*said, *missing])}


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:  # Any: a JSON schema
    """The schema of a parameter without the null that stands for "not given": no URL and no header can hold one."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    match choices:
        case []:
            return schema
        case [only]:
            return {**only, **{name: value for name, value in schema.items() if name != "anyOf"}}
        case _:
            return {**schema, "anyOf": choices}


def _is_fastapis(response: dict[str, Any] | None) -> bool:  # Any: OpenAPI
    return response is not None and "HTTPValidationError" in str(response.get("content", {}))

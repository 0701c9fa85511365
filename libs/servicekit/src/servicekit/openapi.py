"""Makes the generated OpenAPI say what is true of every route: problems, bearer tokens, Idempotency-Key, examples."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from servicekit.access import AccessKind, RouteAccess, route_permissions
from servicekit.examples import add_examples
from servicekit.problems import MEDIA_TYPE, Problem

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ALWAYS = {
    "400": "The request cannot be read",
    "413": "The body is too large",
    "415": "The body's media type is not supported",
    "422": "Some values cannot be taken",
    "431": "The address or a header is too long",
    "503": "Not available right now",
    "504": "The request took too long",
}
_GUARDED = {"401": "Sign in first", "403": "Not allowed"}
_LIMITED = {"429": "Too many requests"}
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
    titles = dict(_ALWAYS)
    if "requestBody" not in operation:
        titles.pop("413")
        titles.pop("415")
    if line is not None:
        titles |= _GUARDED
        operation["security"] = [{_SECURITY: []}]
        operation["x-permissions"] = [access.value or access.kind.value for access in line.access]
        if method == "post" and line.writes:
            operation.setdefault("parameters", []).append(_KEY_PARAMETER)
    if limited:
        titles |= _LIMITED
    for status, title in titles.items():
        responses.setdefault(status, {"description": title, "content": _PROBLEM})
    responses.setdefault("default", {"description": "Any other refusal", "content": _PROBLEM})


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

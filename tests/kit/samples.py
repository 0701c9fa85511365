"""Request bodies and paths from an OpenAPI document, so that a new route is tried without anybody writing it down."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]  # Any: JSON
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of a service."""

    service: str
    method: str
    path: str
    details: Json
    document: Json

    def __str__(self) -> str:
        return f"{self.service} {self.method.upper()} {self.path}"

    def parameters(self, place: str) -> list[str]:
        """Names of the path or query parameters."""
        return [p["name"] for p in self.details.get("parameters", ()) if p["in"] == place]

    def named(self) -> dict[str, set[str]]:
        """Every id that a request names, by its place (path, query, body): what leads to a thing that somebody owns."""
        contents = self.details.get("requestBody", {}).get("content", {}).values()
        body = {name for content in contents for name, _ in fields(content["schema"], self.document)}
        return {
            "path": set(self.parameters("path")),
            "query": {name for name in self.parameters("query") if _is_id(name)},
            "body": {name for name in body if _is_id(name)},
        }

    def query(self, ids: Mapping[str, str]) -> dict[str, Any]:  # Any: query values
        """Every query parameter that is required or that `ids` knows."""
        return {
            p["name"]: ids.get(p["name"]) or sample(p["schema"], self.document, ids, p["name"])
            for p in self.details.get("parameters", ())
            if p["in"] == "query" and (p["name"] in ids or p.get("required"))
        }

    def body(self, ids: Mapping[str, str]) -> Json | None:
        """A valid body; every id in it comes from `ids` where the name is known there."""
        content = self.details.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return None if schema is None else sample(schema, self.document, ids)


def operations(service: str, document: Json) -> Iterator[Operation]:
    """Every route in the document."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield Operation(service, method, path, methods[method], document)


def resolved(schema: Json, document: Json) -> Json:
    """The schema that a reference means."""
    target: Any = document
    for step in schema["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return target


def fields(schema: Json, document: Json, within: tuple[str, ...] = ()) -> Iterator[tuple[str, Json]]:
    """Every named value that the schema has a place for, at any depth, with its schema."""
    if (reference := schema.get("$ref")) is not None:
        if reference not in within:  # a schema that holds itself is looked at once
            yield from fields(resolved(schema, document), document, (*within, reference))
        return
    choices = [choice for kind in ("anyOf", "oneOf", "allOf") for choice in schema.get(kind, ())]
    for part in (*choices, *((schema["items"],) if "items" in schema else ())):
        yield from fields(part, document, within)
    for name, value in schema.get("properties", {}).items():
        yield name, value
        yield from fields(value, document, within)


def _is_id(name: str) -> bool:
    return name in ("id", "kid", "actor") or name.endswith(("_id", "_ids"))


def sample(schema: Json, document: Json, ids: Mapping[str, str], name: str = "") -> Any:  # Any: JSON
    """A value that fits the schema; required fields, and every field whose name `ids` knows."""
    if "$ref" in schema:
        return sample(resolved(schema, document), document, ids, name)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return sample(schema[choice][0], document, ids, name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "default" in schema and schema["default"] is not None and name not in ids:
        return schema["default"]
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            return {
                key: sample(value, document, ids, key)
                for key, value in schema.get("properties", {}).items()
                if key in required or key in ids
            }
        case "array":
            return [sample(schema["items"], document, ids, name.removesuffix("s"))] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "string":
            return _text(schema, name, ids)
        case _:
            return None


def _text(schema: Json, name: str, ids: Mapping[str, str]) -> str:
    if name in ids:
        return ids[name]
    match schema.get("format"):
        case "uuid":
            return "0190aaaa-0000-7000-8000-0000000000ff"
        case "date-time":
            return "2026-11-23T12:00:00Z"
        case "email":
            return "someone.new@example.com"
        case _:
            pass
    known = {
        "email": "someone.new@example.com",
        "language": "en",
        "slug": "some-slug",
        "password": "a sample of a passphrase",
        "q": "dogs",
        "role": "staff",
        "phone": "+4312345678",
    }
    text = known.get(name, "sample")
    return text.ljust(schema.get("minLength", 0), "x")

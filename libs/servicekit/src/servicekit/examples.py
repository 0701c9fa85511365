"""An example for every body in an OpenAPI document: what a model gives itself, else made up from its schema.

A schema's own `examples` come first; then its constants, choices and defaults; then what a property of that name usually
holds; then its format. `tools/schemas.py` checks every example against its schema, so a pattern that nothing here fits is
found there: give that field an example of its own.
"""

from typing import Any
from uuid import UUID, uuid5

Json = Any  # Any: JSON
_IDS = UUID("0197a5c0-0000-7000-8000-000000000000")
_FORMATS = {
    "date-time": "2026-05-04T09:30:00Z",
    "date": "2026-05-04",
    "time": "09:30:00",
    "email": "emily.johnson@guests.example",
    "uri": "https://lindenhof.example/",
    "password": "three old kettles sing",
    "binary": "",
}
_NAMES = {
    "access_token": "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwMTk3In0.c2lnbmF0dXJl",
    "name": "Emily Johnson",
    "display_name": "Anna Adler",
    "email": "emily.johnson@guests.example",
    "phone": "+436641234567",
    "slug": "lindenhof",
    "hotel": "lindenhof",
    "time_zone": "Europe/Vienna",
    "language": "en",
    "default_language": "en",
    "languages": ["en", "de"],
    "colour": "#1f4b6e",
    "logo_url": "https://lindenhof.example/logo.svg",
    "allowed_origins": ["https://lindenhof.example"],
    "opens": "08:00",
    "closes": "20:00",
    "domain": "lindenhof.example",
    "organisation_claim": "org_id",
    "issuer": "https://login.lindenhof.example/",
    "room": "204",
    "question": "When is breakfast?",
    "note": "Sent a fruit basket.",
    "weekly": {"0": [{"opens": "08:00", "closes": "12:00"}, {"opens": "14:00", "closes": "20:00"}]},
    "exceptions": {"2026-12-24": [{"opens": "08:00", "closes": "12:00"}], "2026-12-25": []},
    "confidence_threshold": 0.55,
    "consent_text": "What you write is kept for 90 days.",
    "code": "287082",
    "second_factor": "287082",
    "refresh_token": "fdr_Zk3vJ0Qm7xw2b9TnY4sRrL1uVhE8cAoD",
    "client_id": "gateway",
    "client_secret": "a client's secret",
    "audience": "conversation",
    "act": '{"kind": "user", "id": "0197a5c0-0000-7000-8000-2f7d1be3c6a8"}',
    "role": "staff",
    "action": "guest.update",
    "text": "Is breakfast included?",
    "title": "Breakfast",
    "body": "Breakfast is served from 7 to 10.30.",
}
_DEEPEST = 16


def add_examples(document: dict[str, Json]) -> None:
    """Give each JSON body of each request and each success an `example`."""
    schemas = document.get("components", {}).get("schemas", {})
    for operations in document.get("paths", {}).values():
        for operation in operations.values():
            bodies = [operation.get("requestBody", {})]
            bodies += [answer for status, answer in operation["responses"].items() if status.startswith("2")]
            for content in (body.get("content", {}) for body in bodies):
                for media in content.values():
                    if "schema" in media and media["schema"] and not {"example", "examples"} & media.keys():
                        media["example"] = example_of(media["schema"], schemas)


def example_of(schema: dict[str, Json], schemas: dict[str, Json], name: str = "", depth: int = 0) -> Json:
    """A value that fits the schema; `name`: of the property that has it. Deeper than `_DEEPEST` levels there is only null."""
    if depth > _DEEPEST:
        return None
    if (given := _given(schema)) is not None:
        return given[0]
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, name, depth + 1)
    for choice in ("anyOf", "oneOf", "allOf"):
        for one in schema.get(choice, ()):
            if one.get("type") != "null":
                return example_of(one, schemas, name, depth + 1)
    if name in _NAMES and _is_a(_NAMES[name], schema.get("type")):
        return _NAMES[name]
    return _made_up(schema, schemas, name, depth)


def _given(schema: dict[str, Json]) -> list[Json] | None:
    if schema.get("examples"):
        return list(schema["examples"])
    for said in ("example", "const", "default"):
        if schema.get(said) not in (None, "", [], {}):
            return [schema[said]]
    return list(schema["enum"]) if "enum" in schema else None


def _is_a(value: Json, wanted: object) -> bool:
    return wanted == {list: "array", dict: "object", str: "string", float: "number"}[type(value)]


def _made_up(schema: dict[str, Json], schemas: dict[str, Json], name: str, depth: int) -> Json:
    match schema.get("type"):
        case "object":
            known = {
                key: example_of(inner, schemas, key, depth + 1) for key, inner in schema.get("properties", {}).items()
            }
            others = schema.get("additionalProperties")
            return known or ({"key": example_of(others, schemas, "", depth + 1)} if isinstance(others, dict) else {})
        case "array" if "prefixItems" in schema:
            return [example_of(item, schemas, name, depth + 1) for item in schema["prefixItems"]]
        case "array":
            item = schema.get("items")
            one = name.removesuffix("s") if name.endswith("s") else ""
            return [example_of(item, schemas, one, depth + 1)] if item else []
        case "integer" | "number":
            return int(max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1))
        case "boolean":
            return True
        case "string":
            return _words(schema, name)
        case _:
            return None


def _words(schema: dict[str, Json], name: str) -> str:
    if schema.get("format") == "uuid":
        return str(UUID(int=_IDS.int | (uuid5(_IDS, name).int & (1 << 48) - 1)))
    if "format" in schema and schema["format"] in _FORMATS:
        return _FORMATS[schema["format"]]
    words = (name or "text").replace("_", " ").ljust(schema.get("minLength", 0), "x")
    return words[: schema.get("maxLength", len(words))]

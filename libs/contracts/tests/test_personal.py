"""No event tells who somebody is or what they wrote, but for marked fields on the directory topics made for it.

Every event and every value in it is walked, by its schema. A field must be marked with `personal()`, or stand on the
list of exceptions with a reason, when its name is one of contact data or free text, or when it is text that could
hold such (no pattern, or one that a sentence, an address or a number passes).
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import Field

from contracts.contact import Address, Email, Phone
from contracts.event import PERSONAL, Event, Fact, personal
from contracts.shapes import Schema, events, model_schema
from contracts.topics import TOPICS

TELLING = {
    *("name", "names", "email", "mail", "phone", "mobile", "address", "street", "city", "postal", "lines", "ip"),
    *("text", "body", "note", "notes", "subject", "comment", "content", "transcript", "summary", "title"),
    *("description", "question", "answer", "reply", "birthday", "passport", "card"),
}
PEOPLE_WRITE = ("My room is cold.", "Anna Müller", "anna@mail.example", "+4312345678", "Lindenweg 4, 1010 Wien")
SAFE_FORMATS = {"uuid", "date-time", "date", "time"}

EXCEPTIONS = {
    ("frontdesk.identity.hotel.v1", "name"): "the hotel's name, no person's",
    ("frontdesk.identity.hotel.v1", "consent_text"): "what the hotel tells its guests, written by the hotel",
}


def fields(
    schema: Schema, definitions: Schema, path: str = "", marked: bool = False
) -> Iterator[tuple[str, Schema, bool]]:
    """Every field and every part of one: its path, what it may be, and whether it or one around it is marked."""
    if "$ref" in schema:
        schema = {
            **definitions[schema["$ref"].removeprefix("#/$defs/")],
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    marked = marked or bool(schema.get(PERSONAL))
    if path:
        yield path, schema, marked
    for name, field in schema.get("properties", {}).items():
        yield from fields(field, definitions, f"{path}.{name}".lstrip("."), marked)
    inside: list[Schema] = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
    inside += schema.get("prefixItems", ())
    inside += [part for key in ("items", "additionalProperties") if isinstance(part := schema.get(key), dict)]
    if keys := schema.get("propertyNames"):
        inside.append({"type": "string", **keys})
    elif schema.get("additionalProperties") and "properties" not in schema:
        inside.append({"type": "string"})  # any key
    for part in inside:
        yield from fields(part, definitions, path, marked)


def could_hold_what_people_write(schema: Schema) -> bool:
    if "type" not in schema and not {"anyOf", "oneOf", "allOf", "enum", "const", "$ref"} & set(schema):
        return True  # anything goes
    if schema.get("type") == "object" and not {"properties", "additionalProperties"} & set(schema):
        return True
    if schema.get("type") != "string" or "enum" in schema or "const" in schema:
        return False
    if schema.get("format") in SAFE_FORMATS:
        return False
    pattern = schema.get("pattern")
    return pattern is None or any(re.search(pattern, sample) for sample in PEOPLE_WRITE)


def telling(model: type[Fact]) -> set[str]:
    """The unmarked fields of `model` that should be marked."""
    schema = model_schema(model)
    return {
        path
        for path, part, marked in fields(schema, schema.get("$defs", {}))
        if not marked
        and (
            (set(path.split(".")[-1].split("_")) & TELLING and part.get("type") != "object")
            or could_hold_what_people_write(part)
        )
    }


def marked(model: type[Fact]) -> set[str]:
    schema = model_schema(model)
    return {path for path, part, _ in fields(schema, schema.get("$defs", {})) if part.get(PERSONAL)}


every_event = pytest.mark.parametrize("event", events(), ids=lambda event: event.TYPE)


@every_event
def test_personal_fields_are_only_on_the_topics_made_for_them(event: type[Event]) -> None:
    assert event.TOPIC.personal or not marked(event)


@every_event
def test_no_field_could_hold_what_people_are_called_or_write_without_being_marked(event: type[Event]) -> None:
    found = {path for path in telling(event) if (event.TOPIC.name, path) not in EXCEPTIONS}
    assert found == set()


def test_every_exception_is_still_one() -> None:
    needed = {(event.TOPIC.name, path) for event in events() for path in telling(event)}
    assert set(EXCEPTIONS) == needed


def test_only_directories_of_people_are_personal() -> None:
    personal_topics = {topic.name for topic in TOPICS if topic.personal}
    assert personal_topics == {event.TOPIC.name for event in events() if marked(event)}
    assert personal_topics == {f"frontdesk.identity.{of}.v1" for of in ("user", "membership", "guest")}


class Nested(Fact):
    wish: str


class Careless(Fact):
    guest_name: Annotated[str, Field(pattern="^[a-z]+$")]
    remark: str
    number: Phone
    reach: Email | None = None
    inside: Nested
    many: tuple[Nested, ...] = ()
    by_day: dict[str, int] = {}  # noqa: RUF012 - pydantic copies defaults
    anything: Any = None  # Any: the case under test
    loose: Annotated[str, Field(pattern="^.*$")]
    count: int
    home: Address | None = personal(default=None)
    kept: str = personal()


def test_the_walk_finds_what_a_careless_event_would_carry() -> None:
    assert telling(Careless) == {
        *("guest_name", "remark", "number", "reach", "inside.wish", "many.wish", "by_day", "anything", "loose"),
    }
    assert marked(Careless) == {"home", "kept"}

"""Examples of bodies, made up from their schemas."""

from typing import Annotated, Literal
from uuid import UUID

import jsonschema_rs
from pydantic import BaseModel, Field

from servicekit import Command
from servicekit.examples import add_examples, example_of


class Inner(BaseModel):
    kind: Literal["room", "table"]
    size: Annotated[int, Field(gt=2)]


class Everything(Command):
    """One of each."""

    email: str
    guest_id: UUID
    nights: Annotated[int, Field(ge=3, le=20)]
    share: Annotated[float, Field(ge=0, le=1)]
    short: Annotated[str, Field(max_length=3)]
    long: Annotated[str, Field(min_length=40)]
    given: Annotated[str, Field(pattern="^[A-Z]{2}-[0-9]{2}$", examples=["AB-12"])]
    many: list[Inner]
    by_name: dict[str, Inner]
    inner: Inner | None = None


def test_every_example_fits_its_schema() -> None:
    schema = Everything.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = schema.pop("$defs")
    made = example_of(schema, schemas)
    jsonschema_rs.validate(schema | {"components": {"schemas": schemas}}, made, validate_formats=True)
    assert (made["given"], made["email"]) == ("AB-12", "emily.johnson@guests.example")
    assert made["inner"] == {"kind": "room", "size": 3}
    assert made["many"] == [made["inner"]]


def test_a_schema_that_holds_itself_comes_to_an_end() -> None:
    recursive = {"$ref": "#/components/schemas/Tree"}
    tree = {"type": "object", "properties": {"branches": {"type": "array", "items": recursive}}}
    assert "branches" in example_of(recursive, {"Tree": tree})


def test_an_example_of_the_routes_own_stays() -> None:
    media = {"schema": {"type": "string"}, "example": "mine"}
    body = {"content": {"application/json": media}}
    answer = {"schema": {"type": "string"}}
    responses = {"201": {"content": {"application/json": answer}}}
    add_examples({"paths": {"/a": {"post": {"requestBody": body, "responses": responses}}}})
    assert (media["example"], answer.get("example")) == ("mine", "text")

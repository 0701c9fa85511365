"""A catalogue is whole, says what the OpenAPI document says, and stands in the README."""

import copy
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from servicekit.testing import catalogue
from servicekit.testing.catalogue import BEGIN, END

TOML = """
[Rooms.commands]
"open" = { route = "POST /rooms", events = ["hotel.created"], test = "routes/test_rooms.py::test_a_room_is_opened" }
"count" = { route = "POST /rooms/count", unaudited = "nothing changes", test = "routes/test_rooms.py::test_a_room_is_opened" }
"sweep" = { by = "every hour", test = "routes/test_rooms.py::test_a_room_is_opened" }

[Rooms.queries]
"empty" = { route = "GET /rooms?empty=true", test = "routes/test_rooms.py::test_empty_rooms_are_found" }
"""
TESTS = """
async def test_a_room_is_opened() -> None: ...
def test_empty_rooms_are_found() -> None: ...
"""
PAGE = f"# rooms\n\nBefore.\n\n{BEGIN}\n{END}\n\nAfter.\n"
Document = dict[str, Any]  # Any: JSON


def refusal(title: str) -> Document:
    return {"description": title, "content": {"application/problem+json": {"schema": {}}}}


def answer(example: object) -> Document:
    return {"description": "ok", "content": {"application/json": {"schema": {"type": "object"}, "example": example}}}


DOCUMENT: Document = {
    "paths": {
        "/rooms": {
            "post": {
                "x-permissions": ["room:write"],
                "requestBody": answer({"name": "204"}),
                "responses": {"201": answer({"id": 7}), "409": refusal("It is open (`room-open`)")},
            },
            "get": {
                "parameters": [{"name": "empty", "in": "query"}],
                "responses": {"200": answer([]), "422": refusal("Some values cannot be taken (`validation`)")},
            },
        },
        "/rooms/count": {"post": {"responses": {"200": answer(7), "503": refusal("Not now (`unavailable`)")}}},
    }
}


@pytest.fixture
def rooms(tmp_path: Path) -> Path:
    """A service's folder with all that its table is made of."""
    folder = tmp_path / "rooms"
    (folder / "tests" / "routes").mkdir(parents=True)
    (folder / "catalogue.toml").write_text(TOML)
    (folder / "tests" / "routes" / "test_rooms.py").write_text(TESTS)
    (folder / "README.md").write_text(PAGE)
    return folder


def test_the_table_is_written_between_its_marks_and_found_up_to_date(rooms: Path) -> None:
    assert catalogue.keep(rooms, DOCUMENT, "check") == [
        "rooms/README.md is out of date; run `make schemas` and commit what changed"
    ]
    assert catalogue.keep(rooms, DOCUMENT, "write") == []
    text = (rooms / "README.md").read_text()
    row = (
        "| open | `POST /rooms` | room:write | `hotel.created` | [a room is opened](tests/routes/test_rooms.py) |\n"
        "| count | `POST /rooms/count` | public | no entry in the audit log: nothing changes | [a room is opened](tests/routes/test_rooms.py) |\n"
        "| sweep | every hour |  |  | [a room is opened](tests/routes/test_rooms.py) |\n"
    )
    assert row in text
    assert "| empty | `GET /rooms?empty=true` | public |  | [empty rooms" in text
    assert text.startswith("# rooms\n\nBefore.\n\n<!--")
    assert text.endswith("-->\n\nAfter.\n")
    assert catalogue.keep(rooms, DOCUMENT, "check") == []
    assert (rooms / "README.md").read_text() == text


def test_another_permission_in_the_code_makes_the_table_out_of_date(rooms: Path) -> None:
    catalogue.keep(rooms, DOCUMENT, "write")
    changed = copy.deepcopy(DOCUMENT)
    changed["paths"]["/rooms"]["post"]["x-permissions"] = ["hotel:write"]
    assert catalogue.keep(rooms, changed, "check") == [
        "rooms/README.md is out of date; run `make schemas` and commit what changed"
    ]


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('route = "POST /rooms", ', "", "Rooms: commands: open: Value error, say either its route or by what else"),
        ('by = "every hour"', 'by = "", route = ""', "Rooms: commands: sweep: Value error, say either its route"),
        ('by = "every hour"', 'by = "x", route = "GET /rooms"', "Rooms: commands: sweep: Value error, say either"),
        ('"POST /rooms"', '"/rooms"', "Rooms: commands: open: route: String should match pattern"),
        ('"POST /rooms"', '"PUT /rooms"', "Rooms: open: there is no PUT /rooms"),
        ("?empty=true", "?emtpy=true", "Rooms: empty: GET /rooms takes no ?emtpy="),
        ("hotel.created", "hotel.opened", "Rooms: open: there is no event hotel.opened"),
        ("hotel.created", "audit.recorded", "Rooms: open: there is no event audit.recorded"),
        (
            "::test_empty_rooms",
            "::test_full_rooms",
            "Rooms: empty: there is no test routes/test_rooms.py::test_full_rooms",
        ),
        ("test_rooms.py::test_empty", "test_hall.py::test_empty", "Rooms: empty: there is no test routes/test_hall.py"),
        (
            ', test = "routes/test_rooms.py::test_empty_rooms_are_found"',
            "",
            "Rooms: queries: empty: test: Field required",
        ),
        ("[Rooms.queries]", "[Rooms.questions]", "Input should be 'commands' or 'queries'"),
        ('"sweep" =', '"open" =', "Cannot overwrite a value"),
        ("events =", "event =", "Rooms: commands: open: event: Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_with_a_row_is_named(rooms: Path, before: str, after: str, fault: str) -> None:
    assert before in TOML
    (rooms / "catalogue.toml").write_text(TOML.replace(before, after))
    wrong = "\n".join(catalogue.keep(rooms, DOCUMENT, "write"))
    assert f"rooms/catalogue.toml: {fault}" in wrong or fault in wrong, wrong


def test_a_route_that_is_in_no_row_is_named(rooms: Path) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/keys"] = {"get": DOCUMENT["paths"]["/rooms"]["get"]}
    assert catalogue.keep(rooms, document, "write") == ["rooms/catalogue.toml: GET /keys is in no row"]


def without_problems(post: Document) -> None:
    del post["responses"]["409"]


def without_a_type(post: Document) -> None:
    post["responses"]["409"]["description"] = "It is open"


def without_an_example_of_the_request(post: Document) -> None:
    del post["requestBody"]["content"]["application/json"]["example"]


def without_an_example_of_the_answer(post: Document) -> None:
    del post["responses"]["201"]["content"]["application/json"]["example"]


@pytest.mark.parametrize(
    ("leave_out", "fault"),
    [
        (without_problems, "says no problem"),
        (without_a_type, "409 names no problem type"),
        (without_an_example_of_the_request, "request (application/json) has no example"),
        (without_an_example_of_the_answer, "201 (application/json) has no example"),
    ],
)
def test_what_the_document_leaves_unsaid_is_named(
    rooms: Path, leave_out: Callable[[Document], None], fault: str
) -> None:
    document = copy.deepcopy(DOCUMENT)
    leave_out(document["paths"]["/rooms"]["post"])
    assert catalogue.keep(rooms, document, "write") == [f"rooms/catalogue.toml: POST /rooms: {fault}"]


def test_a_readme_without_the_marks_is_left_alone_and_named(rooms: Path) -> None:
    (rooms / "README.md").write_text(f"# rooms\n{BEGIN}\n")
    (wrong,) = catalogue.keep(rooms, DOCUMENT, "write")
    assert wrong.startswith("rooms/README.md has no place for the catalogue")
    assert (rooms / "README.md").read_text() == f"# rooms\n{BEGIN}\n"


def test_a_service_without_a_catalogue_has_no_table(rooms: Path) -> None:
    (rooms / "catalogue.toml").unlink()
    assert catalogue.keep(rooms, DOCUMENT, "write") == []
    assert (rooms / "README.md").read_text() == PAGE


def test_the_chassis_names_the_type_of_every_problem(desk_module: ModuleType) -> None:
    known = catalogue.operations(desk_module.service.app().openapi())
    unsaid = [fault for operation in known.values() for fault in catalogue.undocumented(operation)]
    assert len(known) > 10
    assert [fault for fault in unsaid if "problem" in fault] == []

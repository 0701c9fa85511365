"""A service's catalogue: every command and query with its route, the events that it publishes beside `audit.recorded`, and
the test that shows both. It is written by hand in the service's `catalogue.toml`; the table in the service's README is made
of it and of the OpenAPI document by `make schemas`, and `make check` holds both to it. That the events are the true ones,
and that each test gets through to its route, the service's own tests find out (`servicekit.testing.seen`).
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from contracts.event import event_types
from contracts.events import AuditRecorded
from servicekit.problems import MEDIA_TYPE

FILE = "catalogue.toml"
BEGIN, END = f"<!-- catalogue: made by `make schemas` from {FILE} -->", "<!-- end of the catalogue -->"
NO_ROUTE = ""
_OPEN = ["public"]
_NAMED = re.compile(r"\(`[a-z0-9-]+`\)")

Json = dict[str, Any]  # Any: JSON


def short(event_type: str) -> str:
    """`guest.created` of `frontdesk.guest.created.v1`."""
    return event_type.removeprefix("frontdesk.").rpartition(".v")[0]


AUDIT = short(AuditRecorded.TYPE)
"""Every command with a route publishes it; no row names it."""


class Entry(BaseModel):
    """One command or query."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    route: str = Field(default=NO_ROUTE, pattern=r"^([A-Z]+ /[^?]*(\?.+)?)?$")
    """`METHOD /path`, with a query where that makes it what it is: `GET /guests?status=vip`, `GET /guests?q=`."""
    by: str = ""
    """Instead of a route: a command line, a job, the reaction to an event."""
    events: frozenset[str] = frozenset()
    """What it publishes, as `guest.created`, beside `audit.recorded`."""
    unaudited: str = ""
    """Why a command with a route adds no entry to the audit log."""
    test: str = Field(pattern=r"^[^:]+\.py::test_\w+$")
    """`path::function`, the path from the service's tests. It gets through to the route, and sees the events published."""

    @model_validator(mode="after")
    def _one_way(self) -> "Entry":
        if bool(self.route) == bool(self.by):
            raise ValueError("say either its route or by what else it is done")
        return self

    @property
    def path(self) -> str:
        """The route without the query."""
        return self.route.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The route's query; an empty value stands for any."""
        asked = parse_qs(self.route.partition("?")[2], keep_blank_values=True)
        return {name: values[0] for name, values in asked.items()}


Kind = Literal["commands", "queries"]
Catalogue = dict[str, dict[Kind, dict[str, Entry]]]
"""Entries by area, kind and name."""
_READER = TypeAdapter(Catalogue)


def read(service: Path) -> Catalogue:
    """The catalogue of the service in that folder.

    Raises:
        ValueError: it cannot be read; says where.
    """
    try:
        return _READER.validate_python(tomllib.loads((service / FILE).read_text()))
    except ValidationError as error:
        wrong = (f"{': '.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ValueError("; ".join(wrong)) from error


def entries(catalogue: Catalogue) -> Iterator[tuple[str, Kind, Entry]]:
    """Each entry, with `area: name` and its kind."""
    for area, kinds in catalogue.items():
        for kind, rows in kinds.items():
            for name, entry in rows.items():
                yield f"{area}: {name}", kind, entry


def keep(service: Path, document: Json, mode: str) -> list[str]:
    """Write the table into the README of the service in that folder, or check it; what is wrong, with it or the catalogue.

    Args:
        service: the folder; one without a catalogue has no table.
        document: the service's OpenAPI document.
        mode: `write` or `check`.
    """
    if not (service / FILE).exists():
        return []
    try:
        catalogue = read(service)
    except ValueError as error:
        return [f"{service.name}/{FILE}: {error}"]
    wrong = [f"{service.name}/{FILE}: {fault}" for fault in faults(catalogue, service / "tests", document)]
    page = service / "README.md"
    text = page.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        return [*wrong, f"{service.name}/README.md has no place for the catalogue: {BEGIN} ... {END}"]
    wanted = f"{before}{table(catalogue, document)}{after}"
    if mode == "write":
        page.write_text(wanted)
    elif text != wanted:
        wrong.append(f"{service.name}/README.md is out of date; run `make schemas` and commit what changed")
    return wrong


def operations(document: Json) -> dict[str, Json]:
    """The document's operations by `METHOD /path`."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def table(catalogue: Catalogue, document: Json) -> str:
    """The table as Markdown, between its marks."""
    known = operations(document)
    lines = [BEGIN]
    for area, kinds in catalogue.items():
        for kind, rows in kinds.items():
            lines += ["", f"| {area}: {kind} | route | permission | publishes | test |", "|---|---|---|---|---|"]
            for name, entry in rows.items():
                permission = ", ".join(known.get(entry.path, {}).get("x-permissions", _OPEN)) if entry.route else ""
                said = [f"`{event}`" for event in sorted(entry.events)]
                said += [f"no entry in the audit log: {entry.unaudited}"] if entry.unaudited else []
                file, _, function = entry.test.partition("::")
                test = f"[{function.removeprefix('test_').replace('_', ' ')}](tests/{file})"
                where = f"`{entry.route}`" if entry.route else entry.by
                lines.append(f"| {name} | {where} | {permission} | {', '.join(said)} | {test} |")
    return "\n".join([*lines, "", END])


def faults(catalogue: Catalogue, tests: Path, document: Json) -> Iterator[str]:
    """What is wrong with a catalogue, by itself and beside the service's OpenAPI document."""
    known = operations(document)
    events = {short(event_type) for event_type in event_types()} - {AUDIT}
    for name, _, entry in entries(catalogue):
        if entry.route and entry.path not in known:
            yield f"{name}: there is no {entry.path}"
        elif entry.route:
            yield from (f"{name}: {entry.path} takes no {asked}" for asked in _unknown_query(entry, known[entry.path]))
        yield from (f"{name}: there is no event {event}" for event in sorted(entry.events - events))
        file, _, function = entry.test.partition("::")
        if function not in _functions(tests / file):
            yield f"{name}: there is no test {entry.test}"
    listed = {entry.path for *_, entry in entries(catalogue)}
    for route, operation in known.items():
        if route not in listed:
            yield f"{route} is in no row"
        yield from (f"{route}: {fault}" for fault in undocumented(operation))


def undocumented(operation: Json) -> Iterator[str]:
    """What an operation of an OpenAPI document leaves unsaid of its problems and bodies."""
    problems = {
        status: answer["description"]
        for status, answer in operation["responses"].items()
        if status[0] in "45" and MEDIA_TYPE in answer.get("content", {})
    }
    if not problems:
        yield "says no problem"
    yield from (f"{status} names no problem type" for status, said in problems.items() if not _NAMED.search(said))
    bodies = {"request": operation.get("requestBody", {})}
    bodies |= {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    for name, body in bodies.items():
        for media_type, media in body.get("content", {}).items():
            if not {"example", "examples"} & media.keys():
                yield f"{name} ({media_type}) has no example"


def _unknown_query(entry: Entry, operation: Json) -> list[str]:
    taken = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"}
    return [f"?{name}=" for name in entry.query if name not in taken]


@cache
def _functions(file: Path) -> frozenset[str]:
    """The tests of a file; none where there is no such file."""
    if not file.is_file():
        return frozenset()
    found = ast.parse(file.read_text()).body
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

"""Who keeps something of guests says so, and forgets: every service is walked, those that are yet to be made included."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from contracts.event import PERSONAL
from contracts.events import GuestCreated, GuestErased
from contracts.guest_data import HOLDERS
from contracts.shapes import model_schema

SERVICES = sorted(path.parent.name for path in Path(__file__).parents[2].glob("services/*/pyproject.toml"))
SHOWN = """
import json, sys
from importlib import import_module
from sqlmodel import SQLModel
service = import_module(sys.argv[1] + ".app").service
events = [event for event in sys.argv[2:] if service.reactions and service.reactions.to(event)]
columns = {table.name: [column.name for column in table.columns] for table in SQLModel.metadata.tables.values()}
print(json.dumps({"reacts_to": events, "tables": columns}))
"""
Json = dict[str, Any]  # Any: JSON


@pytest.fixture(scope="session")
def shown() -> dict[str, Json]:
    """Of every service, the tables of its rows and which of these events it reacts to; each in a process of its own,
    since their tables have the same names."""

    def of(name: str) -> Json:
        command = [sys.executable, "-c", SHOWN, name, GuestErased.TYPE]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])

    with ThreadPoolExecutor() as side_by_side:
        return dict(zip(SERVICES, side_by_side.map(of, SERVICES), strict=True))


def about_guests(tables: dict[str, list[str]]) -> list[str]:
    """The columns that refer to a guest, or are called like what the directory marks as personal of one."""
    fields = model_schema(GuestCreated)["properties"]
    personal = {name for name, field in fields.items() if field.get(PERSONAL)}
    assert personal == {"name", "email", "phone"}
    return [
        f"{table}.{column}"
        for table, columns in tables.items()
        for column in columns
        if column.endswith("guest_id") or ("guest" in table and column in personal | {"id"})
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_with_a_column_about_guests_is_listed(service: str, shown: dict[str, Json]) -> None:
    found = about_guests(shown[service]["tables"])
    assert service in HOLDERS or not found, f"list {service} in contracts.guest_data: it has {found}"
    assert service not in HOLDERS or found, f"{service} is listed and has nothing of guests"


def test_every_listed_service_forgets_when_a_guest_is_erased(shown: dict[str, Json]) -> None:
    assert {service for service in HOLDERS if not shown[service]["reacts_to"]} == set()


def test_the_walk_finds_a_table_that_nobody_has_listed() -> None:
    assert about_guests({"calls": ["id", "caller_guest_id"], "guests": ["id", "email"], "hotels": ["name"]}) == [
        "calls.caller_guest_id",
        "guests.id",
        "guests.email",
    ]

"""What the routes do in a service's tests is noted, and held against its catalogue."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest

from contracts.events import SessionRevoked
from contracts.ids import HotelId, UserId
from servicekit import new_id
from servicekit.testing import RunningService, seen
from servicekit.testing.catalogue import Catalogue, Entry
from servicekit.testing.seen import Seen, differences, keeping, watching

HERE = Path(__file__).parent
CREATED = frozenset({"guest.created"})


def named(request: pytest.FixtureRequest) -> str:
    """The running test, as a catalogue names it."""
    return f"{Path(__file__).name}::{request.node.name}"


def catalogue_of(**rows: Entry) -> Catalogue:
    return {"Notes": {"commands": rows}}


async def test_what_a_request_that_succeeds_asks_and_publishes_is_noted(
    desk: RunningService, staff: str, request: pytest.FixtureRequest
) -> None:
    client, test = desk.client(staff), named(request)
    with watching(HERE, request.config.rootpath) as trace:
        added = await client.post("/notes", json={"text": "x"})
        await client.get("/notes", params={"limit": "5", "cursor": ""})
        await client.get(f"/notes/{new_id()}")
        async with desk.runtime.db.transaction(None, platform=True) as tx:
            tx.publish(SessionRevoked(user_id=UserId(new_id()), sid=None, revoked_at=tx.now, version=1))
    await client.post("/notes", json={"text": "no longer watched"})
    assert added.status_code == 201
    assert trace["POST /notes", test] == Seen({"audit.recorded"}, [{}])
    assert trace["GET /notes", test] == Seen(set(), [{"limit": "5", "cursor": ""}])
    assert ("GET /notes/{note_id}", test) not in trace
    assert trace["", test] == Seen({"session.revoked"})


async def test_what_other_folders_tests_and_fixtures_do_is_no_tests_doing(
    desk: RunningService, staff: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = desk.client(staff)
    with watching(HERE / "sample", request.config.rootpath) as elsewhere:
        first = await client.get("/notes")
    monkeypatch.setenv("PYTEST_CURRENT_TEST", f"{request.node.nodeid}[a :: b] (setup)")
    with watching(HERE, request.config.rootpath) as here:
        second = await client.get("/notes")
    assert [first.status_code, second.status_code] == [200, 200]
    assert (elsewhere, set(here)) == ({}, {("GET /notes", "")})


def test_a_catalogue_that_says_what_was_seen_is_right() -> None:
    add = Entry(route="POST /notes?loud=&kind=a", events=CREATED, test="t.py::test_a")
    react = Entry(by="`x.y`", events=CREATED, test="t.py::test_b")
    also = {"session.revoked"}
    trace = {
        ("POST /notes", "t.py::test_a"): Seen({"guest.created", "audit.recorded"}, [{}, {"loud": "1", "kind": "a"}]),
        ("", "t.py::test_b"): Seen({"guest.created"} | also),
    }
    assert differences(catalogue_of(add=add, react=react), trace, {"t.py::test_a", "t.py::test_b"}) == []


@pytest.mark.parametrize(
    ("entry", "found", "wrong"),
    [
        (
            Entry(route="POST /notes", unaudited="nothing changes", test="t.py::test_a"),
            Seen(set(), []),
            ["Notes: add: t.py::test_a does not get through to POST /notes"],
        ),
        (
            Entry(route="POST /notes?kind=a", test="t.py::test_a"),
            Seen({"audit.recorded"}, [{}, {"kind": "b"}]),
            ["Notes: add: t.py::test_a does not get through to POST /notes?kind=a"],
        ),
        (
            Entry(route="POST /notes?kind=", test="t.py::test_a"),
            Seen({"audit.recorded"}, [{"sort": "b"}]),
            ["Notes: add: t.py::test_a does not get through to POST /notes?kind="],
        ),
        (
            Entry(route="POST /notes", events=CREATED, test="t.py::test_a"),
            Seen({"audit.recorded"}, [{}]),
            ["Notes: add: in t.py::test_a, POST /notes never publishes guest.created"],
        ),
        (
            Entry(route="POST /notes", events=CREATED, test="t.py::test_a"),
            Seen({"guest.created"}, [{}]),
            ["Notes: add: in t.py::test_a, POST /notes never publishes audit.recorded"],
        ),
        (
            Entry(route="POST /notes", test="t.py::test_a"),
            Seen({"guest.created", "audit.recorded"}, [{}]),
            ["POST /notes publishes guest.created, which the catalogue does not say"],
        ),
    ],
)
def test_what_was_seen_otherwise_is_named(entry: Entry, found: Seen, wrong: list[str]) -> None:
    trace = {("POST /notes", "t.py::test_a"): found}
    assert differences(catalogue_of(add=entry), trace, {"t.py::test_a"}) == wrong


def test_a_reaction_that_publishes_nothing_in_its_test_is_named() -> None:
    entry = Entry(by="`x.y`", events=CREATED, test="t.py::test_a")
    trace = {("POST /notes", "t.py::test_a"): Seen(set(), [{}])}
    assert differences(catalogue_of(react=entry), trace, {"t.py::test_a"}) == [
        "Notes: react: in t.py::test_a, `x.y` never publishes guest.created"
    ]


def test_a_query_adds_no_entry_to_the_audit_log() -> None:
    listed: Catalogue = {"Notes": {"queries": {"list": Entry(route="GET /notes", test="t.py::test_a")}}}
    assert differences(listed, {("GET /notes", "t.py::test_a"): Seen(set(), [{}])}, {"t.py::test_a"}) == []


def test_of_a_part_of_the_tests_only_what_they_show_is_asked() -> None:
    add = Entry(route="POST /notes", events=CREATED, test="t.py::test_a")
    trace = {("POST /notes", "t.py::test_b"): Seen({"hotel.created"}, [{}])}
    assert differences(catalogue_of(add=add), trace, {"t.py::test_b"}) == [
        "POST /notes publishes hotel.created, which the catalogue does not say"
    ]


@pytest.fixture
def said(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """What servicekit's catalogue would say of the running test, if it had one."""
    said = catalogue_of(add=Entry(route="POST /notes", test=f"http/{named(request)}"))
    monkeypatch.setattr(seen, "read", {HERE.parent.parent: said}.__getitem__)
    return said


def watched(request: pytest.FixtureRequest) -> Generator[None]:
    around = keeping(HERE.parent.parent, request.session)
    next(around)
    return around


async def test_a_test_that_does_what_the_catalogue_says_passes_and_is_written_down(
    desk: RunningService,
    staff: str,
    said: Catalogue,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(seen.RECORD, str(tmp_path / "seen.json"))
    around = watched(request)
    await desk.client(staff).post("/notes?loud=secret", json={"text": "x"})
    assert next(around, "done") == "done"
    assert json.loads((tmp_path / "seen.json").read_text()) == {
        f"POST /notes <- http/{named(request)}": {"events": ["audit.recorded"], "queries": ["loud"]}
    }


async def test_a_test_that_does_not_ends_the_run_with_an_error_unless_tests_failed(
    said: Catalogue, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError, match=r"test_seen.py::.* does not get through to POST /notes"):
        next(watched(request))
    monkeypatch.setattr(request.session, "testsfailed", 1)
    assert next(watched(request), "done") == "done"


async def test_events_that_the_catalogue_leaves_out_end_the_run_with_an_error(
    desk: RunningService, staff: str, said: Catalogue, hotel: HotelId, request: pytest.FixtureRequest
) -> None:
    around = watched(request)
    token = seen._route.set("POST /notes")  # pyright: ignore[reportPrivateUsage] - stands in for a route that does
    async with desk.runtime.db.transaction(hotel) as tx:
        tx.publish(SessionRevoked(user_id=UserId(new_id()), sid=None, revoked_at=tx.now, version=1))
    seen._route.reset(token)  # pyright: ignore[reportPrivateUsage]
    await desk.client(staff).post("/notes", json={"text": "x"})
    with pytest.raises(AssertionError, match=r"POST /notes publishes session.revoked, which"):
        next(around)

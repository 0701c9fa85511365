"""What a service's routes do in its own tests, held against its catalogue (`servicekit.testing.catalogue`).

    @pytest.fixture(scope="session", autouse=True)
    def keeps_its_catalogue(request: pytest.FixtureRequest) -> Iterator[None]:
        yield from keeping(Path(__file__).parent.parent, request.session)

`FRONTDESK_RECORD_CATALOGUE=FILE` also writes down what was seen, to make a catalogue from.
"""

import json
import os
from collections import defaultdict
from collections.abc import Collection, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.types import Message, Receive, Scope, Send

from contracts.event import Event
from servicekit.edge import EdgeRoute
from servicekit.testing.catalogue import AUDIT, FILE, NO_ROUTE, Catalogue, entries, read, short
from servicekit.transaction import Transaction

RECORD = "FRONTDESK_RECORD_CATALOGUE"
_route: ContextVar[str] = ContextVar("the route that answers", default=NO_ROUTE)


@dataclass(slots=True)
class Seen:
    """What one test saw of one route."""

    events: set[str] = field(default_factory=set[str])
    queries: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    """Of the requests that succeeded."""


Trace = dict[tuple[str, str], Seen]
"""By route and test (`path::function`); no test: a fixture. No route: jobs, reactions, command lines."""


@contextmanager
def watching(tests: Path, root: Path) -> Generator[Trace]:
    """Note what the routes do while a test of that folder runs. `root`: from where pytest names tests."""
    trace: Trace = defaultdict(Seen)
    handle, publish = EdgeRoute.handle, Transaction.publish

    def seen(route: str) -> Seen | None:
        name, _, phase = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")
        file, _, function = name.partition("[")[0].partition("::")
        if not (root / file).is_relative_to(tests):
            return None
        test = f"{(root / file).relative_to(tests)}::{function}"
        return trace[route, test if phase == "(call)" else ""]

    async def watched(self: EdgeRoute, scope: Scope, receive: Receive, send: Send) -> None:
        route = f"{scope['method']} {self.path}"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400 and (one := seen(route)):
                asked = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
                one.queries.append({name: values[0] for name, values in asked.items()})
            await send(message)

        called = _route.set(route)
        try:
            await handle(self, scope, receive, sent)
        finally:
            _route.reset(called)

    def noted(self: Transaction, event: Event, **how: Any) -> Any:  # Any: as publish takes and gives it
        if one := seen(_route.get()):
            one.events.add(short(event.TYPE))
        return publish(self, event, **how)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EdgeRoute, "handle", watched)
        patch.setattr(Transaction, "publish", noted)
        yield trace


def differences(catalogue: Catalogue, trace: Trace, ran: Collection[str]) -> list[str]:
    """Where the catalogue does not say what was seen. `ran`: the tests that ran, which must show what it says of them."""
    wrong: list[str] = []
    declared: dict[str, set[str]] = defaultdict(set)
    for name, kind, entry in entries(catalogue):
        declared[entry.path] |= entry.events
        if entry.test not in ran:
            continue
        seen = trace.get((entry.path, entry.test), Seen())
        if entry.route and not any(_asked(entry.query, query) for query in seen.queries):
            wrong.append(f"{name}: {entry.test} does not get through to {entry.route}")
        audited = {AUDIT} if kind == "commands" and entry.route and not entry.unaudited else set[str]()
        if never := (entry.events | audited) - seen.events:
            wrong.append(f"{name}: in {entry.test}, {entry.route or entry.by} never publishes {_listed(never)}")
    published: dict[str, set[str]] = defaultdict(set)
    for (route, _), seen in trace.items():
        if route != NO_ROUTE:
            published[route] |= seen.events
    for route, events in sorted(published.items()):
        if more := events - declared[route] - {AUDIT}:
            wrong.append(f"{route} publishes {_listed(more)}, which the catalogue does not say")
    return wrong


def keeping(service: Path, session: pytest.Session) -> Generator[None]:
    """For a fixture around all tests of the service in that folder.

    Raises:
        AssertionError: says where its catalogue is wrong; after failed tests only what it leaves out.
    """
    tests, root = service / "tests", session.config.rootpath
    with watching(tests, root) as trace:
        yield
    if record := os.environ.get(RECORD):
        lines = {
            f"{route} <- {test}": {
                "events": sorted(seen.events),
                "queries": sorted({n for q in seen.queries for n in q}),
            }
            for (route, test), seen in sorted(trace.items())
        }
        Path(record).write_text(json.dumps(lines, indent=1))
    ran: set[str] = set()
    if not session.testsfailed:
        named = (item.nodeid.partition("[")[0] for item in session.items if item.path.is_relative_to(tests))
        ran = {str(Path(root, name).relative_to(tests)) for name in named}
    wrong = differences(read(service), trace, ran)
    assert not wrong, "\n".join([f"{service.name}/{FILE} and what was seen differ:", *wrong])


def _asked(wanted: dict[str, str], query: dict[str, str]) -> bool:
    return all(name in query and query[name] == (value or query[name]) for name, value in wanted.items())


def _listed(events: Collection[str]) -> str:
    return ", ".join(sorted(events))

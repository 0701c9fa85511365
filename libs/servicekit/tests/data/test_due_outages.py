"""Due items while the database is away, or does not answer."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from duebench import Bench, answer, bench, done, make_due, runner
from sqlalchemy import text

from servicekit.database import Database
from servicekit.due import DueItem
from servicekit.duerunner import DueRunner
from servicekit.hints import Hints
from servicekit.jobs import DueJob
from servicekit.metrics import REGISTRY
from servicekit.testing.lab import Lab, running
from servicekit.testing.parts import eventually


async def test_a_lost_database_connection_is_survived(lab: Lab) -> None:
    rt = bench(lab)
    async with running(runner(rt, answer).run):
        for count in range(1, 4):
            await lab.cut_connections("lab")
            await make_due(lab, rt)
            await eventually(lambda count=count: done(lab, count))


@pytest.mark.parametrize("silent_from", ["the claim", "what comes next"])
async def test_a_database_that_falls_silent_is_noticed_and_nothing_that_it_claimed_is_lost(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, silent_from: str
) -> None:
    monkeypatch.setattr("servicekit.duerunner.STATEMENT_SECONDS", 0.5, raising=False)
    async with way_to(lab) as (rt, heard):
        looks = 0

        class Unheard(DueRunner):
            """Hears nothing any more from its second claim on; the first has made its connection know the statement."""

            async def _claim(self, free: int) -> Sequence[DueItem]:
                nonlocal looks
                looks += 1
                if looks == 2 and silent_from == "the claim":
                    await make_due(lab, rt)
                    heard.clear()
                items = await DueRunner._claim(self, free)
                if looks == 2:
                    heard.clear()
                return items

        cut_off = Unheard(DueJob("turn", answer, poll_seconds=0.2, lease_seconds=2), rt)
        async with running(cut_off.run):
            await eventually(lambda: not cut_off.healthy)
            assert len(await lab.sql("select 1 from due where lease is not null")) == (silent_from == "the claim")
            heard.set()
            if silent_from == "what comes next":
                await make_due(lab, rt)
            await eventually(lambda: done(lab, 1))
            await eventually(lambda: cut_off.healthy)


async def test_an_item_whose_end_the_database_does_not_confirm_holds_nobody_up(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servicekit.duerunner.STATEMENT_SECONDS", 0.5, raising=False)
    async with way_to(lab) as (rt, heard):

        async def the_last_that_is_heard(item: DueItem, rt: Any) -> None:
            heard.clear()

        running_now = {"service": "lab", "kind": "turn"}
        await make_due(lab, rt)
        async with running(runner(rt, the_last_that_is_heard).run):
            await eventually(lambda: not heard.is_set())
            await eventually(lambda: REGISTRY.get_sample_value("due_running", running_now) == 0)


@asynccontextmanager
async def way_to(lab: Lab) -> AsyncGenerator[tuple[Any, asyncio.Event]]:
    """A bench whose database is not heard while the event is not set: what is said arrives, the answers are lost."""
    heard = asyncio.Event()
    heard.set()
    there = urlsplit(lab.urls.worker)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, always: bool) -> None:
        while words := await reader.read(65536):
            if always or heard.is_set():
                writer.write(words)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, words = await asyncio.open_connection(there.hostname, there.port)
        await asyncio.gather(carry(reader, words, True), carry(answers, writer, False), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    here = f"{there.username}:{there.password}@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    hints = Hints(None, "lab", "lab")
    db = Database(urlunsplit(there._replace(netloc=here)), pool_size=6, service="lab", hints=hints)
    try:
        async with db.autocommit() as connection:
            await connection.execute(text("select 1"))  # connected while it can be
        yield Bench(db, hints), heard
    finally:
        heard.set()
        server.close()
        await db.dispose()

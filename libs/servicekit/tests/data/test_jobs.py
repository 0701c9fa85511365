"""What due items and leader jobs promise: done once while somebody has the lease, again when nobody finished."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from servicekit.clock import Clock, utc_now
from servicekit.database import Database
from servicekit.due import DueItem, LeaseLost
from servicekit.duerunner import DueRunner
from servicekit.hints import Hints
from servicekit.jobs import DueJob, Jobs, PeriodicJob
from servicekit.leaderjobs import LeaderJobs
from servicekit.metrics import REGISTRY
from servicekit.testing.lab import Lab, running
from servicekit.testing.parts import eventually

RECORD = text("insert into effect (hotel_id, event_id, key, number) values (:hotel, :object, 'due', :attempt)")


@dataclass
class Bench:
    """The part of a runtime that runners use."""

    worker_db: Database
    hints: Hints
    clock: Clock = utc_now
    service: str = "lab"
    seen: list[Any] = field(default_factory=list[Any])


def bench(lab: Lab, **more: Any) -> Any:  # Any: stands in for Runtime
    hints = Hints(None, "lab", "lab")
    return Bench(lab.database(hints=hints, pool_size=6), hints, **more)


async def make_due(lab: Lab, rt: Any, object_id: UUID | None = None, *, at: datetime | None = None) -> UUID:
    made = object_id or uuid4()
    db = lab.database("app", hints=rt.hints)
    async with db.transaction(lab.hotel) as tx:
        await tx.due("turn", made, at or tx.now)
    return made


def runner(rt: Any, run: Callable[[DueItem, Any], Awaitable[None]], **settings: Any) -> DueRunner:
    settings = {"poll_seconds": 0.2, "lease_seconds": 5, **settings}
    return DueRunner(DueJob("turn", run, **settings), rt)


async def answer(item: DueItem, rt: Any) -> None:
    """The shape of a real runner: work, then one transaction with the fence."""
    async with rt.worker_db.transaction(item.hotel_id) as tx:
        await tx.finish(item)
        await tx.execute(RECORD, {"hotel": item.hotel_id, "object": item.object_id, "attempt": item.attempt})


async def test_what_is_due_is_done_once_by_two_runners_and_the_hint_wakes_them(lab: Lab) -> None:
    rt = bench(lab)
    async with running(runner(rt, answer, poll_seconds=60).run), running(runner(rt, answer, poll_seconds=60).run):
        await asyncio.gather(*(make_due(lab, rt) for _ in range(12)))
        await eventually(lambda: done(lab, 12))
    assert len({row["event_id"] for row in await lab.effects()}) == 12
    assert await lab.sql("select 1 from due") == []


async def test_nothing_is_done_before_its_time(lab: Lab) -> None:
    now = [datetime(2126, 3, 29, tzinfo=UTC)]
    rt = bench(lab, clock=lambda: now[0])
    await make_due(lab, rt, at=now[0] + timedelta(hours=1))
    await make_due(lab, rt, at=now[0])
    async with running(runner(rt, answer).run):
        await eventually(lambda: done(lab, 1))
        now[0] += timedelta(hours=1)
        await eventually(lambda: done(lab, 2))


async def test_a_runner_whose_clock_is_an_hour_behind_does_what_is_due_in_time(lab: Lab) -> None:
    rt = bench(lab, clock=lambda: utc_now() - timedelta(hours=1))
    async with running(runner(rt, answer).run):
        await make_due(lab, rt)
        await eventually(lambda: done(lab, 1))


async def test_a_runner_whose_clock_is_an_hour_ahead_puts_nothing_off_for_that_hour(lab: Lab) -> None:
    failed = False

    async def fails_once(item: DueItem, rt: Any) -> None:
        nonlocal failed
        if not failed:
            failed = True
            raise RuntimeError("try again")
        await answer(item, rt)

    rt = bench(lab, clock=lambda: utc_now() + timedelta(hours=1))
    right = bench(lab)
    async with running(runner(rt, fails_once).run):
        await make_due(lab, rt)
        await eventually(lambda: failed)
        await eventually(lambda: lab_due_is_free(lab))
    async with running(runner(right, answer).run):
        await eventually(lambda: done(lab, 1))


@pytest.mark.parametrize("hours", [0, 1])
async def test_an_item_that_failed_waits_out_its_pause_for_a_runner_whose_clock_is_ahead_too(
    lab: Lab, hours: int
) -> None:
    rt = bench(lab, clock=lambda: utc_now() + timedelta(hours=hours))
    times: list[float] = []

    async def fails_once(item: DueItem, rt: Any) -> None:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 1:
            raise RuntimeError("the model is away")
        await answer(item, rt)

    async with running(runner(rt, fails_once, first_backoff_seconds=0.7).run):
        await make_due(lab, rt)
        await eventually(lambda: done(lab, 1))
    assert times[1] - times[0] >= 0.7


async def test_an_item_made_due_anew_does_not_wait_out_the_pause_of_its_failure(lab: Lab) -> None:
    rt = bench(lab)
    failed: list[UUID] = []

    async def fails_once(item: DueItem, rt: Any) -> None:
        if not failed:
            failed.append(item.object_id)
            raise RuntimeError("the model is away")
        await answer(item, rt)

    async with running(runner(rt, fails_once, first_backoff_seconds=300).run):
        made = await make_due(lab, rt)
        await eventually(lambda: lab.sql("select 1 from due where failures = 1"))
        await make_due(lab, rt, made)
        await eventually(lambda: done(lab, 1))


async def test_a_runner_whose_clock_is_ahead_sleeps_until_an_item_that_others_have_is_free(lab: Lab) -> None:
    looks = 0

    class Counting(DueRunner):
        """Counts how often it looks."""

        async def _claim(self, free: int) -> Sequence[DueItem]:
            nonlocal looks
            looks += 1
            return await DueRunner._claim(self, free)

    rt = bench(lab, clock=lambda: utc_now() + timedelta(hours=1))
    await lab.sql(
        "insert into due (kind, object_id, hotel_id, due_at, lease, lease_until)"
        " values ('turn', gen_random_uuid(), $1, now(), 1, now() + interval '1 second')",
        lab.hotel,
    )
    async with running(Counting(DueJob("turn", answer, poll_seconds=60), rt).run):
        await eventually(lambda: done(lab, 1))
    assert looks <= 3


async def lab_due_is_free(lab: Lab) -> bool:
    return not await lab.sql("select 1 from due where lease is not null")


async def test_a_runner_that_lost_its_lease_writes_nothing(lab: Lab) -> None:
    rt = bench(lab)
    begun, outcome = asyncio.Event(), list[str]()
    first = True

    async def slow(item: DueItem, rt: Any) -> None:
        nonlocal first
        if first:
            first = False
            begun.set()
            await lab.sql("update due set lease_until = now() - interval '1 second'")
            await eventually(lambda: done(lab, 1))
            try:
                await answer(item, rt)
            except LeaseLost:
                outcome.append("lost")
                raise
        await answer(item, rt)

    async with running(runner(rt, slow, lease_seconds=60).run), running(runner(rt, slow, lease_seconds=60).run):
        await make_due(lab, rt)
        await begun.wait()
        await eventually(lambda: outcome)
    assert (outcome, [row["number"] for row in await lab.effects()]) == (["lost"], [2])


async def test_an_item_made_due_again_while_it_runs_is_done_anew_and_the_old_run_writes_nothing(lab: Lab) -> None:
    rt = bench(lab)
    runs: list[int] = []

    async def run(item: DueItem, rt: Any) -> None:
        runs.append(item.attempt)
        if len(runs) == 1:
            await make_due(lab, rt, item.object_id)
        await answer(item, rt)

    async with running(runner(rt, run).run):
        await make_due(lab, rt)
        await eventually(lambda: done(lab, 1))
    assert runs == [1, 2]
    assert [row["number"] for row in await lab.effects()] == [2]


async def test_a_lease_is_renewed_while_the_run_lasts(lab: Lab) -> None:
    rt = bench(lab)
    runs: list[int] = []

    async def slow(item: DueItem, rt: Any) -> None:
        runs.append(item.attempt)
        before = item.lease_until
        await eventually(lambda: item.lease_until > before + timedelta(seconds=0.6))
        await answer(item, rt)

    async with running(runner(rt, slow, lease_seconds=0.6).run), running(runner(rt, slow, lease_seconds=0.6).run):
        await make_due(lab, rt)
        await eventually(lambda: done(lab, 1))
    assert runs == [1]


async def test_a_run_whose_lease_was_taken_away_is_cancelled(lab: Lab) -> None:
    rt = bench(lab)
    cancelled: list[int] = []

    async def hangs_once(item: DueItem, rt: Any) -> None:
        if item.attempt == 1:
            await make_due(lab, rt, item.object_id)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(item.attempt)
                raise
        await answer(item, rt)

    async with running(runner(rt, hangs_once, lease_seconds=0.3).run):
        await make_due(lab, rt)
        await eventually(lambda: done(lab, 1))
        await eventually(lambda: cancelled)


async def test_an_item_that_failed_comes_back_later_and_later(lab: Lab) -> None:
    rt = bench(lab)
    times: list[float] = []

    async def fails_twice(item: DueItem, rt: Any) -> None:
        times.append(asyncio.get_running_loop().time())
        if len(times) < 3:
            raise RuntimeError("the model is away")
        await answer(item, rt)

    async with running(runner(rt, fails_twice, first_backoff_seconds=0.1).run):
        await make_due(lab, rt)
        await eventually(lambda: done(lab, 1))
    assert times[1] - times[0] >= 0.1
    assert times[2] - times[1] >= 0.2
    job = DueJob("x", answer)
    assert [job.backoff_seconds(failures) for failures in (1, 2, 3, 50)] == [1, 2, 4, 300]


async def test_a_run_that_fails_behind_the_fence_comes_back_after_its_pause_not_after_its_lease(lab: Lab) -> None:
    rt = bench(lab)
    attempts: list[int] = []

    async def fails_while_writing(item: DueItem, rt: Any) -> None:
        attempts.append(item.failures)
        async with rt.worker_db.transaction(item.hotel_id) as tx:
            await tx.finish(item)
            if len(attempts) == 1:
                raise RuntimeError("a rule says no")

    async with running(runner(rt, fails_while_writing, first_backoff_seconds=0.1, lease_seconds=60).run):
        await make_due(lab, rt)
        await eventually(lambda: len(attempts) == 2)
        await eventually(lambda: nothing_due(lab))
    assert attempts == [0, 1]


async def test_a_run_that_reschedules_itself_is_not_finished_for_it(lab: Lab) -> None:
    rt = bench(lab)
    attempts: list[int] = []

    async def again(item: DueItem, rt: Any) -> None:
        attempts.append(item.attempt)
        async with rt.worker_db.transaction(item.hotel_id) as tx:
            await tx.finish(item)
            if len(attempts) < 3:
                await tx.due("turn", item.object_id, tx.now)

    async with running(runner(rt, again).run):
        await make_due(lab, rt)
        await eventually(lambda: len(attempts) == 3)
        await eventually(lambda: nothing_due(lab))


async def test_a_stop_waits_for_what_is_in_hand_and_a_cut_off_gives_it_back(lab: Lab) -> None:
    rt = bench(lab)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(item: DueItem, rt: Any) -> None:
        begun.set()
        await go_on.wait()
        await answer(item, rt)

    async with running(runner(rt, slow).run) as stop:
        await make_due(lab, rt)
        await begun.wait()
        stop.set()
        asyncio.get_running_loop().call_later(0.1, go_on.set)
    assert await done(lab, 1)

    begun.clear()
    go_on.clear()
    stop = asyncio.Event()
    task = asyncio.ensure_future(runner(rt, slow, lease_seconds=600).run(stop))
    await make_due(lab, rt)
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with running(runner(rt, answer).run):
        await eventually(lambda: done(lab, 2))


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


async def test_side_by_side_up_to_the_concurrency(lab: Lab) -> None:
    rt = bench(lab)
    together, most = 0, 0
    release = asyncio.Event()

    async def count(item: DueItem, rt: Any) -> None:
        nonlocal together, most
        together += 1
        most = max(most, together)
        if most == 3:
            release.set()
        await release.wait()
        together -= 1
        await answer(item, rt)

    for _ in range(8):
        await make_due(lab, rt)
    async with running(runner(rt, count, concurrency=3).run):
        await eventually(lambda: done(lab, 8))
    assert most == 3


async def test_periodic_jobs_run_in_one_process_and_move_when_it_is_cut_off(lab: Lab) -> None:
    rt = bench(lab)
    ran: list[str] = []

    def jobs(name: str) -> LeaderJobs:
        async def tick(rt: Any) -> None:
            ran.append(name)

        async def broken(rt: Any) -> None:
            raise RuntimeError("this one fails, the others run")

        return LeaderJobs([PeriodicJob("broken", 0.05, broken), PeriodicJob("tick", 0.05, tick)], rt)

    first, second = jobs("first"), jobs("second")
    async with running(first.run):
        await eventually(lambda: len(ran) > 2)
        async with running(second.run):
            await eventually(lambda: len(ran) > 6)
            assert set(ran) == {"first"}
            await lab.cut_connections("lab jobs")
            await eventually(lambda: first.leading or second.leading)
            already = len(ran)
            await eventually(lambda: len(ran) > already + 2)
            assert len(set(ran[already + 1 :])) == 1


def test_two_runners_of_one_kind_are_refused() -> None:
    jobs = Jobs()
    jobs.due("turn")(answer)
    with pytest.raises(ValueError, match="two runners"):
        jobs.due("turn")(answer)


async def done(lab: Lab, count: int) -> bool:
    return len(await lab.effects()) == count


async def nothing_due(lab: Lab) -> bool:
    return await lab.sql("select 1 from due") == []

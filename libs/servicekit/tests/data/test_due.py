"""What due items promise: done once while somebody has the lease, again when nobody finished."""

import asyncio
from datetime import timedelta
from typing import Any

from duebench import answer, bench, done, make_due, nothing_due, runner

from servicekit.due import DueItem, LeaseLost
from servicekit.testing.lab import Lab, running
from servicekit.testing.parts import eventually


async def test_what_is_due_is_done_once_by_two_runners_and_the_hint_wakes_them(lab: Lab) -> None:
    rt = bench(lab)
    async with running(runner(rt, answer, poll_seconds=60).run), running(runner(rt, answer, poll_seconds=60).run):
        await asyncio.gather(*(make_due(lab, rt) for _ in range(12)))
        await eventually(lambda: done(lab, 12))
    assert len({row["event_id"] for row in await lab.effects()}) == 12
    assert await lab.sql("select 1 from due") == []


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

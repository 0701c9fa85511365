"""When due items are done: not before their time, after a pause where they failed, by the database's clock."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from duebench import answer, bench, done, make_due, nothing_due, runner

from servicekit.clock import utc_now
from servicekit.due import DueItem
from servicekit.duerunner import DueRunner
from servicekit.jobs import DueJob
from servicekit.testing.lab import Lab, running
from servicekit.testing.parts import eventually


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


async def lab_due_is_free(lab: Lab) -> bool:
    return not await lab.sql("select 1 from due where lease is not null")

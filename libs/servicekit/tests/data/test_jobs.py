"""What periodic jobs promise: they run in one process at a time; and one runner for a kind of due item."""

from typing import Any

import pytest
from duebench import answer, bench

from servicekit.jobs import Jobs, PeriodicJob
from servicekit.leaderjobs import LeaderJobs
from servicekit.testing.lab import Lab, running
from servicekit.testing.parts import eventually


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

"""The stack without its services: what crashes comes back, what was left behind is cleared, a part can be away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from devstack import ports, sweep
from devstack.errors import StackError
from devstack.running import find
from devstack.stack import Stack
from devstack.state import State


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


async def test_a_killed_part_comes_back_a_stopped_one_stays_away_and_data_is_kept(folder: Path) -> None:
    said: list[str] = []
    with Stack(folder, only=[], say=said.append).running() as stack:
        session = await asyncpg.connect(stack.part_urls.postgres)
        await session.execute("create table kept as select 1 as one")
        await session.close()
        stack.kill_part("postgres")
        until(lambda: stack.restarts("postgres") == 1 and ports.is_open(stack.parts.servers["postgres"].port))
        assert "postgres was ended by SIGKILL; starting it again in 0.5 s" in said

        port = stack.parts.servers["valkey"].port
        stack.stop_part("valkey")
        assert not ports.is_open(port)
        stack.start_part("valkey")
        assert ports.is_open(port)
        assert stack.restarts("valkey") == 0

        session = await asyncpg.connect(stack.part_urls.postgres)
        assert await session.fetchval("select one from kept") == 1
        await session.close()
        assert find(folder).kafka == stack.part_urls.kafka
        with pytest.raises(StackError, match="already runs"):
            Stack(folder, only=[]).start()
        assert State(folder).supervisor() is not None, "who could not start leaves the other's records alone"
    assert State(folder).records() == []
    with pytest.raises(StackError, match="No stack runs"):
        find(folder)


def test_what_a_killed_supervisor_left_running_is_stopped_by_down(folder: Path) -> None:
    command = [sys.executable, "-m", "devstack"]
    with (folder.parent / "said").open("wb") as said:
        supervisor = subprocess.Popen(
            [*command, "up", "--only", "", "--state-dir", str(folder)], stdout=said, stderr=subprocess.STDOUT
        )
    until(lambda: (folder / "running.json").exists())
    supervisor.send_signal(signal.SIGKILL)
    supervisor.wait()
    left = sweep.left_behind(State(folder))
    assert {record.name for record in left} == {"postgres", "kafka", "valkey"}

    seen = subprocess.run([*command, "status", "--state-dir", str(folder)], capture_output=True, text=True, check=False)
    assert seen.returncode == 1
    assert "The supervisor is gone" in seen.stderr

    done = subprocess.run([*command, "down", "--state-dir", str(folder)], capture_output=True, text=True, check=True)
    assert "stopped kafka, which ran without a supervisor" in done.stdout
    assert all(record.process() is None for record in left)


def test_a_stale_record_never_leads_to_somebody_elses_end(folder: Path) -> None:
    state = State(folder)
    state.open()
    state.record_path("kafka").write_text(
        json.dumps({"name": "kafka", "pid": os.getpid(), "started": time.time() - 10_000, "port": 1})
    )
    assert sweep.sweep(state) == []
    assert state.records() == []

"""Bringing back what ends by itself, with longer pauses each time, and leaving alone what was asked to stop."""

from __future__ import annotations

import threading

import pytest

from devstack import keeper
from devstack.errors import StackError
from devstack.keeper import Keeper


class Process:
    """Something to keep that ends when told to."""

    name = "kafka"

    def __init__(self) -> None:
        self.starts = 0
        self.started = threading.Semaphore(0)
        self.refuse = False
        self._how: str | None = "never started"

    def start(self) -> None:
        self.starts += 1
        if self.refuse:
            self.started.release()
            raise StackError("no")
        self._how = None
        self.started.release()

    def stop(self) -> None:
        self._how = "ended with code 0"

    def kill(self) -> None:
        self._how = "was ended by SIGKILL"

    def ended(self) -> str | None:
        return self._how


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(keeper, "LONGEST_PAUSE_SECONDS", 0.04)


def test_a_killed_process_comes_back_and_that_is_said() -> None:
    process, said = Process(), list[str]()
    kept = Keeper(process, revive=True, say=said.append)
    kept.start()
    kept.watch()
    process.started.acquire(timeout=5)
    kept.kill()
    assert process.started.acquire(timeout=5)
    kept.close()
    assert said[0] == "kafka was ended by SIGKILL; starting it again in 0.01 s"
    assert kept.restarts == 1


def test_the_pause_doubles_up_to_its_limit_while_it_cannot_start() -> None:
    process, said = Process(), list[str]()
    kept = Keeper(process, revive=True, say=said.append)
    kept.start()
    kept.watch()
    process.started.acquire(timeout=5)
    process.refuse = True
    kept.kill()
    for _ in range(4):
        assert process.started.acquire(timeout=5)
    kept.close()
    pauses = [line.rsplit(" in ", 1)[1] for line in said if "starting it again" in line]
    assert pauses[:4] == ["0.01 s", "0.02 s", "0.04 s", "0.04 s"]


def test_what_was_asked_to_stop_stays_stopped() -> None:
    process, said = Process(), list[str]()
    kept = Keeper(process, revive=True, say=said.append)
    kept.start()
    kept.watch()
    kept.stop()
    kept.close()
    assert process.starts == 1
    assert said == []


def test_a_stack_for_tests_brings_nothing_back() -> None:
    process = Process()
    kept = Keeper(process, revive=False, say=lambda _line: None)
    kept.start()
    kept.watch()
    kept.kill()
    kept.close()
    assert process.starts == 1


def test_what_never_got_ready_is_not_started_again_and_again() -> None:
    process, said = Process(), list[str]()
    kept = Keeper(process, revive=True, say=said.append)
    kept.start()
    kept.kill()
    kept.close()
    assert process.starts == 1
    assert said == []

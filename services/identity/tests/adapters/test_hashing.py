"""Password hashes."""

import asyncio
import os
import sys
import threading

import pytest

from identity.adapters.hashing import NICER, Passwords
from servicekit.problems import Unavailable
from servicekit.testing import eventually


async def test_hashes_have_the_parameters_that_owasp_recommends() -> None:
    hasher = Passwords()
    assert (await hasher.hash("three old kettles sing")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    hasher.close()


async def test_only_the_password_itself_matches() -> None:
    hasher = Passwords()
    kept = await hasher.hash("gr\u00fcne Wiesen 42")
    assert await hasher.verify(kept, "gru\u0308ne Wiesen 42")
    assert not await hasher.verify(kept, "gr\u00fcne Wiesen 43")
    assert not await hasher.verify("no hash at all", "gr\u00fcne Wiesen 42")
    hasher.close()


async def test_an_account_that_does_not_exist_costs_a_whole_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Passwords()
    verified: list[str] = []

    class Counting:
        def verify(self, password_hash: str, _: str) -> bool:
            verified.append(password_hash)
            return True

    monkeypatch.setattr(hasher, "_hasher", Counting())
    assert not await hasher.verify(None, "anything")
    assert verified == [hasher._nobodys]  # pyright: ignore[reportPrivateUsage]  # what it is compared with
    assert verified[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    hasher.close()


async def test_who_comes_when_too_many_wait_is_told_to_come_back() -> None:
    hasher = Passwords(threads=1, waiting=1)
    kept = await hasher.hash("three old kettles sing")
    answers = await asyncio.gather(
        *(hasher.verify(kept, "three old kettles sing") for _ in range(4)), return_exceptions=True
    )
    assert answers[:2] == [True, True]
    assert [type(answer) for answer in answers[2:]] == [Unavailable, Unavailable]
    assert await hasher.verify(kept, "three old kettles sing"), "there is room again"
    hasher.close()


async def test_a_request_that_gives_up_leaves_no_place_taken_and_none_free_too_early() -> None:
    hasher = Passwords(threads=1, waiting=1)
    held = threading.Event()
    waiting = [asyncio.create_task(hasher._run(held.wait)) for _ in range(2)]  # pyright: ignore[reportPrivateUsage]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    with pytest.raises(Unavailable):
        await hasher.hash("three old kettles sing")
    held.set()
    assert await eventually(lambda: asyncio.sleep(0, hasher._in_hand == 0))  # pyright: ignore[reportPrivateUsage]
    hasher.close()


LINUX = sys.platform == "linux"
"""Niceness is a thread's own there, elsewhere the process's, which is left alone."""


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id() if LINUX else 0)


async def test_the_event_loop_goes_on_while_passwords_are_hashed_and_checked() -> None:
    hasher = Passwords()
    kept = await hasher.hash("three old kettles sing")
    for work in (hasher.hash("three old kettles sing"), hasher.verify(kept, "three old kettles sing")):
        turns, in_hand = 0, asyncio.ensure_future(work)
        while not in_hand.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 20, "25 ms are thousands of turns of a loop that is free, and one or two of one that is not"
    hasher.close()


async def test_every_thread_that_hashes_lets_the_event_loop_go_first() -> None:
    hasher, together = Passwords(threads=2), threading.Barrier(2, timeout=10)

    def work() -> int:
        together.wait()
        return niceness()

    ours = niceness()
    theirs = await asyncio.gather(hasher._run(work), hasher._run(work))  # pyright: ignore[reportPrivateUsage]
    assert theirs == [min(ours + NICER, 19) if LINUX else ours] * 2
    assert niceness() == ours
    hasher.close()


async def test_passwords_are_checked_where_no_thread_may_change_its_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", refused)
    hasher = Passwords()
    kept = await hasher.hash("three old kettles sing")
    assert await hasher.verify(kept, "three old kettles sing")
    hasher.close()

"""The faults as a list: each can be named, has a stack to run on, and says what it simulates."""

from __future__ import annotations

import inspect

from chaos import counting, faults_broken, installed, patches
from chaos.faults import FAULTS
from chaos.rounds import Round
from chaos.setups import SETUPS
from chaos.verdict import Defect


def test_every_fault_has_a_kind_of_stack_and_says_what_it_simulates() -> None:
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert fault.setup in SETUPS
        assert type(fault).__doc__
        assert name.startswith("broken-") == bool(fault.broken)


def test_builds_that_lose_things_never_share_a_stack_with_faults_that_must_not() -> None:
    apart = {fault.setup for fault in FAULTS.values() if fault.broken}
    assert not apart & {fault.setup for fault in FAULTS.values() if not fault.broken}


def test_the_patch_of_every_broken_build_is_there() -> None:
    known = (patches.folder() / "chaos_patches.py").read_text()
    for fault in faults_broken.FAULTS:
        assert isinstance(fault, faults_broken.BrokenBuild)
        assert f"def {fault.patch}()" in known


def test_a_broken_build_is_caught_by_what_it_does_alone() -> None:
    sentences = inspect.getsource(counting)
    for fault in faults_broken.FAULTS:
        assert fault.broken in sentences
        late = Round(fault.name, 1, fault.broken)
        late.verdict.add(Defect.ORPHAN, ["not quiet in time: 3 events in conversation's outbox"])
        late.verdict.add(Defect.LOST, ["message.sent 7 of conversation is never published, not in its topic"])
        assert not late.is_caught, "a slow machine alone shows nothing"
        late.verdict.add(Defect.LOST, [f"one {fault.broken} another"])
        assert late.is_caught


def test_the_released_version_is_a_commit() -> None:
    assert len(bytes.fromhex(installed.commit())) == 20
    assert installed.program("conversation").name == "conversation"

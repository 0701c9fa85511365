"""The faults as a list: each can be named, has a stack to run on, and says what it simulates."""

from __future__ import annotations

from chaos import faults_broken, installed, patches
from chaos.faults import FAULTS
from chaos.setups import SETUPS


def test_every_fault_has_a_kind_of_stack_and_says_what_it_simulates() -> None:
    for name, fault in FAULTS.items():
        assert fault.name == name
        assert fault.setup in SETUPS
        assert type(fault).__doc__
        assert name.startswith("broken-") == fault.broken


def test_builds_that_lose_things_never_share_a_stack_with_faults_that_must_not() -> None:
    apart = {fault.setup for fault in FAULTS.values() if fault.broken}
    assert not apart & {fault.setup for fault in FAULTS.values() if not fault.broken}


def test_the_patch_of_every_broken_build_is_there() -> None:
    known = (patches.folder() / "chaos_patches.py").read_text()
    for fault in faults_broken.FAULTS:
        assert isinstance(fault, faults_broken.BrokenBuild)
        assert f"def {fault.patch}()" in known


def test_the_released_version_is_a_commit() -> None:
    assert len(bytes.fromhex(installed.commit())) == 20
    assert installed.program("conversation").name == "conversation"

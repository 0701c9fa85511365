"""The state folder: one stack each, secrets kept from others, ports that are free, nothing of another version."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devstack.commands.up import down, start_over
from devstack.errors import StackError
from devstack.process import Record, read_record, record_of
from devstack.state import State


@pytest.fixture
def state(tmp_path: Path) -> State:
    made = State(tmp_path / "state")
    made.open()
    return made


def test_a_folder_of_another_version_is_refused_with_the_way_out(state: State) -> None:
    (state.folder / "format").write_text("0\n")
    with pytest.raises(StackError, match="written by another version") as caught:
        state.open()
    assert "--fresh" in caught.value.way_out


def test_fresh_on_a_folder_of_other_things_deletes_nothing(tmp_path: Path) -> None:
    letters = tmp_path / "postgres" / "letters.txt"
    letters.parent.mkdir()
    letters.write_text("dear all")
    assert not State(tmp_path).is_throwaway
    (tmp_path / "throwaway").touch()
    assert not down(tmp_path)
    (tmp_path / "throwaway").unlink()
    with pytest.raises(StackError, match="holds other things \\(postgres\\)") as caught:
        start_over(tmp_path)
    with pytest.raises(StackError, match="holds other things"):
        State(tmp_path).open()
    assert letters.read_text() == "dear all"
    assert [entry.name for entry in tmp_path.iterdir()] == ["postgres"]
    assert "--state-dir" in caught.value.way_out


def test_a_start_that_failed_early_can_be_tried_again_and_started_over(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.open()
    (state.folder / "format").unlink()
    state.open()
    start_over(state.folder)
    assert not state.folder.exists()


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"has \d+ MB left; the stack needs about"):
        State(tmp_path / "new").open(room_bytes=10**15)
    assert not (tmp_path / "new" / "format").exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StackError, match="can't be used for the stack's data"):
        State(tmp_path / "file" / "state").open()


def test_a_second_stack_on_the_same_folder_is_refused(state: State) -> None:
    with state.alone(), pytest.raises(StackError, match="already runs"), State(state.folder).alone():
        pass
    with state.alone():
        pass


def test_a_secret_is_made_once_and_read_by_its_owner_only(state: State) -> None:
    path = state.secret("key")
    assert state.secret_text("key") == path.read_text() == State(state.folder).secret_text("key")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_services_prepared_side_by_side_agree_on_a_secret(state: State) -> None:
    with ThreadPoolExecutor(8) as pool:
        seen = {asked.result() for asked in [pool.submit(state.secret_text, "shared") for _ in range(40)]}
    assert len(seen) == 1


def test_a_port_is_remembered(state: State) -> None:
    assert state.port("kafka") == State(state.folder).port("kafka")


def test_a_taken_port_is_avoided_and_its_holder_named(state: State) -> None:
    said: list[str] = []
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        chosen = state.port("gateway", taken, said.append)
    assert chosen != taken
    assert len(said) == 1
    assert f"port {taken} for gateway is taken by" in said[0]
    assert f"(pid {os.getpid()})" in said[0]


def test_the_preferred_port_is_taken_again_once_it_is_free(state: State) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        assert state.port("gateway", taken) != taken
    assert state.port("gateway", taken) == taken


def test_two_names_never_get_the_same_port(state: State) -> None:
    first = state.port("one", 28461)
    assert state.port("two", 28461) != first


def test_a_stale_record_whose_pid_belongs_to_somebody_else_names_nobody(state: State) -> None:
    own = record_of("kafka", os.getpid())
    assert own.process() is not None
    stale = Record("kafka", os.getpid(), own.started - 1000)
    assert stale.process() is None


def test_a_record_of_an_ended_process_names_nobody() -> None:
    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    record = record_of("postgres", ended.pid)
    assert record.process() is not None
    ended.communicate()
    assert record.process() is None


def test_a_broken_record_is_no_record(state: State) -> None:
    path = state.record_path("kafka")
    path.write_text('{"name": "kaf')
    assert read_record(path) is None
    assert state.records() == []

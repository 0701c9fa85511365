"""The command line: exit codes, one paragraph instead of a traceback, commands with parts around them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from devstack.cli import main
from devstack.commands.deadletters import moment
from devstack.errors import StackError
from devstack.logtail import readable
from devstack.options import front_door, worker_databases
from devstack.running import Running

NAMED = {
    "FRONTDESK_POSTGRES_URL": "postgresql://db/postgres",
    "FRONTDESK_KAFKA_URL": "kafka:9092",
    "FRONTDESK_VALKEY_URL": "redis://cache/0",
}


def frontdesk(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "devstack", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_command_runs_with_the_parts_that_the_environment_names_and_its_code_is_kept() -> None:
    show = "import os, sys; print(os.environ['FRONTDESK_KAFKA_URL']); sys.exit(7)"
    done = frontdesk("with-parts", "--", sys.executable, "-c", show, **NAMED)
    assert done.stdout.strip() == "kafka:9092"
    assert done.returncode == 7


def test_a_command_gets_parts_of_its_own_that_are_gone_when_with_parts_is_killed(tmp_path: Path) -> None:
    show = (
        "import os, pathlib, time;"
        f"pathlib.Path({str(tmp_path / 'urls')!r}).write_text(os.environ['FRONTDESK_POSTGRES_URL']); time.sleep(60)"
    )
    outer = subprocess.Popen(
        [sys.executable, "-m", "devstack", "with-parts", "--", sys.executable, "-c", show],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
    )
    try:
        _until(lambda: (tmp_path / "urls").exists() and bool((tmp_path / "urls").read_text()))
        family = psutil.Process(outer.pid).children(recursive=True)
        servers = [child for child in family if child.name() in ("postgres", "java", "valkey-server")]
        assert {server.name() for server in servers} == {"postgres", "java", "valkey-server"}
        outer.kill()
        _, alive = psutil.wait_procs(servers, timeout=20)
        assert alive == []
        _until(lambda: not list(tmp_path.glob("frontdesk-parts-*")))
    finally:
        os.killpg(outer.pid, signal.SIGKILL)
        outer.wait()


def _until(true: object, seconds: float = 60) -> None:
    assert callable(true)
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["up", "--only", "spa", "--state-dir", "{}"], "There is no service spa"),
        (["ask", "Can I bring my dog?", "--state-dir", "{}"], "No stack runs"),
        (["ask", "Can I bring my dog?", "--url", "http://127.0.0.1:9"], "Nobody answers at http://127.0.0.1:9"),
        (["audit", "verify", "--state-dir", "{}"], "No stack runs"),
        (["demo", "--url", "http://127.0.0.1:9"], "Nobody answers at http://127.0.0.1:9"),
        (["topics", "check", "--kafka", "127.0.0.1:9"], "Kafka at 127.0.0.1:9 did not do it"),
        (["dlq", "show", "no.such.topic", "1", "--kafka", "127.0.0.1:9"], "There is no topic no.such.topic"),
        (["replay", "identity", "--since", "soon", "--database-url", "postgresql://127.0.0.1:9/x"], "is no time"),
        (["replay", "identity", "--since", "1h", "--database-url", "postgresql://127.0.0.1:9/x"], "does not answer"),
        (["with-parts", "--", "no-such-program"], "There is no program no-such-program"),
        (["logs", "kafka", "--state-dir", "{}"], "There is no log of kafka"),
    ],
)
def test_what_goes_wrong_is_one_paragraph_and_exit_code_1(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filled = [argument.format(tmp_path / "state") for argument in arguments]
    monkeypatch.setattr(sys, "argv", ["frontdesk", *filled])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert says in capsys.readouterr().err


def test_containers_without_an_engine_are_refused_with_the_way_out() -> None:
    done = frontdesk("with-parts", "--", "true", FRONTDESK_PARTS="docker", DOCKER_HOST="unix:///nonexistent.sock")
    assert done.returncode == 1
    assert "the Docker engine did not start the parts" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_of_another_version_is_refused_and_fresh_is_the_way_out(folder: Path) -> None:
    folder.mkdir()
    (folder / "format").write_text("999\n")
    refused = frontdesk("up", "--only", "", "--state-dir", str(folder))
    assert refused.returncode == 1
    assert "written by another version" in refused.stderr
    assert "frontdesk up --fresh" in refused.stderr
    examined = frontdesk("doctor", "--state-dir", str(folder))
    assert examined.returncode == 1
    assert "has format 999" in examined.stdout


def test_doctor_finds_nothing_wrong_with_a_new_folder_and_a_dead_server_of_your_own(folder: Path) -> None:
    assert frontdesk("doctor", "--state-dir", str(folder)).returncode == 0
    named = frontdesk("doctor", "--state-dir", str(folder), FRONTDESK_KAFKA_URL="127.0.0.1:9")
    assert named.returncode == 1
    assert "FRONTDESK_KAFKA_URL names 127.0.0.1:9, and nobody accepts connections there" in named.stdout


def test_down_and_status_say_that_nothing_runs(folder: Path) -> None:
    assert "Nothing runs" in frontdesk("down", "--state-dir", str(folder)).stdout
    seen = frontdesk("status", "--state-dir", str(folder))
    assert seen.returncode == 1
    assert "No stack runs" in seen.stdout


def test_a_structured_log_line_becomes_readable_and_any_other_stays() -> None:
    line = '{"timestamp": "2026-03-01T19:40:00.123Z", "level": "warning", "event": "turn.retried", "attempt": 2}'
    assert readable(line) == "19:40:00 warning turn.retried  attempt=2"
    assert readable("plain words") == "plain words"
    assert readable("{broken") == "{broken"


def test_a_time_is_given_as_so_long_ago_or_as_a_date() -> None:
    now = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    assert moment("90s", now) == now - timedelta(seconds=90)
    assert moment("2h", now) == now - timedelta(hours=2)
    assert moment("2026-03-01T18:00", now) == now - timedelta(hours=2)
    assert moment("2026-03-01T19:00+01:00", now) == now - timedelta(hours=2)
    with pytest.raises(StackError, match="is no time"):
        moment("yesterday", now)


def test_only_databases_that_are_there_are_offered(tmp_path: Path) -> None:
    running = Running({}, {"identity": {"worker": "postgresql://w"}}, "k:1", "redis://v", "")
    assert worker_databases(running) == {"identity": "postgresql://w"}
    with pytest.raises(StackError, match="There are: identity"):
        worker_databases(running, "gateway")
    assert front_door("http://elsewhere", tmp_path) == "http://elsewhere"

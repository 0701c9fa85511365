"""A release is written once, newer than the last, without a break, with its commit named."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from contracts import compat, topics
from contracts import release as command
from contracts.compat import Contracts
from contracts.release import NotReleasable, release

COMMIT = "d62a1fb0" * 5


def test_a_release_names_its_commit_events_and_topics_and_is_read_back(tmp_path: Path) -> None:
    folder = release("0.1.0", COMMIT, compat.current(), tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["version"], manifest["commit"]) == ("0.1.0", COMMIT)
    assert manifest["events"]["frontdesk.message.sent.v1"] == {
        "topic": topics.CONVERSATIONS.name,
        "key": "conversation_id",
    }
    assert manifest["topics"][topics.AUDIT.name] == asdict(topics.AUDIT)
    assert compat.load("0.1.0", tmp_path) == compat.current()


@pytest.mark.parametrize(
    ("version", "commit"),
    [
        ("0.1", COMMIT),
        ("v0.1.0", COMMIT),
        ("0.01.0", COMMIT),
        ("../0.1.0", COMMIT),
        ("0.1.0", "d62a1fb"),
        ("0.1.0", "main"),
    ],
)
def test_versions_and_commits_are_written_in_full(version: str, commit: str, tmp_path: Path) -> None:
    with pytest.raises(NotReleasable):
        release(version, commit, compat.current(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", ["0.2.0", "0.1.9"])
def test_a_version_is_released_once_and_in_order(version: str, tmp_path: Path) -> None:
    release("0.2.0", COMMIT, compat.current(), tmp_path)
    with pytest.raises(NotReleasable, match="not newer"):
        release(version, COMMIT, compat.current(), tmp_path)


def test_a_break_is_not_released(tmp_path: Path) -> None:
    release("0.1.0", COMMIT, compat.current(), tmp_path)
    with pytest.raises(NotReleasable, match="event removed"):
        release("0.2.0", COMMIT, Contracts(compat.current().topics, {}), tmp_path)


def test_the_command_releases_what_is_committed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["0.1.0", COMMIT], tmp_path) == 0
    assert command.main(["0.1.0", COMMIT], tmp_path) == 1
    assert command.main([], tmp_path) == 2
    assert "not newer than 0.1.0" in capsys.readouterr().out

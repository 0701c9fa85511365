"""The committed schemas say what the code says."""

import json
from pathlib import Path

import pytest

from contracts import generated, schemas
from contracts.shapes import event_schemas, events


def test_the_committed_files_are_up_to_date() -> None:
    assert generated.differences(schemas.files(), schemas.strays()) == []


def test_every_event_has_a_schema_that_names_its_topic_and_key() -> None:
    written = event_schemas()
    for event in events():
        schema = written[event.TYPE]
        assert schema["x-topic"] == event.TOPIC.name
        assert schema["x-key"] in (event.KEY, "event id")
        assert schema["description"]
        assert set(schema["properties"]) == set(event.model_fields)


def test_generated_files_are_written_once_checked_and_cleaned_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, old = tmp_path / "deep" / "a.json", tmp_path / "old.json"
    old.write_text("{}")
    files = {path: generated.as_json({"b": 1, "a": "ü"})}

    def strays() -> list[Path]:
        return [old] if old.exists() else []

    def run(*arguments: str) -> tuple[int, str]:
        return generated.main("some.module", lambda: files, strays, arguments), capsys.readouterr().out

    assert run("check") == (1, "old.json is left over\na.json is missing\nrun: python -m some.module write\n")
    assert run("write") == (0, "removed old.json\nwrote a.json\n")
    assert run("check") == (0, "up to date\n")
    assert run("write") == (0, "nothing to write: up to date\n")
    assert list(json.loads(path.read_text(encoding="utf-8"))) == ["a", "b"]
    path.write_text("{}")
    assert run("check") == (1, "a.json is out of date\nrun: python -m some.module write\n")
    assert run()[0] == run("wirte")[0] == 2

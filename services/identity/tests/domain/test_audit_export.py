"""What an exported audit log looks like to a spreadsheet, and to a program."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.domain.audit_export import COLUMNS, ExportFormat, cell


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_begins_a_formula(text: str) -> None:
    assert cell(text) == "'" + text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_a_cell_holds_it_is_one_cell_and_no_formula(text: str) -> None:
    line = ExportFormat.CSV.line({"object_id": text})
    [row] = list(csv.reader(io.StringIO(line, newline="")))
    assert len(row) == len(COLUMNS)
    found = row[COLUMNS.index("object_id")]
    assert found in (text, "'" + text)
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_the_columns_are_named_and_what_is_missing_is_empty() -> None:
    assert ExportFormat.CSV.head() == ",".join(COLUMNS) + "\r\n"
    assert ExportFormat.CSV.line({"position": 7, "hash": None}) == "7" + "," * (len(COLUMNS) - 1) + "\r\n"


def test_a_json_line_is_one_line_with_every_field() -> None:
    line = ExportFormat.JSONL.line({"position": 7, "object_id": "a\nb"})
    assert line.count("\n") == 1
    assert list(json.loads(line)) == list(COLUMNS)
    assert json.loads(line)["object_id"] == "a\nb"


def test_json_lines_have_no_header_and_are_compact_utf_8() -> None:
    assert ExportFormat.JSONL.head() == ""
    assert ExportFormat.JSONL.line({"position": 7, "hash": "ü"}).startswith('{"position":7,"hash":"ü","id":null,')

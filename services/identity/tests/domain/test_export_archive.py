"""A person's data as an archive, for programs and for people."""

import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any

from identity.domain.export_archive import build

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PARTS = {
    "identity": {"guests": [{"name": "Clara <b>Möreau</b>", "email": None}]},
    "conversation": {"conversations": [{"messages": [{"text": "<script>alert('x')</script> & \"quotes\""}]}]},
    "escalation": {"escalations": []},
}


def opened(archive: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name).decode() for name in zipped.namelist()}


def test_every_service_has_a_file_that_a_program_reads() -> None:
    files = opened(build("Hotel Lindenhof", AT, PARTS))
    read: dict[str, Any] = {name: json.loads(text) for name, text in files.items() if name.endswith(".json")}
    assert read == {f"{name}.json": part for name, part in PARTS.items()}
    assert all(f"{name}.json" in files["README.txt"] for name in PARTS)


def test_the_page_shows_everything_and_runs_nothing_that_a_guest_wrote() -> None:
    page = opened(build("Lindenhof & Sons", AT, PARTS))["index.html"]
    assert "Clara &lt;b&gt;Möreau&lt;/b&gt;" in page
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; &quot;quotes&quot;" in page
    assert "<script" not in page
    assert "Lindenhof &amp; Sons" in page


def test_the_page_is_plain_html_with_lists_of_what_there_is() -> None:
    parts = {"identity": {"first_name": "Clara", "notes": "", "guests": [], "ids": [1, 2]}}
    page = opened(build("Lindenhof", AT, parts))["index.html"]
    assert page.endswith(
        "<body><h1>Your data at Lindenhof</h1><p>As of 2026-11-23T12:00:00+00:00.</p><h2>Identity</h2>"
        "<dl><dt>First name</dt><dd>Clara</dd><dt>Notes</dt><dd><i>nothing</i></dd><dt>Guests</dt><dd><i>nothing</i></dd>"
        "<dt>Ids</dt><dd><ol><li>1</li><li>2</li></ol></dd></dl></body></html>\n"
    )
    two = opened(build("Lindenhof", AT, {"a": 1, "b": 2}))["index.html"]
    assert "<h2>A</h2>1<h2>B</h2>2</body>" in two


def test_files_for_programs_are_sorted_indented_and_readable() -> None:
    files = opened(build("Lindenhof", AT, {"b": {"z": "ü", "a": 1}, "a": {}}))
    assert files["b.json"] == '{\n  "a": 1,\n  "z": "ü"\n}\n'
    assert files["README.txt"].endswith(":\n  a.json\n  b.json\n")


def test_every_file_is_of_the_moment_of_the_export_and_compressed() -> None:
    with zipfile.ZipFile(io.BytesIO(build("Lindenhof", AT, PARTS))) as zipped:
        assert {entry.date_time for entry in zipped.infolist()} == {(2026, 11, 23, 12, 0, 0)}
        assert {entry.compress_type for entry in zipped.infolist()} == {zipfile.ZIP_DEFLATED}


def test_the_same_data_gives_the_same_archive() -> None:
    assert build("Lindenhof", AT, PARTS) == build("Lindenhof", AT, dict(reversed(PARTS.items())))

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


def test_the_same_data_gives_the_same_archive() -> None:
    assert build("Lindenhof", AT, PARTS) == build("Lindenhof", AT, dict(reversed(PARTS.items())))

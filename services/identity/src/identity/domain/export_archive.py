"""A person's data as one archive: JSON for programs, a page for people. Pure: the same data at the same time, the same bytes."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

Json = Any  # Any: JSON

_STYLE = "body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}dt{font-weight:bold}dd{margin:0 0 .5rem 1rem}li{margin-bottom:1rem}"
_README = """What {hotel} keeps of you, as of {made_at}.

index.html    to read, in any browser
*.json        the same for programs (RFC 8259, UTF-8), one file for each part of the front desk:
{files}
"""


def build(hotel: str, made_at: datetime, parts: Mapping[str, Json]) -> bytes:
    """The archive (ZIP).

    Args:
        hotel: its name.
        made_at: written into it.
        parts: what each service keeps, by its name.
    """
    files = {f"{name}.json": _json(parts[name]) for name in sorted(parts)}
    listed = "\n".join(f"  {name}" for name in files)
    said = {"hotel": hotel, "made_at": made_at.isoformat(timespec="seconds")}
    together = {
        "README.txt": _README.format(**said, files=listed),
        "index.html": _page(parts, **said),
        **files,
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, text in together.items():
            entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, text)
    return archive.getvalue()


def _json(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _page(parts: Mapping[str, Json], hotel: str, made_at: str) -> str:
    title = escape(f"Your data at {hotel}")
    sections = "".join(f"<h2>{_words(name)}</h2>{_shown(parts[name])}" for name in sorted(parts))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"</head><body><h1>{title}</h1><p>As of {escape(made_at)}.</p>{sections}</body></html>\n"
    )


def _shown(value: Json) -> str:
    if value in (None, "", [], {}):
        return "<i>nothing</i>"
    match value:
        case dict():
            entries: dict[str, Json] = value
            return "<dl>" + "".join(f"<dt>{_words(k)}</dt><dd>{_shown(v)}</dd>" for k, v in entries.items()) + "</dl>"
        case list():
            items: list[Json] = value
            return "<ol>" + "".join(f"<li>{_shown(item)}</li>" for item in items) + "</ol>"
        case _:
            return escape(str(value))


def _words(name: str) -> str:
    return escape(name.replace("_", " ").capitalize())

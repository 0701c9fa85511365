"""How an exported audit log is written: a header and lines of CSV, or JSON lines; both with what the hashes are over."""

import csv
import io
import json
from collections.abc import Mapping
from enum import StrEnum

COLUMNS = (
    "position",
    "hash",
    "id",
    "seq",
    "hotel_id",
    "service",
    "action",
    "actor_kind",
    "actor_id",
    "acting_for_kind",
    "acting_for_id",
    "object_type",
    "object_id",
    "at",
    "trace_id",
    "recorded_at",
)
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class ExportFormat(StrEnum):
    """How to write it."""

    CSV = "csv"
    JSONL = "jsonl"

    @property
    def media_type(self) -> str:
        """Of the whole file."""
        return "text/csv; charset=utf-8" if self is ExportFormat.CSV else "application/jsonl"

    def head(self) -> str:
        """What comes before the first entry."""
        return _csv_line(COLUMNS) if self is ExportFormat.CSV else ""

    def line(self, entry: Mapping[str, object]) -> str:
        """One entry, by the names in `COLUMNS`; what is missing or None is empty."""
        if self is ExportFormat.CSV:
            return _csv_line([cell(entry.get(name)) for name in COLUMNS])
        return json.dumps({name: entry.get(name) for name in COLUMNS}, separators=(",", ":"), ensure_ascii=False) + "\n"


def cell(value: object) -> str:
    """The value as a spreadsheet may open it: text that it would take for a formula begins with an apostrophe."""
    text = "" if value is None else str(value)
    return "'" + text if text.startswith(_STARTS_A_FORMULA) else text


def _csv_line(cells: tuple[str, ...] | list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)  # RFC 4180: CRLF, quotes where needed
    return out.getvalue()

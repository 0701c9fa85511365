"""Free JSON that people's pages keep with us: bounded in size and depth. Pure."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

MAX_DASHBOARD_BYTES = 16 * 1024
MAX_FILTER_BYTES = 4 * 1024
MAX_DEPTH = 6
"""Objects and lists inside each other, the outermost counted."""

Document = dict[str, Any]  # Any: JSON


def check_document(document: Document, max_bytes: int, max_depth: int = MAX_DEPTH) -> Document:
    """The document, if it is small enough: its compact form in UTF-8, and how deep it goes.

    Raises:
        ValueError: it is too large or too deep, or holds a number that JSON has not (NaN, infinite).
    """
    if _deeper_than(document, max_depth):
        raise ValueError(f"at most {max_depth} levels deep")
    compact = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if len(compact.encode()) > max_bytes:
        raise ValueError(f"at most {max_bytes} bytes of JSON")
    return document


def _deeper_than(value: object, levels: int) -> bool:
    if isinstance(value, Mapping):
        parts = list[object](value.values())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]  # any JSON
    elif isinstance(value, list):
        parts = list[object](value)  # pyright: ignore[reportUnknownArgumentType]  # any JSON
    else:
        return False
    return levels == 0 or any(_deeper_than(part, levels - 1) for part in parts)


Dashboard = Annotated[
    Document,
    AfterValidator(lambda given: check_document(given, MAX_DASHBOARD_BYTES)),
    Field(
        description=f"what the dashboard keeps: at most {MAX_DASHBOARD_BYTES} bytes, {MAX_DEPTH} levels",
        examples=[{"sidebar": "narrow"}],
    ),
]
Filter = Annotated[
    Document,
    AfterValidator(lambda given: check_document(given, MAX_FILTER_BYTES)),
    Field(
        description=f"as the list's page understands it: at most {MAX_FILTER_BYTES} bytes, {MAX_DEPTH} levels",
        examples=[{"status": ["open", "waiting_for_staff"], "language": "de"}],
    ),
]

"""What never reaches a log line: contact data, secrets, and what people wrote. By the field's name, and by its looks."""

import re
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

_SECRET_KEYS = re.compile(
    r"(e[-_]?mail|phone|password|passwd|secret|token|authorization|cookie|api_?key|credential|signature|second_?factor|recovery_?code"
    r"|^(text|body|question|answer|content|subject_line|note|comment|first_name|last_name|display_name|full_name|address)$)",
    re.IGNORECASE,
)
_HARMLESS_KEYS = frozenset({"token_kind", "token_age_seconds"})
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=://)([^\s:/@]*):[^\s@/]+@"), r"\1:[secret]@"),
    (re.compile(r"input_value=.*?, input_type=", re.DOTALL), "input_value=[hidden], input_type="),  # pydantic shows it
    (re.compile(r"\bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*)?"), "[token]"),
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), r"\1 [token]"),
    (re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+"), "[email]"),
    (re.compile(r"(?<![\w.:-])\+\d[\d ()/-]{6,18}\d(?![\w-])"), "[phone]"),
)
_Line = MutableMapping[str, Any]  # Any: structlog's own type for a log line


_SUSPECT = re.compile(r"[@+]|ey|://|bearer|basic|input_value", re.IGNORECASE)
"""Without one of these no pattern matches; most texts are spared the rest."""


def mask(text: str) -> str:
    """`text` without e-mail addresses, phone numbers, tokens and passwords in URLs."""
    if not _SUSPECT.search(text):
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def _clean(value: object) -> object:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _redacted(str(key), item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]  # anything may be logged
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]  # pyright: ignore[reportUnknownVariableType]  # anything may be logged
    if value is None or isinstance(value, bool | int | float):
        return value
    return mask(str(value))


@lru_cache(maxsize=2048)
def _secret(key: str) -> bool:
    return _SECRET_KEYS.search(key) is not None and key not in _HARMLESS_KEYS


def _redacted(key: str, value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return "[redacted]" if _secret(key) else _clean(value)


def redact(_: Any, __: str, line: _Line) -> _Line:  # Any: structlog hands over its logger
    """The processor that keeps personal data and secrets out of every line."""
    for key in list(line):
        if not key.startswith("_"):
            line[key] = _redacted(key, line[key])
    return line

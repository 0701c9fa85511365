"""Log lines as JSON with trace id, hotel id and service, and without personal data; the standard library's lines too."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from servicekit.tracing import current_trace_id

log: structlog.stdlib.BoundLogger = structlog.get_logger("frontdesk")
"""The logger: `log.info("turn.answered", turn_id=..., milliseconds=...)`. Ids, states and numbers; never what people wrote."""

_SECRET_KEYS = re.compile(
    r"(e[-_]?mail|phone|password|passwd|secret|token|authorization|cookie|api_?key|credential|signature"
    r"|^(text|body|question|answer|content|subject_line|note|comment|first_name|last_name|display_name|full_name|address)$)",
    re.IGNORECASE,
)
_HARMLESS_KEYS = frozenset({"token_kind", "token_age_seconds"})
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=://)([^\s:/@]*):[^\s@/]+@"), r"\1:[secret]@"),
    (re.compile(r"\bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*)?"), "[token]"),
    (re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), r"\1 [token]"),
    (re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+"), "[email]"),
    (re.compile(r"(?<![\w.:-])\+\d[\d ()/-]{6,18}\d(?![\w-])"), "[phone]"),
)
_Line = MutableMapping[str, Any]  # Any: structlog's own type for a log line


def mask(text: str) -> str:
    """`text` without e-mail addresses, phone numbers, tokens and passwords in URLs."""
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


def _redacted(key: str, value: object) -> object:
    if _SECRET_KEYS.search(key) and key not in _HARMLESS_KEYS and not isinstance(value, bool | int | float | None):
        return "[redacted]"
    return _clean(value)


def redact(_: Any, __: str, line: _Line) -> _Line:  # Any: structlog hands over its logger
    """The processor that keeps personal data and secrets out of every line."""
    for key in list(line):
        if not key.startswith("_"):
            line[key] = _redacted(key, line[key])
    return line


def _with_trace(_: Any, __: str, line: _Line) -> _Line:  # Any: structlog hands over its logger
    trace_id = current_trace_id()
    if trace_id is not None:
        line.setdefault("trace_id", trace_id)
    return line


class _Service:
    """Names the process's service where no context variable does."""

    name = "frontdesk"

    def __call__(self, _: Any, __: str, line: _Line) -> _Line:  # Any: structlog hands over its logger
        line.setdefault("service", self.name)
        return line


_service = _Service()
_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _with_trace,
    _service,
    structlog.processors.format_exc_info,
    redact,
]


def configure(service: str, *, level: str = "info", format: Literal["json", "console"] = "json") -> None:
    """Send this process's log lines, the standard library's included, to standard output."""
    _service.name = service
    structure(structlog.stdlib.ProcessorFormatter.wrap_for_formatter, remember=True)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "faststream", "aiokafka", "alembic"):
        found = logging.getLogger(name)
        found.handlers.clear()
        found.propagate = True
    quieten()


def quieten() -> None:
    """Libraries that say too much: aiokafka ten errors a second while Kafka is away, which we report ourselves."""
    for noisy in ("httpx", "httpcore", "asyncio", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def structure(last: structlog.typing.Processor, *, remember: bool = False) -> None:
    """Have our own lines pass the processors and end in `last`, as records of the standard library's logging.

    `remember`: loggers keep this from their first line on, which is faster and final.
    """
    structlog.configure(
        processors=[*_SHARED, last],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=remember,
    )

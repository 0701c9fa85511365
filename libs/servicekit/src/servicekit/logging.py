"""Log lines as JSON with trace id, hotel id and service, and without personal data; the standard library's lines too."""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from pydantic_core import PydanticSerializationError, to_json

from servicekit.redaction import mask, redact
from servicekit.tracing import current_trace_id

__all__ = ["configure", "configure_for_tests", "log", "mask", "quieten"]

_Line = MutableMapping[str, Any]  # Any: structlog's own type for a log line
log: structlog.typing.FilteringBoundLogger = structlog.get_logger("frontdesk")
"""The logger: `log.info("turn.answered", turn_id=..., milliseconds=...)`. Ids, states and numbers; never what people wrote."""


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
_OWN: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _with_trace,
    _service,
    structlog.processors.format_exc_info,
    redact,
]
_FOREIGN: list[structlog.typing.Processor] = [structlog.stdlib.add_logger_name, *_OWN]


def configure(service: str, *, level: str = "info", format: Literal["json", "console"] = "json") -> None:
    """Send this process's log lines, the standard library's included, to standard output. Once per process."""
    _service.name = service
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_as_json)
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*_OWN, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_FOREIGN,
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


def _as_json(line: Any, **_: Any) -> str:  # Any: as structlog calls a serializer
    """A line that is redacted, and so holds nothing but what JSON has; the standard library needs six times as long."""
    try:
        return to_json(line).decode()
    except (PydanticSerializationError, UnicodeError):
        return json.dumps(line, default=repr)  # half a surrogate pair is written as an escape


def quieten() -> None:
    """Libraries that say too much: aiokafka ten errors a second while Kafka is away, which we report ourselves."""
    for noisy in ("httpx", "httpcore", "asyncio", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # two lines a WebSocket, with its whole path


def configure_for_tests() -> None:
    """Have our lines become JSON records of the standard library's logging, which pytest collects and shows."""
    structlog.configure(
        processors=[*_OWN, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    quieten()

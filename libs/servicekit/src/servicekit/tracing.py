"""Trace context through HTTP, outbox and Kafka: ids are made always, exported only where an OTLP address is set."""

from collections.abc import Generator
from contextlib import contextmanager
from threading import Event
from typing import Literal

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Kind = Literal["internal", "server", "client", "producer", "consumer"]
_KINDS: dict[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_propagator = TraceContextTextMapPropagator()
_providers: list[TracerProvider] = []
_exporting = Event()
_ids = RandomIdGenerator()
_NOTHING = Context()


def _provider(service: str = "frontdesk") -> TracerProvider:
    if not _providers:
        provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
        _providers.append(provider)
        trace.set_tracer_provider(provider)
    return _providers[0]


def configure(service: str, otlp_url: str | None) -> None:
    """Name the process and, with an address, send its spans there. The first call of a process counts."""
    first = not _providers
    provider = _provider(service)
    if first and otlp_url:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_url)))
        _exporting.set()


def flush(timeout_seconds: float = 2) -> None:
    """Send what is still held back; for the end of a process."""
    if _providers:
        _providers[0].force_flush(int(timeout_seconds * 1000))


@contextmanager
def span(
    name: str, *, kind: Kind = "internal", traceparent: str | None = None, **attributes: str | int | float | bool
) -> Generator[Span]:
    """A piece of work under the current trace, or under the one a `traceparent` header names.

    A malformed traceparent starts a new trace, as W3C Trace Context 3.2.2.3 asks.
    """
    parent = _propagator.extract({"traceparent": traceparent}, context=_NOTHING) if traceparent else None
    if not _exporting.is_set():
        current = NonRecordingSpan(_ids_under(parent))
        token = attach(set_span_in_context(current))
        try:
            yield current
        finally:
            detach(token)
        return
    with (
        _provider()
        .get_tracer("servicekit")
        .start_as_current_span(
            name,
            context=parent,
            kind=_KINDS[kind],
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as recorded
    ):
        try:
            yield recorded
        except Exception as error:
            recorded.set_status(Status(StatusCode.ERROR, type(error).__name__))  # the message may hold personal data
            raise


def _ids_under(parent: Context | None) -> SpanContext:
    """The ids of a span that nobody collects: a sixth of the cost of one that is recorded."""
    above = trace.get_current_span(parent).get_span_context()
    if above.is_valid:
        return SpanContext(above.trace_id, _ids.generate_span_id(), False, above.trace_flags)
    return SpanContext(_ids.generate_trace_id(), _ids.generate_span_id(), False, TraceFlags(TraceFlags.SAMPLED))


def current_traceparent() -> str | None:
    """The W3C header value of the current span; None outside of any."""
    at = trace.get_current_span().get_span_context()
    return f"00-{at.trace_id:032x}-{at.span_id:016x}-{at.trace_flags:02x}" if at.is_valid else None


def current_trace_id() -> str | None:
    """The current trace's id, 32 hex digits; None outside of any."""
    at = trace.get_current_span().get_span_context()
    return f"{at.trace_id:032x}" if at.is_valid else None

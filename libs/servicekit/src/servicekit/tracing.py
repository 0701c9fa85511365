"""Trace context through HTTP, outbox and Kafka: ids are made always, exported only where an OTLP address is set."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
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
    parent: Context | None = None
    if traceparent:
        parent = _propagator.extract({"traceparent": traceparent})
    tracer = _provider().get_tracer("servicekit")
    with tracer.start_as_current_span(
        name,
        context=parent,
        kind=_KINDS[kind],
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))  # the message may hold personal data
            raise


def current_traceparent() -> str | None:
    """The W3C header value of the current span; None outside of any."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    """The current trace's id, 32 hex digits; None outside of any."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None

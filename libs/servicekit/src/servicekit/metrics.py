"""The process's figures for Prometheus: one registry, and makers that give the same metric when asked twice."""

from collections.abc import Sequence
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

REGISTRY = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Buckets for durations, from a cached read to the request time limit."""

_lock = Lock()
_counters: dict[str, Counter] = {}
_gauges: dict[str, Gauge] = {}
_histograms: dict[str, Histogram] = {}


def counter(name: str, doc: str, *labels: str) -> Counter:
    """A counter of that name; `name` ends in `_total`."""
    with _lock:
        if name not in _counters:
            _counters[name] = Counter(name, doc, labels, registry=REGISTRY)
        return _counters[name]


def gauge(name: str, doc: str, *labels: str) -> Gauge:
    """A gauge of that name."""
    with _lock:
        if name not in _gauges:
            _gauges[name] = Gauge(name, doc, labels, registry=REGISTRY)
        return _gauges[name]


def histogram(name: str, doc: str, *labels: str, buckets: Sequence[float] = SECONDS) -> Histogram:
    """A histogram of that name; durations are in seconds and the name ends in `_seconds`."""
    with _lock:
        if name not in _histograms:
            _histograms[name] = Histogram(name, doc, labels, buckets=tuple(buckets), registry=REGISTRY)
        return _histograms[name]


HTTP_REQUESTS = counter("http_requests_total", "HTTP requests answered", "service", "method", "route", "status")
HTTP_SECONDS = histogram("http_request_duration_seconds", "Until the answer was sent", "service", "method", "route")
HTTP_IN_FLIGHT = gauge("http_requests_in_flight", "HTTP requests being answered", "service")
DB_POOL_IN_USE = gauge("db_pool_in_use", "Database connections handed out", "service", "role")
DB_POOL_SIZE = gauge("db_pool_size", "Database connections kept at most", "service", "role")
WEBSOCKETS_OPEN = gauge("websockets_open", "WebSocket connections open", "service", "route")

"""The test kit, a pytest plugin: fixtures around the real parts. Loaded by entry point wherever servicekit is installed."""

from servicekit.logging import configure_for_tests
from servicekit.testing.apps import RunningService, StartService, service_app, start_service
from servicekit.testing.parts import Parts, eventually, namespace, parts
from servicekit.testing.tokens import TokenIssuer, issuer


def pytest_configure() -> None:
    """Log lines of services under test become records that pytest shows for a test that failed, as JSON."""
    configure_for_tests()


__all__ = [
    "Parts",
    "RunningService",
    "StartService",
    "TokenIssuer",
    "eventually",
    "issuer",
    "namespace",
    "parts",
    "service_app",
    "start_service",
]

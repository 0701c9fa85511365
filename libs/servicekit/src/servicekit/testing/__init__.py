"""The test kit, a pytest plugin: fixtures around the real parts. Loaded by entry point wherever servicekit is installed."""

from servicekit.testing.apps import RunningService, StartService, service_app, start_service
from servicekit.testing.parts import Parts, eventually, namespace, parts
from servicekit.testing.tokens import TokenIssuer, issuer

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

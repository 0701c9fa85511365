"""The clock, as a value that is handed in, so that a test can say what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, aware, UTC."""


def utc_now() -> datetime:
    """The present moment by the machine's clock."""
    return datetime.now(UTC)

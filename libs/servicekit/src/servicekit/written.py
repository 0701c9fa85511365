"""Days and moments as people write them in a query. A bare number, which pydantic reads as seconds since 1970, is refused."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator


def _written_out(value: object) -> object:
    if isinstance(value, str) and value.lstrip("+-").replace(".", "", 1).isdigit():
        raise ValueError("write it out: 2026-11-23, or 2026-11-23T12:00:00Z where a time is asked for")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]
"""A day: `2026-11-23`."""
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""A moment with its offset: `2026-11-23T12:00:00Z`."""

"""Business hours and business time. The only place that computes with them."""

from datetime import date, time
from typing import Annotated

from pydantic import Field

from contracts.event import Fact


class Shift(Fact):
    """Open from `opens` to `closes`, local wall-clock time; `closes` at or before `opens` is on the next day."""

    opens: time
    closes: time


class BusinessHours(Fact):
    """Weekly shifts (0 = Monday) and the days that differ.

    A weekday that is not listed is closed. A date in `exceptions` has just the shifts given there (none: closed).
    """

    weekly: dict[Annotated[int, Field(ge=0, le=6)], tuple[Shift, ...]]
    exceptions: dict[date, tuple[Shift, ...]] = Field(default_factory=dict)

"""Business hours and business time. The only place that computes with them; pure.

A hotel is open whenever the clock on its wall shows a time within a shift. So a shift loses the hour that clocks skip
in spring and has the hour they repeat in autumn twice, and a shift over midnight belongs to the day it starts on.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from contracts.errors import Invalid
from contracts.event import Fact
from contracts.zones import Stretch, stretches, utc, zone_info

_DAY = timedelta(days=1)
_WEEKDAYS = range(7)
SEARCH_LIMIT = timedelta(days=3660)
"""How far ahead an opening is looked for: ten years."""
CLOSING_LIMIT = timedelta(days=31)
"""How far ahead a closing is looked for: who is open for longer does not close, for a guest."""


class NeverOpen(Invalid):
    """The business hours leave no time in which this could happen."""

    slug, title = "never-open", "The business hours are too few"


def _whole_minutes(value: time) -> time:
    if value.tzinfo is not None or value.second or value.microsecond:
        raise ValueError("a wall-clock time in whole minutes, without zone, e.g. 08:30")
    return value


WallClock = Annotated[
    time,
    AfterValidator(_whole_minutes),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$",
            "description": "wall-clock time in the hotel's zone, whole minutes",
        }
    ),
]


class Shift(Fact):
    """Open from `opens` to `closes`, local wall-clock time; `closes` at or before `opens` is on the next day."""

    opens: WallClock
    closes: WallClock


class BusinessHours(Fact):
    """Weekly shifts (0 = Monday) and the days that differ.

    A weekday that is not listed is closed. A date in `exceptions` has just the shifts given there (none: closed).
    Shifts may touch or overlap; time counts once.
    """

    weekly: dict[Annotated[int, Field(ge=0, le=6)], tuple[Shift, ...]] = Field(
        json_schema_extra={"propertyNames": {"pattern": "^[0-6]$"}}
    )
    exceptions: dict[date, tuple[Shift, ...]] = Field(default_factory=dict)

    def shifts(self, day: date) -> tuple[Shift, ...]:
        """The shifts that start on that day."""
        return self.exceptions.get(day, self.weekly.get(day.weekday(), ()))


ALWAYS_OPEN = BusinessHours(weekly=dict.fromkeys(_WEEKDAYS, (Shift(opens=time(), closes=time()),)))
"""Day and night, all week: a reception that never closes."""


def is_open(hours: BusinessHours, zone: str, at: datetime) -> bool:
    """Whether the hotel is open at that moment.

    Raises:
        ValueError: `at` has no zone, or there is no such zone as `zone`.
    """
    local = utc(at).astimezone(zone_info(zone)).replace(tzinfo=None)
    days = (local.date() - _DAY, local.date())
    return any(opens <= local < closes for day in days for opens, closes in _wall_clock(hours, day))


def next_opening(hours: BusinessHours, zone: str, after: datetime) -> datetime | None:
    """The first moment at or after `after` (itself, when open) at which the hotel is open, in its zone; None if never.

    Raises:
        ValueError: `after` has no zone, or there is no such zone as `zone`.
    """
    for opens, _ in _open_times(hours, zone, after, utc(after) + SEARCH_LIMIT):
        return opens.astimezone(zone_info(zone))
    return None


def next_closing(hours: BusinessHours, zone: str, after: datetime) -> datetime | None:
    """The first moment after `after` at which the hotel, open then, closes, in its zone; None when it is closed, or
    stays open for CLOSING_LIMIT.

    Raises:
        ValueError: `after` has no zone, or there is no such zone as `zone`.
    """
    open_until = utc(after)
    for opens, closes in _open_times(hours, zone, after, open_until + CLOSING_LIMIT):
        if opens > open_until:
            break
        open_until = closes
    if not utc(after) < open_until < utc(after) + CLOSING_LIMIT:
        return None
    return open_until.astimezone(zone_info(zone))


def business_time_between(hours: BusinessHours, zone: str, start: datetime, end: datetime) -> timedelta:
    """How long the hotel is open between two moments; nothing when `end` is not after `start`.

    Raises:
        ValueError: a time has no zone, or there is no such zone as `zone`.
    """
    return sum((closes - opens for opens, closes in _open_times(hours, zone, start, end)), timedelta())


def add_business_time(hours: BusinessHours, zone: str, start: datetime, amount: timedelta) -> datetime:
    """The moment, in the hotel's zone, at which it has been open for `amount` since `start`.

    Time that runs out just as the hotel closes runs out then, not at the next opening.

    Raises:
        NeverOpen: the hotel is not open for that long within ten years.
        ValueError: `amount` is negative, `start` has no zone, or there is no such zone as `zone`.
    """
    if amount < timedelta():
        raise ValueError("business time does not run backwards")
    if not amount:
        return utc(start).astimezone(zone_info(zone))
    for opens, closes in _open_times(hours, zone, start, utc(start) + SEARCH_LIMIT):
        if amount <= closes - opens:
            return (opens + amount).astimezone(zone_info(zone))
        amount -= closes - opens
    raise NeverOpen


def _open_times(hours: BusinessHours, zone: str, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Pieces of open time within [start, end), in UTC, ordered, without overlap. Lazy."""
    for stretch in stretches(zone, start, end):
        yield from _open_in(hours, stretch)


def _open_in(hours: BusinessHours, stretch: Stretch) -> Iterator[tuple[datetime, datetime]]:
    counted = stretch.start
    day = stretch.local(stretch.start).date() - _DAY
    last = stretch.local(stretch.end).date()
    while day <= last:
        for opens, closes in _wall_clock(hours, day):
            begin, finish = max(stretch.utc(opens), counted), stretch.utc(closes)
            if begin < finish:
                yield begin, finish
                counted = finish
        day += _DAY


def _wall_clock(hours: BusinessHours, day: date) -> list[tuple[datetime, datetime]]:
    """The day's shifts as wall-clock times, earliest first."""
    return sorted(
        (
            datetime.combine(day, shift.opens),
            datetime.combine(day + _DAY if shift.closes <= shift.opens else day, shift.closes),
        )
        for shift in hours.shifts(day)
    )

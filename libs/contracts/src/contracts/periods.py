"""Ranges of days, and the periods (day to year) that figures are reported by, in the hotel's zone."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from contracts.event import Fact
from contracts.zones import day_start, utc, zone_info

_DAY = timedelta(days=1)


class DateRange(Fact):
    """The days from `first` to `last`, both included."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("the range ends before it starts")
        return self

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def each(self) -> Iterator[date]:
        """Every day, in order."""
        return (self.first + n * _DAY for n in range(self.days))

    def overlap(self, other: "DateRange") -> "DateRange | None":
        """The days in both, if any."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return DateRange(first=first, last=last) if first <= last else None

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """The first moment of the first day and the first moment after the last day, as seen in `zone`.

        Raises:
            ValueError: there is no such zone.
        """
        return day_start(self.first, zone), day_start(self.last + _DAY, zone)


class PeriodKind(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Period(Fact):
    """A calendar period: a day, an ISO week (Monday first), a month, a quarter or a year, named by its first day."""

    kind: PeriodKind
    first: date

    @model_validator(mode="after")
    def _starts_where_its_kind_does(self) -> Self:
        if self.first != _first_day(self.kind, self.first):
            raise ValueError(f"no {self.kind.value} starts on {self.first}")
        return self

    @classmethod
    def containing(cls, kind: PeriodKind, day: date) -> Self:
        """The period of that kind that `day` lies in."""
        return cls(kind=kind, first=_first_day(kind, day))

    @classmethod
    def at(cls, kind: PeriodKind, moment: datetime, zone: str) -> Self:
        """The period that `moment` lies in, as the hotel's calendar has it.

        Raises:
            ValueError: `moment` has no zone, or there is no such zone as `zone`.
        """
        return cls.containing(kind, utc(moment).astimezone(zone_info(zone)).date())

    @property
    def dates(self) -> DateRange:
        """The days of the period."""
        return DateRange(first=self.first, last=self.next().first - _DAY)

    def next(self) -> "Period":
        """The period of the same kind right after this one."""
        return Period(kind=self.kind, first=_following(self.kind, self.first))

    def previous(self) -> "Period":
        """The period of the same kind right before this one."""
        return Period.containing(self.kind, self.first - _DAY)

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """First moment and first moment after, aware, in `zone`. A day with a clock change has 23 or 25 hours.

        Raises:
            ValueError: there is no such zone.
        """
        return self.dates.bounds(zone)

    def __str__(self) -> str:
        year, week, _ = self.first.isocalendar()
        return {
            PeriodKind.DAY: self.first.isoformat(),
            PeriodKind.WEEK: f"{year}-W{week:02}",
            PeriodKind.MONTH: f"{self.first:%Y-%m}",
            PeriodKind.QUARTER: f"{self.first.year}-Q{(self.first.month + 2) // 3}",
            PeriodKind.YEAR: f"{self.first.year}",
        }[self.kind]


def _first_day(kind: PeriodKind, day: date) -> date:
    match kind:
        case PeriodKind.DAY:
            return day
        case PeriodKind.WEEK:
            return day - day.weekday() * _DAY
        case PeriodKind.MONTH:
            return day.replace(day=1)
        case PeriodKind.QUARTER:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case PeriodKind.YEAR:
            return day.replace(month=1, day=1)


def _following(kind: PeriodKind, first: date) -> date:
    longest = {
        PeriodKind.DAY: 1,
        PeriodKind.WEEK: 7,
        PeriodKind.MONTH: 31,
        PeriodKind.QUARTER: 92,
        PeriodKind.YEAR: 366,
    }[kind]
    return _first_day(kind, first + longest * _DAY)

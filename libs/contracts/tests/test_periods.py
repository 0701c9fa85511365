"""Periods follow the hotel's calendar and meet without gap."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.periods import DateRange, Period, PeriodKind

kinds = st.sampled_from(PeriodKind)
days = st.dates(min_value=date(2000, 1, 1), max_value=date(2040, 12, 31))


@given(kinds, days)
def test_periods_of_a_kind_cover_the_calendar_once(kind: PeriodKind, day: date) -> None:
    period = Period.containing(kind, day)
    assert day in period.dates
    assert period.next().first == period.dates.last + timedelta(days=1)
    assert period.next().previous() == period
    assert Period.model_validate_json(period.model_dump_json()) == period


@given(kinds, days, st.sampled_from(["Europe/Vienna", "America/New_York", "Asia/Beirut", "Pacific/Auckland"]))
def test_a_period_ends_at_the_moment_the_next_one_starts(kind: PeriodKind, day: date, zone: str) -> None:
    period = Period.containing(kind, day)
    start, end = period.bounds(zone)
    assert start < end == period.next().bounds(zone)[0]
    assert Period.at(kind, start, zone) == period
    assert Period.at(kind, end, zone) == period.next()


def test_a_day_with_a_clock_change_has_23_or_25_hours() -> None:
    def hours(day: date) -> float:
        start, end = Period.containing(PeriodKind.DAY, day).bounds("Europe/Vienna")
        return (end.astimezone(UTC) - start.astimezone(UTC)) / timedelta(hours=1)

    assert [hours(date(2026, 3, 29)), hours(date(2026, 10, 25)), hours(date(2026, 6, 1))] == [23, 25, 24]


def test_the_hotels_zone_decides_which_day_it_is() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert str(Period.at(PeriodKind.YEAR, late, "Europe/Vienna")) == "2027"
    assert str(Period.at(PeriodKind.YEAR, late, "America/New_York")) == "2026"


def test_periods_are_named_as_people_name_them() -> None:
    day = date(2027, 1, 1)
    assert [str(Period.containing(kind, day)) for kind in PeriodKind] == [
        "2027-01-01",
        "2026-W53",
        "2027-01",
        "2027-Q1",
        "2027",
    ]


def test_a_period_starts_where_its_kind_does() -> None:
    with pytest.raises(ValidationError):
        Period(kind=PeriodKind.MONTH, first=date(2026, 1, 2))


def test_ranges_overlap_in_the_days_that_are_in_both() -> None:
    march = DateRange(first=date(2026, 3, 1), last=date(2026, 3, 31))
    stay = DateRange(first=date(2026, 3, 30), last=date(2026, 4, 2))
    assert march.overlap(stay) == DateRange(first=date(2026, 3, 30), last=date(2026, 3, 31))
    assert stay.overlap(DateRange(first=date(2026, 5, 1), last=date(2026, 5, 1))) is None
    assert len(list(march.each())) == march.days == 31
    with pytest.raises(ValidationError):
        DateRange(first=date(2026, 3, 2), last=date(2026, 3, 1))

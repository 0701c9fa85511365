"""Days start when the hotel's clock says so, whatever daylight saving does."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.zones import TimeZone, day_start, stretches, utc

ZONES = ["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "Asia/Beirut"]
names: TypeAdapter[str] = TypeAdapter(TimeZone)


@pytest.mark.parametrize(
    "name", ["", "Vienna", "CEST+99", "../etc/passwd", "/etc/localtime", "Europe", "Europe/Vienna\x00"]
)
def test_what_is_no_iana_zone_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        names.validate_python(name)


def test_an_iana_zone_is_taken() -> None:
    assert names.validate_python("America/Argentina/Buenos_Aires") == "America/Argentina/Buenos_Aires"


@given(st.dates(min_value=date(2015, 1, 1), max_value=date(2030, 12, 31)), st.sampled_from(ZONES))
def test_the_first_moment_of_a_day_is_of_that_day_and_the_moment_before_is_not(day: date, zone: str) -> None:
    start = day_start(day, zone)
    before = (utc(start) - timedelta(microseconds=1)).astimezone(start.tzinfo)
    assert start.date() == day
    assert before.date() == day - timedelta(days=1)


def test_where_clocks_jump_over_midnight_the_day_starts_at_one() -> None:
    assert day_start(date(2024, 3, 31), "Asia/Beirut").isoformat() == "2024-03-31T01:00:00+03:00"


def test_a_day_that_the_zone_left_out_is_empty() -> None:
    assert day_start(date(2011, 12, 30), "Pacific/Apia") == day_start(date(2011, 12, 31), "Pacific/Apia")


def test_stretches_meet_without_gap_and_keep_their_offset() -> None:
    start, end = datetime(2026, 1, 1, 12, 30, 0, 5, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    found = list(stretches("Europe/Vienna", start, end))
    assert [part.offset for part in found] == [timedelta(hours=hours) for hours in (1, 2, 1)]
    assert [part.start for part in found[1:]] == [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    ]
    assert [part.end for part in found[:-1]] == [part.start for part in found[1:]]
    assert (found[0].start, found[-1].end) == (start, end)


def test_a_time_without_zone_has_no_meaning() -> None:
    with pytest.raises(ValueError, match="no zone"):
        utc(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point

"""Business time, against a clerk who looks at the clock on the wall once a minute."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.hours import (
    ALWAYS_OPEN,
    SEARCH_LIMIT,
    BusinessHours,
    NeverOpen,
    Shift,
    add_business_time,
    business_time_between,
    is_open,
    next_closing,
    next_opening,
)

VIENNA = "Europe/Vienna"
MINUTE = timedelta(minutes=1)


def shift(opens: str, closes: str) -> Shift:
    return Shift(opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))


def vienna(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(VIENNA), fold=fold)


def week(*shifts: Shift) -> BusinessHours:
    return BusinessHours(weekly=dict.fromkeys(range(7), shifts))


def the_clerk_sees_open(hours: BusinessHours, zone: str, at: datetime) -> bool:
    """Reads the wall clock and the sign on the door; knows nothing of offsets."""
    wall = at.astimezone(ZoneInfo(zone))
    now, today, yesterday = wall.time(), wall.date(), wall.date() - timedelta(days=1)

    def on(day: date) -> tuple[Shift, ...]:
        return hours.exceptions[day] if day in hours.exceptions else hours.weekly.get(day.weekday(), ())

    for one in on(today):
        over_midnight = one.closes <= one.opens
        if one.opens <= now and (over_midnight or now < one.closes):
            return True
    return any(one.closes <= one.opens and now < one.closes for one in on(yesterday))


times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
shifts = st.builds(Shift, opens=times, closes=times)
some_shifts = st.lists(shifts, max_size=3).map(tuple)
CHANGES = [
    ("Europe/Vienna", date(2026, 3, 29)),
    ("Europe/Vienna", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Asia/Beirut", date(2024, 3, 31)),
    ("America/Havana", date(2024, 11, 3)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2026, 6, 1)),
]


@st.composite
def cases(draw: st.DrawFn) -> tuple[BusinessHours, str, datetime, datetime]:
    zone, change = draw(st.sampled_from(CHANGES))
    around = [change + timedelta(days=n) for n in range(-2, 3)]
    hours = BusinessHours(
        weekly=draw(st.dictionaries(st.integers(0, 6), some_shifts)),
        exceptions=draw(st.dictionaries(st.sampled_from(around), some_shifts, max_size=2)),
    )
    noon = datetime.combine(change, time(12), tzinfo=UTC)
    start = noon + draw(st.integers(-48 * 60, 24 * 60)) * MINUTE
    return hours, zone, start, start + draw(st.integers(0, 36 * 60)) * MINUTE


@settings(max_examples=120)
@given(cases())
def test_business_time_is_what_a_clerk_counts_minute_by_minute(
    case: tuple[BusinessHours, str, datetime, datetime],
) -> None:
    hours, zone, start, end = case
    minutes = [start + n * MINUTE for n in range(int((end - start) / MINUTE))]
    seen = [the_clerk_sees_open(hours, zone, minute) for minute in minutes]
    assert business_time_between(hours, zone, start, end) == sum(seen) * MINUTE
    for minute, open_then in list(zip(minutes, seen, strict=True))[::17]:
        assert is_open(hours, zone, minute) == open_then
    opening = next_opening(hours, zone, start)
    first = next((minute for minute, open_then in zip(minutes, seen, strict=True) if open_then), None)
    # As moments: within an hour that clocks repeat, Python finds no time of one zone equal to one of another (PEP 495).
    found = opening and opening.astimezone(UTC)
    assert found == first if first else found is None or found >= end


@settings(max_examples=120)
@given(cases(), st.integers(0, 5000))
def test_adding_business_time_ends_where_that_much_has_passed(
    case: tuple[BusinessHours, str, datetime, datetime], minutes: int
) -> None:
    hours, zone, start, _ = case
    amount = minutes * MINUTE
    try:
        end = add_business_time(hours, zone, start, amount)
    except NeverOpen:
        assert business_time_between(hours, zone, start, start + SEARCH_LIMIT) < amount
        return
    assert business_time_between(hours, zone, start, end) == amount
    if amount:
        assert business_time_between(hours, zone, start, end - timedelta(microseconds=1)) < amount


def test_a_split_day_counts_its_shifts_and_not_the_break() -> None:
    hours = week(shift("08:00", "12:00"), shift("14:00", "18:00"))
    assert (
        business_time_between(hours, VIENNA, vienna("2026-06-01T11:00"), vienna("2026-06-01T15:00")) == 2 * 60 * MINUTE
    )
    assert add_business_time(hours, VIENNA, vienna("2026-06-01T11:30"), 60 * MINUTE) == vienna("2026-06-01T14:30")


def test_time_that_runs_out_at_closing_runs_out_at_closing() -> None:
    hours = week(shift("08:00", "12:00"))
    assert add_business_time(hours, VIENNA, vienna("2026-06-01T11:00"), 60 * MINUTE) == vienna("2026-06-01T12:00")


def test_a_night_shift_belongs_to_the_day_it_starts_on() -> None:
    hours = BusinessHours(weekly={4: (shift("22:00", "02:00"),)})  # Friday night
    assert is_open(hours, VIENNA, vienna("2026-06-06T01:59"))
    assert not is_open(hours, VIENNA, vienna("2026-06-06T02:00"))
    assert not is_open(hours, VIENNA, vienna("2026-06-05T01:00"))


def test_the_night_before_a_holiday_goes_on_until_it_ends() -> None:
    hours = BusinessHours(
        weekly=dict.fromkeys(range(7), (shift("22:00", "06:00"),)), exceptions={date(2026, 12, 25): ()}
    )
    assert is_open(hours, VIENNA, vienna("2026-12-25T05:00"))
    assert not is_open(hours, VIENNA, vienna("2026-12-25T23:00"))
    assert not is_open(hours, VIENNA, vienna("2026-12-26T05:00"))


def test_the_night_the_clocks_change_has_an_hour_less_or_more() -> None:
    night = week(shift("22:00", "06:00"))

    def hours_of(start: str, end: str) -> float:
        return business_time_between(night, VIENNA, vienna(start), vienna(end)) / (60 * MINUTE)

    assert hours_of("2026-03-28T12:00", "2026-03-29T12:00") == 7
    assert hours_of("2026-10-24T12:00", "2026-10-25T12:00") == 9


def test_a_hotel_that_opens_on_one_day_only_opens_then() -> None:
    hours = BusinessHours(weekly={}, exceptions={date(2027, 1, 1): (shift("10:00", "11:00"),)})
    assert next_opening(hours, VIENNA, vienna("2026-02-01T00:00")) == vienna("2027-01-01T10:00")
    assert next_opening(hours, VIENNA, vienna("2027-01-01T11:00")) is None


def test_a_hotel_that_never_opens_is_never_late() -> None:
    closed = BusinessHours(weekly={})
    with pytest.raises(NeverOpen):
        add_business_time(closed, VIENNA, vienna("2026-06-01T11:00"), MINUTE)
    assert business_time_between(closed, VIENNA, vienna("2026-06-01T11:00"), vienna("2026-07-01T11:00")) == timedelta()


def test_a_reception_that_never_closes_counts_every_minute() -> None:
    start, end = vienna("2026-01-01T00:00"), vienna("2027-01-01T00:00")
    assert business_time_between(ALWAYS_OPEN, VIENNA, start, end) == timedelta(days=365)


def test_it_is_not_counted_backwards_and_not_without_a_zone() -> None:
    start = vienna("2026-06-01T11:00")
    assert business_time_between(ALWAYS_OPEN, VIENNA, start, start - MINUTE) == timedelta()
    with pytest.raises(ValueError, match="backwards"):
        add_business_time(ALWAYS_OPEN, VIENNA, start, -MINUTE)
    with pytest.raises(ValueError, match="no zone"):
        is_open(ALWAYS_OPEN, VIENNA, datetime(2026, 6, 1))  # noqa: DTZ001 - that is the point


def test_hours_travel_as_json() -> None:
    hours = BusinessHours(weekly={0: (shift("08:00", "12:30"),)}, exceptions={date(2026, 12, 25): ()})
    assert BusinessHours.model_validate_json(hours.model_dump_json()) == hours


@pytest.mark.parametrize("written", ["08:00:30", "08:00Z", "24:00", "08:00:00.5"])
def test_a_shift_is_in_whole_minutes_of_the_wall_clock(written: str) -> None:
    with pytest.raises(ValidationError):
        Shift.model_validate_json(f'{{"opens": "{written}", "closes": "12:00"}}')


def test_an_open_hotel_closes_at_the_end_of_its_shift() -> None:
    hours = week(shift("08:00", "12:00"), shift("14:00", "18:00"))
    assert next_closing(hours, VIENNA, vienna("2026-06-01T09:30")) == vienna("2026-06-01T12:00")


def test_shifts_that_touch_close_once_also_over_midnight() -> None:
    hours = week(shift("08:00", "16:00"), shift("16:00", "02:00"))
    assert next_closing(hours, VIENNA, vienna("2026-06-01T09:30")) == vienna("2026-06-02T02:00")


def test_a_closed_hotel_and_one_that_never_closes_have_no_closing() -> None:
    assert next_closing(week(shift("08:00", "12:00")), VIENNA, vienna("2026-06-01T12:00")) is None
    assert next_closing(ALWAYS_OPEN, VIENNA, vienna("2026-06-01T12:00")) is None


@given(st.dictionaries(st.integers(0, 6), some_shifts), st.integers(0, 275 * 24 * 60))
@settings(max_examples=60, deadline=None)
def test_until_it_closes_it_is_open_and_then_it_is_not(weekly: dict[int, tuple[Shift, ...]], minute: int) -> None:
    hours, now = BusinessHours(weekly=weekly), datetime(2026, 3, 1, tzinfo=UTC) + minute * MINUTE
    closes = next_closing(hours, VIENNA, now)
    if closes is None:
        return
    assert not is_open(hours, VIENNA, closes)
    while now < closes:
        assert is_open(hours, VIENNA, now)
        now += timedelta(minutes=15)

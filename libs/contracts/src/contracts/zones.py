"""Time zones: the value, and how wall-clock time lies on the time line. Everything that meets DST goes through here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1024)
def zone_info(name: str) -> ZoneInfo:
    """The zone of that name.

    Raises:
        ValueError: there is no such IANA time zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone") from error


def _time_zone(name: str) -> str:
    zone_info(name)
    return name


TimeZone = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$",
        max_length=64,
        description="IANA name, e.g. `Europe/Vienna`",
    ),
    AfterValidator(_time_zone),
]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time in which a zone's offset stays the same: from `start` up to, not including, `end` (UTC)."""

    start: datetime
    end: datetime
    offset: timedelta

    def local(self, at: datetime) -> datetime:
        """What the wall clock shows at `at`, without zone."""
        return at.replace(tzinfo=None) + self.offset

    def utc(self, local: datetime) -> datetime:
        """When the wall clock shows `local`, kept within the stretch."""
        return min(max((local - self.offset).replace(tzinfo=UTC), self.start), self.end)


def utc(at: datetime) -> datetime:
    """`at` in UTC.

    Raises:
        ValueError: `at` has no zone; its meaning would depend on the machine.
    """
    if at.utcoffset() is None:
        raise ValueError("the time has no zone")
    return at.astimezone(UTC)


def stretches(zone: str, start: datetime, end: datetime) -> Iterator[Stretch]:
    """The stretches of equal offset that make up [start, end). Lazy.

    Offsets are looked at once a day; no zone has changed its clocks twice within one.
    """
    info = zone_info(zone)
    begin, at, end = utc(start), utc(start), utc(end)
    offset = _offset(info, at)
    while at < end:
        ahead = min(at + _DAY, end)
        if _offset(info, ahead) != offset:
            change = _change(info, at, ahead, offset)
            if change >= end:
                break
            yield Stretch(begin, change, offset)
            begin, ahead, offset = change, change, _offset(info, change)
        at = ahead
    if begin < end:
        yield Stretch(begin, end, offset)


def day_start(day: date, zone: str) -> datetime:
    """The first moment of that day in `zone`, as an aware datetime there.

    It is not midnight where clocks jump over midnight (Beirut), and a day that a zone left out
    (Apia, 30 December 2011) starts where the next one does.
    """
    midnight = datetime.combine(day, time())
    around = midnight.replace(tzinfo=UTC)
    info = zone_info(zone)
    for stretch in stretches(zone, around - 2 * _DAY, around + 2 * _DAY):
        if stretch.local(stretch.end) > midnight:
            return stretch.utc(midnight).astimezone(info)
    raise AssertionError("every day starts within two days of its midnight in UTC")


def _offset(info: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(info).utcoffset()
    assert offset is not None
    return offset


def _change(info: ZoneInfo, low: datetime, high: datetime, before: timedelta) -> datetime:
    """When the offset stops being `before`, in (low, high]. Clocks change on whole seconds."""
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        if _offset(info, middle) == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)

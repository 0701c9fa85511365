"""The parts of this service's cursors, checked: a cursor comes from outside and may be anything."""

from datetime import UTC, datetime
from uuid import UUID

from contracts.values import Priority
from servicekit.pagination import BadCursor


def cursor_id(part: object) -> UUID:
    """An id in a cursor.

    Raises:
        BadCursor: it is none.
    """
    try:
        return UUID(str(part))
    except ValueError as error:
        raise BadCursor(pointer="query:cursor") from error


def cursor_time(part: object) -> datetime:
    """A time in a cursor.

    Raises:
        BadCursor: it is none, has no zone, or is out of this world in UTC.
    """
    try:
        time = datetime.fromisoformat(str(part))
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadCursor(pointer="query:cursor") from error
    raise BadCursor(pointer="query:cursor")


def cursor_priority(part: object) -> Priority:
    """A priority in a cursor.

    Raises:
        BadCursor: it is none.
    """
    try:
        return Priority(part)  # pyright: ignore[reportArgumentType]  # whatever it is: the enum says no
    except ValueError as error:
        raise BadCursor(pointer="query:cursor") from error


def cursor_version(part: object) -> int:
    """A version in a cursor.

    Raises:
        BadCursor: it is none.
    """
    if type(part) is not int or not 0 < part < 2**31:
        raise BadCursor(pointer="query:cursor")
    return part

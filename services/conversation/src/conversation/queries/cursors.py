"""The place in a list that is ordered by time, then id, as its cursor has it; a cursor comes from outside and may be anything."""

from datetime import UTC, datetime
from uuid import UUID

from servicekit.pagination import BadCursor, PageRequest


def time_and_id(page: PageRequest) -> tuple[datetime, UUID] | None:
    """Where the page begins; None for the first.

    Raises:
        BadCursor: it is none of such a list.
    """
    position = page.position(2)
    if position is None:
        return None
    try:
        time = datetime.fromisoformat(str(position[0]))
        if time.tzinfo is not None:
            return time.astimezone(UTC), UUID(str(position[1]))
    except (ValueError, OverflowError) as error:
        raise BadCursor(pointer="query:cursor") from error
    raise BadCursor(pointer="query:cursor")

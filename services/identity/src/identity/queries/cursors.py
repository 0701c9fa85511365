"""Cursors of lists whose order ends in an id or a number, read back with care: anybody may send anything."""

from uuid import UUID

from servicekit.pagination import BadCursor, PageRequest


def after_id(page: PageRequest) -> UUID | None:
    """The id after which the page starts.

    Raises:
        BadCursor: the cursor is of another list.
    """
    position = page.position(1)
    return None if position is None else _id(position[0])


def after_name_and_id(page: PageRequest) -> tuple[str, UUID] | None:
    """The name and id after which the page starts.

    Raises:
        BadCursor: the cursor is of another list.
    """
    position = page.position(2)
    if position is None:
        return None
    if "\x00" in str(position[0]):
        raise BadCursor(pointer="query:cursor")
    return str(position[0]), _id(position[1])


def after_number_and_id(page: PageRequest) -> tuple[int, UUID] | None:
    """The rank and id after which the page starts.

    Raises:
        BadCursor: the cursor is of another list.
    """
    position = page.position(2)
    if position is None:
        return None
    if not isinstance(position[0], int) or not 0 <= position[0] < 2**31:
        raise BadCursor(pointer="query:cursor")
    return position[0], _id(position[1])


def before_number(page: PageRequest) -> int | None:
    """The number before which the page starts.

    Raises:
        BadCursor: the cursor is of another list.
    """
    position = page.position(1)
    if position is None:
        return None
    if not isinstance(position[0], int) or not 0 <= position[0] < 2**63:
        raise BadCursor(pointer="query:cursor")
    return position[0]


def _id(part: object) -> UUID:
    try:
        return UUID(str(part))
    except ValueError:
        raise BadCursor(pointer="query:cursor") from None

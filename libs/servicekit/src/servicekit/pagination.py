"""Cursor pagination: a page of items and an opaque cursor to the next one. No offsets: rows move while people read."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from contracts.errors import Invalid
from servicekit.commands import unstorable

T = TypeVar("T")

DEFAULT_LIMIT, MAX_LIMIT, MAX_CURSOR = 25, 100, 1024


class BadCursor(Invalid):
    """The cursor is not one this service made."""

    slug, title = "bad-cursor", "The cursor is not valid"


class Page(BaseModel, Generic[T]):
    """One page. `next_cursor` is None on the last one."""

    items: list[T]
    next_cursor: str | None = Field(default=None, description="give it as `cursor` to read on; opaque")


def encode_cursor(*position: object) -> str:
    """A cursor for the position after the last item, e.g. its sort values and id (as text or numbers)."""
    return (
        base64.urlsafe_b64encode(json.dumps(position, default=str, separators=(",", ":")).encode()).decode().rstrip("=")
    )


def decode_cursor(cursor: str, parts: int | None = None) -> tuple[Any, ...]:  # Any: JSON scalars; callers convert
    """The position in a cursor; with `parts`, exactly that many values.

    Raises:
        BadCursor: made up, cut off, or of another list.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        position: object = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadCursor(pointer="query:cursor") from error
    if not isinstance(position, list) or any(isinstance(part, list | dict) for part in position):  # pyright: ignore[reportUnknownVariableType]  # any JSON
        raise BadCursor(pointer="query:cursor")
    if unstorable(position):  # pyright: ignore[reportUnknownArgumentType]  # any JSON
        raise BadCursor(pointer="query:cursor")
    if parts is not None and len(position) != parts:  # pyright: ignore[reportUnknownArgumentType]  # any JSON
        raise BadCursor(pointer="query:cursor")
    return tuple(position)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # any JSON


class PageRequest:
    """Which page is wanted: `limit` (1 to 100) and `cursor`."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="items per page")] = DEFAULT_LIMIT,
        cursor: Annotated[
            str | None, Query(max_length=MAX_CURSOR, description="`next_cursor` of the page before")
        ] = None,
    ) -> None:
        self.limit = limit
        self.cursor = cursor

    def position(self, parts: int | None = None) -> tuple[Any, ...] | None:
        """Where the page starts; None for the first.

        Raises:
            BadCursor: the cursor is not ours.
        """
        return decode_cursor(self.cursor, parts) if self.cursor else None

    def page(self, items: Sequence[T], *position: object) -> Page[T]:
        """A page of `items`, asked for with `limit + 1`: one more than the limit means there is a next page,
        which starts after `position`, that of the last item shown."""
        more = len(items) > self.limit
        return Page(items=list(items[: self.limit]), next_cursor=encode_cursor(*position) if more else None)


PageQuery = Annotated[PageRequest, Depends()]

"""How people like their pages: preferences of an account, and named filters of the dashboard's lists. Pure."""

from enum import StrEnum

from contracts.errors import Conflict, Forbidden

MAX_VIEWS = 100
"""Saved views of one member in one hotel."""


class TimeFormat(StrEnum):
    """How times of day are written."""

    H12 = "12h"
    H24 = "24h"


class ListKind(StrEnum):
    """The dashboard's lists that can be filtered."""

    CONVERSATIONS = "conversations"
    ESCALATIONS = "escalations"
    CALLS = "calls"
    GUESTS = "guests"
    ARTICLES = "articles"
    USERS = "users"
    AUDIT = "audit"


class TooManyViews(Conflict):
    """Somebody keeps as many views as they may."""

    slug, title = "too-many-views", f"You keep {MAX_VIEWS} views already; delete one first"


class NotYourView(Forbidden):
    """A colleague shares the view; only they change it."""

    slug, title = "not-your-view", "A colleague shares this view; only they change or delete it"


def check_room(views: int) -> None:
    """Somebody who keeps so many views may save one more.

    Raises:
        TooManyViews: they may not.
    """
    if views >= MAX_VIEWS:
        raise TooManyViews

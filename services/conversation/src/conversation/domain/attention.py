"""Which articles somebody should look at again: old ones that are in use, and those that readers found of no help. Pure."""

from enum import StrEnum

BADLY_RATED = 2
"""Unhelpful marks from which, where helpful ones are fewer, an article counts as badly rated: one may be a slip."""


class Why(StrEnum):
    """Why an article needs a look."""

    NOT_UPDATED = "not_updated"
    RATED_BADLY = "rated_badly"


def needs_a_look(*, old: bool, uses: int, helpful: int, unhelpful: int) -> tuple[Why, ...]:
    """Why a published article needs a look; empty where it does not.

    Args:
        old: whether it was last changed longer ago than the hotel wants.
        uses: answers it was a source of, lately.
        helpful: marks since its last change.
        unhelpful: the same.
    """
    found: list[Why] = []
    if old and uses:
        found.append(Why.NOT_UPDATED)
    if unhelpful >= BADLY_RATED and unhelpful > helpful:
        found.append(Why.RATED_BADLY)
    return tuple(found)

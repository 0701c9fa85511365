"""Why somebody should look at a hotel: one line a reason, over the events that tell of it. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contracts.event import Event
from contracts.events import ArticleCreated, ArticleDeleted, ArticlePublished, ArticleUnpublished, ArticleUpdated


class AttentionReason(StrEnum):
    """Why a hotel needs attention."""

    EMPTY_KNOWLEDGE_BASE = "empty_knowledge_base"


@dataclass(frozen=True, slots=True)
class Sign:
    """What a reason follows: objects of the hotel, each of which holds or does not.

    Attributes:
        events: each with the object's version, newest last.
        object_id: the events' field that names the object.
        holds: whether the object holds after the event.
        wanted: True if the hotel needs attention while no object holds, False if it does while one holds.
    """

    reason: AttentionReason
    events: tuple[type[Event], ...]
    object_id: str
    holds: Callable[[Any], bool]  # Any: one of `events`
    wanted: bool


_ARTICLE = (ArticleCreated, ArticleUpdated, ArticlePublished, ArticleUnpublished, ArticleDeleted)

SIGNS: tuple[Sign, ...] = (
    Sign(AttentionReason.EMPTY_KNOWLEDGE_BASE, _ARTICLE, "article_id", lambda event: event.published, wanted=True),
)
"""Every reason. Another one is a member of the enum and a line here; the rest follows."""


def reasons(held: Collection[AttentionReason], signs: Collection[Sign] = SIGNS) -> list[AttentionReason]:
    """Why a hotel needs attention in which an object holds for each of the reasons `held`."""
    return [sign.reason for sign in signs if (sign.reason in held) is not sign.wanted]

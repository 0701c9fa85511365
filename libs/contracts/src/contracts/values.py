"""Shared values of the domain, validated on construction, pure."""

from enum import IntEnum, StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field


class Channel(StrEnum):
    """Where a guest talks to the hotel."""

    WIDGET = "widget"
    PHONE = "phone"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    EMAIL = "email"


class Priority(IntEnum):
    """How urgent; a higher number goes first."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4


class TurnAction(StrEnum):
    """What the AI did with a turn. Code acts on this, never on the text."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    SMALL_TALK = "small_talk"
    HAND_OVER = "hand_over"


class HandOverReason(StrEnum):
    """Why a conversation went to staff."""

    GUEST_ASKED = "guest_asked"
    LOW_CONFIDENCE = "low_confidence"
    NO_ARTICLE = "no_article"
    NEVER_AUTO_TOPIC = "never_auto_topic"
    UPSET = "upset"
    RULE = "rule"
    STAFF = "staff"


class NeverAutoTopic(StrEnum):
    """What a hotel keeps from the AI."""

    BILLING = "billing"
    REFUND = "refund"
    CANCELLATION = "cancellation"
    COMPLAINT = "complaint"


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone") from error
    return name


LanguageTag = Annotated[
    str,
    Field(
        pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$", max_length=12, description="BCP 47, e.g. `de` or `pt-BR`"
    ),
]
TimeZone = Annotated[str, AfterValidator(_time_zone), Field(description="IANA name, e.g. `Europe/Vienna`")]
Phone = Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$", description="E.164, e.g. `+4312345678`")]

"""Shared values of the domain, validated on construction, pure. Those with rules of their own have modules of their own."""

from enum import IntEnum, StrEnum
from typing import Annotated

from pydantic import Field

from contracts.contact import Address, CountryCode, Email, Phone
from contracts.language import LanguageTag, base_language, normalise_language
from contracts.money import Currency, Money
from contracts.periods import DateRange, Period, PeriodKind
from contracts.zones import TimeZone

__all__ = [
    "Address",
    "Channel",
    "Confidence",
    "CountryCode",
    "Currency",
    "DateRange",
    "Email",
    "HandOverReason",
    "LanguageTag",
    "ModelName",
    "Money",
    "NeverAutoTopic",
    "Period",
    "PeriodKind",
    "Phone",
    "Priority",
    "SatisfactionRating",
    "Slug",
    "TimeZone",
    "TurnAction",
    "UsageKind",
    "UsageUnit",
    "Word",
    "base_language",
    "normalise_language",
]


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


class UsageKind(StrEnum):
    """What costs money outside."""

    MODEL = "model"
    TELEPHONY = "telephony"
    MESSAGING = "messaging"
    REPORTS = "reports"


class UsageUnit(StrEnum):
    """What it is counted in."""

    REQUEST = "request"
    INPUT = "input_token"
    CACHED_INPUT = "cached_input_token"
    """Of the input, what the provider had read before; it is counted among the input, too."""
    OUTPUT = "output_token"
    SECOND = "second"
    MESSAGE = "message"


Confidence = Annotated[
    float, Field(ge=0, le=1, description="calibrated: of answers given at 0.8, four in five are right")
]
SatisfactionRating = Annotated[int, Field(ge=1, le=5, description="a guest's rating, 5 is best")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", description="name in addresses, unique")]
Word = Annotated[
    str,
    Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$", description="a name from our own vocabulary, never what people wrote"),
]
ModelName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$", description="as its provider calls it")
]

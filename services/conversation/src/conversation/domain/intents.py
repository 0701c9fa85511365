"""What a guest's text is besides a question: a wish for a human, small talk, anger, a demand on a kept topic. Pure.

Patterns work on the normal form (case-folded, no accents) and are tried in every language at once: guests mix them,
and a missed "Ich will mein Geld zurück" costs more than one pattern too many. Each language's patterns are in `phrases.py`.
"""

from dataclasses import dataclass
from enum import StrEnum

from contracts.values import NeverAutoTopic
from conversation.domain import phrases
from conversation.domain.text import content_words, normalise, words


class SmallTalk(StrEnum):
    """Talk that wants a kind word, no article."""

    GREETING = "greeting"
    THANKS = "thanks"
    BYE = "bye"
    WHO_ARE_YOU = "who_are_you"


@dataclass(frozen=True, slots=True)
class Intents:
    """What was recognised.

    Attributes:
        human: the guest asks for a person.
        small_talk: the text is nothing but small talk of this kind.
        upset: the guest is angry, insulted or in despair.
        emergency: somebody may be in danger; staff must know at once.
        demands: kept topics on which the guest wants something done ("cancel my booking").
        mentions: kept topics that are only asked about ("what is your cancellation policy?").
    """

    human: bool = False
    small_talk: SmallTalk | None = None
    upset: bool = False
    emergency: bool = False
    demands: frozenset[NeverAutoTopic] = frozenset()
    mentions: frozenset[NeverAutoTopic] = frozenset()


def recognise(text: str) -> Intents:
    """The intents of one turn's text."""
    normal = normalise(text)
    demands = frozenset(topic for topic, pattern in phrases.DEMANDS.items() if pattern.search(normal))
    mentions = frozenset(topic for topic, pattern in phrases.MENTIONS.items() if pattern.search(normal)) - demands
    return Intents(
        human=bool(phrases.HUMAN.search(normal)),
        small_talk=_small_talk(normal),
        upset=_upset(text, normal),
        emergency=bool(phrases.EMERGENCY.search(normal)),
        demands=demands,
        mentions=mentions,
    )


def _small_talk(normal: str) -> SmallTalk | None:
    """Small talk only where nothing else is left: "Hi, is there a pool?" is a question."""
    if phrases.WHO_ARE_YOU.search(normal):
        return SmallTalk.WHO_ARE_YOU
    found: SmallTalk | None = None
    rest = normal
    for kind, pattern in (
        (SmallTalk.BYE, phrases.BYE),
        (SmallTalk.THANKS, phrases.THANKS),
        (SmallTalk.GREETING, phrases.GREETING),
    ):
        shorter = pattern.sub(" ", rest)
        if shorter != rest and found is None:
            found = kind
        rest = shorter
    if found is None:
        return None
    left = phrases.POLITE.sub(" ", rest)
    return None if content_words(left) or len(words(left)) > 3 or "?" in left else found


def _upset(text: str, normal: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    shouting = len(letters) >= 20 and sum(character.isupper() for character in letters) > 0.8 * len(letters)
    return bool(phrases.UPSET.search(normal)) or "!!!" in text or (shouting and "!" in text)

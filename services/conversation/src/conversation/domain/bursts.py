"""When a turn closes: whether a guest's message is a whole question, or more is about to follow. Pure."""

import re
from datetime import timedelta

from conversation.domain.text import words

MAX_HOLD = timedelta(milliseconds=1500)
"""The longest a turn is held for more messages, counted from its first one."""

_GREETINGS: frozenset[str] = frozenset(
    [
        "hi",
        "hello",
        "hey",
        "hallo",
        "hoi",
        "servus",
        "moin",
        "ola",
        "hola",
        "bonjour",
        "bonsoir",
        "salut",
        "ciao",
        "buongiorno",
        "buonasera",
        "good",
        "guten",
        "morning",
        "morgen",
        "tag",
        "abend",
        "evening",
        "afternoon",
        "goedemorgen",
        "goedenavond",
        "bom",
        "dia",
        "boa",
        "tarde",
        "noite",
        "buenos",
        "buenas",
        "dias",
        "tardes",
        "noches",
        "gruss",
        "grüß",
        "gott",
        "grussgott",
        "there",
        "zusammen",
        "nihao",
        "marhaba",
    ]
)
_LEADS_ON = frozenset(
    [
        "and",
        "or",
        "but",
        "because",
        "so",
        "also",
        "plus",
        "if",
        "und",
        "oder",
        "aber",
        "weil",
        "wenn",
        "auch",
        "et",
        "ou",
        "mais",
        "parce",
        "que",
        "y",
        "o",
        "pero",
        "porque",
        "si",
        "e",
        "ma",
        "perche",
        "se",
        "en",
        "of",
        "maar",
        "omdat",
        "mas",
    ]
)
_OPEN_END = re.compile(r"(?:[,;:\-–—(]|\.\.\.?|…)\s*$")
_CLOSED_END = re.compile(r"[.!?。！？؟][\"'”»)\s]*$")


def is_complete(text: str) -> bool:
    """Whether the message can be answered as it stands. "Hello", "one more thing:" and "we have a dog and" can't."""
    if _OPEN_END.search(text):
        return False
    found = words(text)
    if not found or all(word in _GREETINGS for word in found):
        return not found  # a lone "?" or an emoji is all there will be
    return bool(_CLOSED_END.search(text)) or found[-1] not in _LEADS_ON

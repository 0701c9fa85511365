"""Which questions a turn holds: guests ask two things in one breath, and follow up in half sentences. Pure."""

import re

from conversation.domain.text import content_words, normalise, sentences

AT_MOST = 3
"""Questions of one turn that are answered one by one; a longer list is read as a whole."""
_ASKS = ("?", "？", "؟")
_FOLLOW_UP = re.compile(
    r"^(?:and|what about|how about|or|so|also|but|und|oder|wie sieht es|wie ist es|auch|aber|et|ou|aussi|mais|y|o|tambien|pero"
    r"|e|anche|oppure|en|of|ook|maar|tambem|mas)\b"
)


def questions(text: str) -> tuple[str, ...]:
    """The separate questions of a turn, or the whole text where there is one or none.

    A sentence that is no question ("I'm a coeliac.") belongs to the question after it.
    """
    parts = [sentence for line in text.splitlines() for sentence in sentences(line)]
    asked: list[str] = []
    before: list[str] = []
    for part in parts:
        before.append(part)
        if part.rstrip().endswith(_ASKS) and content_words(part):
            asked.append(" ".join(before))
            before = []
    if len(asked) < 2 or len(asked) > AT_MOST:
        return (" ".join(parts) or text,)
    if any(content_words(part) for part in before):
        asked[-1] = " ".join([asked[-1], *before])
    return tuple(asked)


def core(text: str) -> str | None:
    """The one sentence that asks, where the rest only leads up to it; None where that would say too little."""
    parts = [sentence for line in text.splitlines() for sentence in sentences(line)]
    asked = [part for part in parts if part.rstrip().endswith(_ASKS)]
    return asked[0] if len(parts) > 1 and len(asked) == 1 and len(content_words(asked[0])) > 1 else None


def follow_up(text: str) -> bool:
    """Whether a text leans on what was said before: "And on Sundays?", "How much is it?"."""
    return len(content_words(text)) <= 1 or bool(_FOLLOW_UP.match(normalise(text)) and len(content_words(text)) <= 3)

"""Writes the AI's replies: sentences of the hotel's articles and lines of `templates.py`, nothing else. Pure.

Every function gives whole sentences that it was handed or that stand in the templates, so the AI can't say what
the hotel did not write.
"""

import re
from collections.abc import Sequence

from contracts.values import HandOverReason
from conversation.domain.article import ChunkKind
from conversation.domain.intents import SmallTalk
from conversation.domain.language import language_of
from conversation.domain.ranking import Candidate
from conversation.domain.templates import LINES, Line, language_name
from conversation.domain.text import sentences
from conversation.domain.words import Language

WHOLE_BODY_CHARACTERS = 360
"""A body up to this length is given whole: what an article says in three sentences belongs together."""
SENTENCES = 3
NEAR = 0.035
"""How far below the best sentence's cosine another one still belongs to the answer."""

_SMALL_TALK = {
    SmallTalk.GREETING: Line.GREETING,
    SmallTalk.THANKS: Line.THANKS,
    SmallTalk.BYE: Line.BYE,
    SmallTalk.WHO_ARE_YOU: Line.WHO_ARE_YOU,
}

_CLARIFICATIONS = [
    re.compile(re.escape(lines[line]).replace(r"\{first\}", ".+").replace(r"\{second\}", ".+"))
    for lines in LINES.values()
    for line in (Line.CLARIFY, Line.CLARIFY_TWO)
]


def answer(candidate: Candidate, language: Language) -> str:
    """The sentences of the article that answer, in the guest's language where there is a variant.

    Otherwise the original's sentences, and a line in the guest's language says in which language they are.
    """
    variant = candidate.variant(language)
    chosen = " ".join(_chosen(candidate, variant.language, sentences(variant.body)))
    if language_of(variant.language) == language:
        return chosen
    name = language_name(variant.language, language)
    # A paragraph of its own: each is laid out in the direction that its own language is written in.
    return f"{_line(language, Line.FOREIGN).format(language=name)}\n{chosen}"


def small_talk(kind: SmallTalk, language: Language, hotel: str) -> str:
    """A kind word."""
    return _line(language, _SMALL_TALK[kind]).format(hotel=hotel)


def clarify(candidates: Sequence[Candidate], language: Language) -> str:
    """A question back: which of the two best articles is meant, or what the guest needs at all."""
    if len(candidates) < 2:
        return _line(language, Line.CLARIFY)
    first, second = titles(candidates, language)
    return _line(language, Line.CLARIFY_TWO).format(first=first, second=second)


def titles(candidates: Sequence[Candidate], language: Language) -> tuple[str, ...]:
    """What a question back gives to choose from: the titles of the two best articles; nothing where none is meant."""
    if len(candidates) < 2:
        return ()
    return tuple(candidate.variant(language).title for candidate in candidates[:2])


def is_clarification(text: str) -> bool:
    """Whether a message is one of our questions back."""
    return any(pattern.fullmatch(text) for pattern in _CLARIFICATIONS)


def hand_over_text(
    language: str,
    expected_wait: str | None,
    reasons: Sequence[HandOverReason] = (),
    *,
    urgent: bool = False,
    answered: bool = False,
) -> str:
    """What the guest is told when staff take over.

    Args:
        language: the guest's language, BCP 47.
        expected_wait: e.g. `5 min`; None where nobody can say.
        reasons: why; they choose the first words.
        urgent: somebody may be in danger.
        answered: a part of the turn has been answered already.
    """
    spoken = language_of(language)
    lines: list[Line] = []
    if urgent:
        lines.append(Line.EMERGENCY)
    elif answered:
        lines.append(Line.REST)
    elif HandOverReason.UPSET in reasons:
        lines.append(Line.SORRY)
    elif HandOverReason.NEVER_AUTO_TOPIC in reasons:
        lines.append(Line.PERSONAL)
    elif HandOverReason.NO_ARTICLE in reasons:
        lines.append(Line.NOT_KNOWN)
    elif HandOverReason.LOW_CONFIDENCE in reasons:
        lines.append(Line.NOT_SURE)
    lines.append(Line.HAND_OVER)
    said = [_line(spoken, line) for line in lines]
    if expected_wait:
        said.append(_line(spoken, Line.WAIT).format(wait=expected_wait))
    return " ".join(said)


def _line(language: Language, line: Line) -> str:
    return LINES[language][line]


def _chosen(candidate: Candidate, language: str, body: Sequence[str]) -> list[str]:
    if len(body) <= SENTENCES or sum(len(sentence) for sentence in body) <= WHOLE_BODY_CHARACTERS:
        return list(body)
    closeness = {
        scored.chunk.position: scored.cosine
        for scored in candidate.chunks
        if scored.language == language and scored.chunk.kind is ChunkKind.SENTENCE
    }
    order = sorted(range(len(body)), key=lambda position: -closeness.get(position, 0.0))[:SENTENCES]
    best = closeness.get(order[0], 0.0)
    return [body[position] for position in sorted(order) if closeness.get(position, 0.0) >= best - NEAR]

"""What a heading says: whether it is a question, whether it tells what it is about, and the anchor it gives. Pure."""

import re

from conversation.domain.text import normalise

_ANCHOR_CHARACTERS = 120
_NUMBERING = re.compile(r"^(?:(?:\d{1,3}\.)+\d{0,3}\)?|\d{1,3}\)|[§#]+)\s+(?=\S)")
_ASKS = ("?", "？", "؟")
_QUESTION_LABEL = r"(?:Q|F|Frage|Question|Pregunta|Domanda|Vraag|Pergunta)\s?\d{0,3}\s?[:：]"
_ANSWER_LABEL = r"(?:A|R|Antwort|Answer|Réponse|Respuesta|Risposta|Antwoord|Resposta)\s?\d{0,3}\s?[:：]"
_ASKED = re.compile(rf"(?<!\S){_QUESTION_LABEL}\s+(?P<question>\S.{{0,400}}?)\s+{_ANSWER_LABEL}\s+", re.DOTALL)
_LED_QUESTION = re.compile(rf"^{_QUESTION_LABEL}\s*")
_LED_ANSWER = re.compile(rf"^{_ANSWER_LABEL}\s*")
_WORD = re.compile(r"[^\W_]+")
_SPACE = re.compile(r"\s+")
# Normalised. They say nothing without the heading above them.
_GENERIC = frozenset(
    (
        "allgemein", "allgemeine informationen", "allgemeines", "angebot", "anfahrt", "anfrage", "beschreibung", "details",
        "hinweis", "hinweise", "info", "infos", "information", "informationen", "kontakt", "kosten", "leistungen", "mehr",
        "mehr informationen", "offnungszeiten", "preis", "preise", "regeln", "sonstiges", "tarife", "uberblick", "ubersicht",
        "weitere informationen", "wichtig", "wichtige hinweise", "wichtige informationen", "zeiten",
        "about", "conditions", "contact", "cost", "costs", "description", "faq", "fees", "general", "general information",
        "hours", "important", "important information", "more", "more information", "note", "notes", "opening hours",
        "opening times", "other", "overview", "price", "prices", "rates", "rules", "summary", "times",
        "apercu", "horaires", "informations", "prix", "tarifs", "horarios", "informacion", "precios", "informazioni", "orari",
        "prezzi", "informatie", "openingstijden", "prijzen", "informacoes", "precos",
    )
)  # fmt: skip


def plain(heading: str) -> str:
    """A heading in one line, without its number and colon: `3.1 Parking:` is `Parking`."""
    folded = _SPACE.sub(" ", heading).strip()
    return _NUMBERING.sub("", folded).rstrip(":： ").strip()


def is_question(heading: str) -> bool:
    """Whether it asks, as guests do."""
    return heading.rstrip().endswith(_ASKS)


def is_generic(heading: str) -> bool:
    """Whether it says nothing without the heading above: `Prices`."""
    return normalise(heading) in _GENERIC


def question_of(heading: str) -> str:
    """A question without the label before it: `Q: May I smoke?` is `May I smoke?`."""
    return _LED_QUESTION.sub("", heading).strip() or heading


def answer_of(text: str) -> str:
    """An answer without the label before it."""
    return _LED_ANSWER.sub("", text)


def asked_within(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What stands before the first `Q: ... A: ...` of a text, then each question with its answer."""
    found = tuple(_ASKED.finditer(text))
    if not found:
        return text, ()
    ends = [match.start() for match in found[1:]] + [len(text)]
    asked = tuple(
        (_SPACE.sub(" ", match["question"]).strip(), text[match.end() : end].strip())
        for match, end in zip(found, ends, strict=True)
    )
    return text[: found[0].start()].strip(), asked


class Anchors:
    """Gives each heading of a document an anchor of its own, the same ones in every reading."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, heading: tuple[str, ...]) -> str:
        """The anchor of the next section with that heading; a repeated one gets a number."""
        slug = "-".join(word for part in heading for word in _WORD.findall(normalise(part)))
        slug = slug[:_ANCHOR_CHARACTERS].strip("-") or "text"
        anchor, number = slug, 1
        while anchor in self._given:
            number += 1
            anchor = f"{slug}-{number}"
        self._given.add(anchor)
        return anchor

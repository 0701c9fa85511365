"""A draft of an article from what guests asked and staff answered: without secrets, and without who was spoken to. Pure.

A sentence that names somebody, or holds a secret, is left out as a whole: what is left was said about the hotel, not to a person.
A draft is read by a person before guests read it; this only keeps what they would strike out first.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conversation.domain.masking import mask, without_marks
from conversation.domain.text import content_words, normalise, sentences, words

QUESTIONS, QUESTION_CHARACTERS = 10, 300
TITLE_CHARACTERS, BODY_CHARACTERS = 80, 2000

_GREETED = (
    r"dear|hello|hi|hey|good (?:morning|afternoon|evening|day)|hallo|liebe[rs]?|guten (?:tag|morgen|abend)|sehr geehrte[rs]?"
    r"|bonjour|bonsoir|cher|chere|chère|hola|buenos d[ií]as|buenas tardes|estimad[oa]|ciao|buongiorno|buonasera|gentile|caro|cara"
    r"|beste|goedendag|ol[aá]|bom dia|prezad[oa]"
)
_TITLE = r"(?:mr|mrs|ms|miss|dr|prof|herr|frau|monsieur|madame|mme|se[nñ]ora?|signora?|sig|meneer|mevrouw)\b\.?"
_GREETING = re.compile(rf"^\s*(?:{_GREETED})\b(?:\s+(?:{_TITLE}|[^\s.,!?:]+)){{0,4}}\s*[,!.:]\s*", re.IGNORECASE)
_FAREWELL = re.compile(
    r"^\s*(?:(?:best|kind|warm)(?:est)? (?:regards|wishes)|regards|sincerely|yours|cheers|(?:viele|liebe|beste|freundliche)n? gr[uü](?:ß|ss)e"
    r"|mit freundlichen|cordialement|bien à vous|saludos|un saludo|cordiali saluti|distinti saluti|met vriendelijke|atenciosamente)\b",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(rf"\b{_TITLE}\s+\w", re.IGNORECASE)
_PRESENTED = re.compile(
    r"\b(?:[Mm]y name is|[Tt]his is|I am|I'm|[Ii]ch hei(?:ß|ss)e|[Ii]ch bin|[Mm]ein Name ist|[Jj]e m'appelle|[Jj]e suis|[Mm]e llamo"
    r"|[Ss]oy|[Mm]i chiamo|[Ss]ono|[Ii]k ben|[Ii]k heet|[Mm]ijn naam is|[Mm]e chamo)\s+((?:[A-Z\u00c0-\u00de][\w'\u2019-]+\s*)+)"
)
_ONES_ROOM = re.compile(
    r"\b(?:your|my|ihr\w*|dein\w*|mein\w*|votre|ma|su|mi|tu|vostra|sua|uw|mijn|seu|sua)\s+"
    r"(?:room|zimmer|chambre|habitaci[oó]n|camera|kamer|quarto)\s*(?:number|nr\.?|no\.?|n°)?\s*\d",
    re.IGNORECASE,
)
_ADDRESS_OF_MAIL = re.compile(r"\S+@\S+\.\w")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was left open.

    Attributes:
        question: what the guest said.
        answers: what staff said then, in order; empty where they have not.
        people: names, addresses, numbers and rooms of those who talk, as far as they are known.
        guest_said: all that the guest said in the conversation, which may say who they are.
    """

    question: str
    answers: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    guest_said: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An article to be. `body` is empty where staff have not answered; `title` and `questions` where no question can be shown."""

    language: str
    title: str
    questions: tuple[str, ...]
    body: str


def draft(language: str, asked: Sequence[Asked]) -> Draft:
    """The article that would have answered these questions, the newest of which is first.

    What staff said last counts: prices and times change.
    """
    questions: dict[str, str] = {}
    for one in asked:
        question = _kept(one.question, _names(one), asks=True)[:QUESTION_CHARACTERS].strip()
        if question:
            questions.setdefault(normalise(question), question)
    bodies = (_within(_kept("\n".join(one.answers), _names(one), asks=False), BODY_CHARACTERS) for one in asked)
    shown = tuple(questions.values())[:QUESTIONS]
    title = min(shown, key=lambda question: (len(question), question), default="").splitlines()
    return Draft(
        language=language,
        title=(title[0].rstrip(" ?!.？؟")[:TITLE_CHARACTERS].strip() if title else ""),
        questions=shown,
        body=next((body for body in bodies if body), ""),
    )


def _names(one: Asked) -> frozenset[str]:
    """The words by which those who talk are known. One letter tells nobody apart."""
    presented = [name for text in (one.question, one.guest_said) for name in _PRESENTED.findall(text)]
    return frozenset(word for name in (*one.people, *presented) for word in words(name) if len(word) > 1)


def _kept(text: str, names: frozenset[str], *, asks: bool) -> str:
    """The sentences that tell of nobody. Of an answer those that ask are left out, too: they were meant for that guest."""
    return " ".join(_sentences(text, names, asks=asks))


def _sentences(text: str, names: frozenset[str], *, asks: bool) -> Iterable[str]:
    for line in text.splitlines():
        for sentence in sentences(_GREETING.sub("", line)):
            bare = _GREETING.sub("", sentence).strip()
            masked = mask(bare).text
            if masked != bare or without_marks(bare) != bare:
                continue
            if names & frozenset(words(bare)) or any(
                telling.search(bare) for telling in (_ADDRESSED, _PRESENTED, _ONES_ROOM, _ADDRESS_OF_MAIL)
            ):
                continue
            if _FAREWELL.search(bare) or not content_words(bare) or (not asks and bare.endswith(("?", "？", "؟"))):
                continue
            yield bare[0].upper() + bare[1:]


def _within(text: str, characters: int) -> str:
    """As many whole sentences as fit."""
    kept: list[str] = []
    for sentence in sentences(text):
        if sum(map(len, kept)) + len(kept) + len(sentence) > characters:
            break
        kept.append(sentence)
    return " ".join(kept)

"""Whether a sentence that a model wrote says no more than an article does. Pure, and strict: a true sentence that is refused
costs a nicer wording, for the article's own sentences are said instead; a false one that passes costs a guest's trust.

A claim is held against a few sentences of the article that stand together, not against all of it: "Parking costs 20 euros"
has every word and figure of an article that asks 20 euros for breakfast and 25 for parking.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from conversation.domain.figures import prices, times, without_figures
from conversation.domain.text import content_words, normalise, sentences, stem

COVERED = 0.75
"""Share of a claim's content words that the sentences must have which it is held against."""
TOGETHER = 3
"""Sentences of an article that a claim may put together."""
_SAME_BEGINNING = 5
"""Letters: `bookable` and `booking` are the same word enough."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_MEASURE = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)\s*-?\s*(?:(?P<share>%|percent|prozent|por ?ciento|pour ?cent)"
    r"|(?P<minute>min(?:ut\w*)?\b)|(?P<hour>(?:hours?|stunden?|heures?|horas?|ore|uren|uur)\b)"
    r"|(?P<night>(?:nights?|nacht\w*|nuits?|noches?|notti?|nachten|noites?)\b)"
    r"|(?P<day>(?:days?|tage?n?|jours?|dias?|giorn[oi]|dagen)\b)"
    r"|(?P<km>(?:km|kilomet\w+)\b)|(?P<metre>(?:m|met(?:er|re|ro)s?)\b)|(?P<kilo>(?:kg|kilo\w*)\b)"
    r"|(?P<year>(?:years?|jahre?n?|ans?|anos?|anni|jaar)\b)"
    r"|(?P<EUR>€|eur\b|euros?\b)|(?P<USD>\$|usd\b|dollars?\b)|(?P<GBP>£|gbp\b|pounds?\b)|(?P<CHF>chf\b|francs?\b|franken\b))"
)
_BEFORE_AMOUNT = re.compile(r"(€|\$|£|\b(?:eur|usd|gbp|chf))\s*(\d+(?:[.,]\d+)?)")
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP"}
_REACHED_BY = re.compile(
    r"https?://\S+|www\.\S+|\b[\w.-]+\.(?:com|net|org|de|at|ch|fr|es|it|io|eu|info|co|nl|pt)\b\S*|\S+@\S+"
)
_NAME = re.compile(r"(?<=[\w,;:)\"'’] )[A-ZÀ-Þ][\w’'-]+")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nor|neither|without|cannot|can't|don't|isn't|aren't|doesn't|won't|nobody|nothing"
    r"|nicht|kein\w*|nie|niemals|ohne|weder|ne|n'|pas|aucune?|jamais|sans|sin|ningun\w*|nunca|tampoco"
    r"|non|nessun\w*|mai|senza|niet|geen|nooit|zonder|nao|nenhum\w*|sem|ni)\b"
)
_CLAUSE = re.compile(r"[,;:()\u2013]\s*|\s(?:and|but|or|und|aber|oder|et|mais|ou|y|pero|o|e|ma|en|maar|of|mas)\s")


def _stems(*lines: str) -> frozenset[str]:
    return frozenset(stem(normalise(word)) for line in lines for word in line.split())


# Words that promise, allow or forbid: an article must have them itself, in whatever form.
_PROMISES = _stems(
    "free complimentary included includes inclusive discount refund refundable refunded guarantee guaranteed guarantees always",
    "unlimited upgrade upgraded compensation waive waived available allowed permitted welcome forbidden prohibited closed open",
    "required mandatory optional possible impossible password code",
    "kostenlos kostenfrei gratis inklusive inbegriffen rabatt erstattung erstattet garantiert garantie immer unbegrenzt",
    "verfügbar erlaubt gestattet willkommen verboten geschlossen geöffnet möglich passwort",
    "gratuit gratuite compris comprise inclus incluse remise remboursement remboursé garanti toujours illimité disponible autorisé",
    "autorisés admis bienvenus interdit fermé ouvert possible",
    "incluido incluida descuento reembolso garantizado siempre ilimitado permitido permitidos admiten bienvenidos prohibido cerrado",
    "abierto posible contraseña gratuito gratuita compreso incluso sconto rimborso garantito sempre illimitato permesso ammessi",
    "benvenuti vietato chiuso aperto possibile",
)
# What any wording may add: it says nothing of its own.
_OF_NO_WEIGHT = _stems(
    "cost costs price charge offer offered serve served gladly kindly sure find start starts begin begins end ends uhr eur euro",
    "euros clock am pm kosten kostet preis gerne bieten serviert beginnt endet finden coûte coûtent prix volontiers proposons servi",
    "trouverez heures cuesta cuestan precio gustosamente ofrecemos sirve encontrará costa costano prezzo volentieri offriamo",
)


class Flaw(StrEnum):
    """Why a sentence may not be said, in the order of the checks."""

    NOTHING_SAID = "nothing_said"
    """It has no content word that could be held against an article, or asks something."""
    NAME = "name"
    WORDS = "words"
    CONTACT = "contact"
    FIGURE = "figure"
    PROMISE = "promise"
    NEGATION = "negation"


@dataclass(frozen=True, slots=True)
class _Text:
    """A claim, or sentences to hold it against, taken apart."""

    normal: str
    stems: frozenset[str]
    times: frozenset[int]
    amounts: frozenset[object]
    measures: frozenset[tuple[str, str]]
    numbers: frozenset[str]
    contacts: frozenset[str]
    negated: bool


def flaw(claim: str, articles: Sequence[str], known_names: str = "") -> Flaw | None:
    """What keeps a sentence from being said; None where an article supports it.

    Args:
        claim: one sentence, as the model wrote it.
        articles: title and body of the articles that it may be taken from, each as one text with paragraphs, in the
            claim's language.
        known_names: what may be called by its name besides, such as the hotel.
    """
    said = _taken_apart(claim)
    if not said.stems or claim.rstrip().endswith(("?", "？", "؟")):
        return Flaw.NOTHING_SAID
    if not _names(claim) <= _names_known(articles, known_names):
        return Flaw.NAME
    found = [_flaw_against(said, claim, window) for article in articles for window in _windows(article)]
    if None in found:
        return None
    order = list(Flaw)
    # The nearest to being supported tells why.
    return max((one for one in found if one is not None), key=order.index, default=Flaw.WORDS)


def _flaw_against(said: _Text, claim: str, window: str) -> Flaw | None:
    known = _taken_apart(window)
    if _share(said.stems, known.stems) < COVERED:
        return Flaw.WORDS
    if not said.contacts <= known.contacts:
        return Flaw.CONTACT
    # An hour without "o'clock" beside it is a plain number, and the article may write it as a time.
    as_numbers = known.numbers | {str(minutes // 60) for minutes in known.times if minutes % 60 == 0}
    figures = (
        said.times <= known.times and said.amounts <= known.amounts and said.measures <= known.measures
    ) and said.numbers <= as_numbers
    if not figures or not _same_things(claim, window):
        return Flaw.FIGURE
    if any(word in _PROMISES and not _has(word, known.stems) for word in said.stems):
        return Flaw.PROMISE
    if not _same_polarity(claim, window):
        return Flaw.NEGATION
    return None


def _taken_apart(text: str) -> _Text:
    normal = normalise(_REACHED_BY.sub(" ", text))
    return _Text(
        normal=normal,
        stems=frozenset(stem(word) for word in content_words(without_figures(normal))) - _OF_NO_WEIGHT,
        times=times(normal),
        amounts=frozenset(prices(normal)),
        measures=frozenset(_measures(normal)),
        numbers=frozenset(_numbers(normal)),
        contacts=frozenset(match.casefold().rstrip(".,;:!)") for match in _REACHED_BY.findall(text)),
        negated=_NEGATION.search(normal) is not None,
    )


def _measures(normal: str) -> Iterator[tuple[str, str]]:
    for match in _MEASURE.finditer(normal):
        yield str(match.lastgroup), _plain(match["number"])
    for sign, number in _BEFORE_AMOUNT.findall(normal):
        yield _SIGNS.get(sign, str(sign).upper()), _plain(number)


def _numbers(normal: str) -> Iterator[str]:
    """Every number as digits: 07:00 and 7 are one, 1,200 and 1200 are."""
    for written in _NUMBER.findall(normal):
        hours, colon, minutes = written.partition(":")
        yield _plain(hours if colon and minutes == "00" else written)


def _plain(number: str) -> str:
    without_groups = re.sub(r"[.,](?=\d{3}(?!\d))", "", number)
    return re.sub(r"^0+(?=\d)", "", without_groups).replace(",", ".").removesuffix(".00")


def _windows(article: str) -> Iterator[str]:
    """Up to TOGETHER sentences in a row, each time with the title, which names what they speak of."""
    title, _, body = article.partition("\n")
    parts = sentences(body)
    yield title
    for start in range(len(parts)):
        for length in range(1, TOGETHER + 1):
            if start + length <= len(parts):
                yield "\n\n".join((title, *parts[start : start + length]))


def _share(said: frozenset[str], known: frozenset[str]) -> float:
    return sum(_has(word, known) for word in said) / len(said)


def _has(word: str, known: frozenset[str]) -> bool:
    if word in known:
        return True
    beginning = word[:_SAME_BEGINNING]
    return len(beginning) == _SAME_BEGINNING and any(other.startswith(beginning) for other in known)


def _same_things(claim: str, window: str) -> bool:
    """Whether every figure of the claim stands, in the article too, in a clause about the same thing."""
    there = [_taken_apart(clause) for clause in _clauses(window)]
    for clause in _clauses(claim):
        said = _taken_apart(clause)
        if not (said.numbers and said.stems):
            continue
        alike = [one for one in there if said.numbers & one.numbers or said.times & one.times]
        if alike and not any(not one.stems or said.stems & one.stems or _any_has(said, one) for one in alike):
            return False
    return True


def _any_has(said: _Text, known: _Text) -> bool:
    return any(_has(word, known.stems) for word in said.stems)


def _clauses(text: str) -> list[str]:
    return [part for sentence in text.split("\n\n") for part in _CLAUSE.split(sentence) if part.strip()]


def _same_polarity(claim: str, window: str) -> bool:
    """Whether what is affirmed is affirmed there, and what is denied, denied.

    The words of a denial may be half a clause before it ("Dogs are welcome. They are not allowed inside."); the words of
    an affirmation may not stand in denials alone.
    """
    there = [_taken_apart(clause) for clause in _clauses(window)]
    for clause in _clauses(claim):
        said = _taken_apart(clause)
        alike = [one for one in there if one.negated == said.negated]
        missing = [word for word in said.stems if not any(_has(word, one.stems) for one in alike)]
        unknown = [word for word in missing if not any(_has(word, one.stems) for one in there)]
        denied = len(missing) - len(unknown)
        if any(word in _PROMISES for word in missing) or denied > (len(said.stems) / 2 if said.negated else 0):
            return False
    return True


def _names(text: str) -> frozenset[str]:
    return frozenset(stem(normalise(name)) for name in _NAME.findall(text))


def _names_known(articles: Sequence[str], known_names: str) -> frozenset[str]:
    every = " ".join((*articles, known_names, _NO_NAMES))
    return frozenset(stem(normalise(word)) for word in re.findall(r"[\w’'-]+", every))


_NO_NAMES = "I I'm I'll We Sie Ihnen Ihr Ihre Ihren Ihrem Ihrer Uhr Gerne EUR USD GBP CHF Euro Euros AM PM"

"""Articles of one hotel that contradict each other: sentences about the same thing with other times or prices. Pure.

Two sentences, or clauses, are about the same thing when they are in one language and share nearly all the words that are left
without figures and words of no use. That misses contradictions in other words; what it finds is worth a look.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from math import ceil

from contracts.ids import ArticleId
from conversation.domain.article import Variant
from conversation.domain.figures import prices, times, without_figures
from conversation.domain.text import normalise, sentences, stem, stems

ALIKE = 0.6
"""Shared words among all words of two sentences, from which they are about the same thing."""
MAX_PAIRS = 20_000
"""Pairs of statements that are compared; 60 microseconds each. Hotels that write their articles have a few hundred."""
_CHECK = re.compile(r"\bcheck(?:ing)?[\s-]*(in|out)\b")
_CLAUSE = re.compile(r"[;,]\s+|\s+(?:and|und|et|y|e|en)\s+")


def _short(word: str) -> str:
    """A stem that loses the plural's s in words of four letters, too: dogs and dog."""
    return word[:-1] if len(word) == 4 and word.endswith("s") else word


def _stemmed(words: str) -> frozenset[str]:
    return frozenset(_short(stem(normalise(word))) for word in words.split())


_OF_NO_USE = _stemmed(
    "until till between from before after by up cost costs price prices pay charge charged charges fee available offer offers please possible guests guest hotel time times"
    " open opens opened close closes closed serve served serves begin begins start starts end ends latest daily every hour hours"
    " kostet kosten preis preise uhr geöffnet offen täglich bitte möglich gäste ab bis spätestens"
    " coûte prix ouvert ouverte heures jusqu horas abierto precio cuesta aperto costa prezzo"
)
_UNITS = _stemmed(
    "night nights day days stay person people room week hour item piece nacht tag tage aufenthalt person zimmer woche stunde"
    " nuit jour séjour personne chambre noche día persona habitación notte giorno camera dag kamer"
)
# Words that make two sentences be about different things, however much they share otherwise.
_TELLING_APART = _stemmed(
    "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays"
    " weekend weekends weekday weekdays holiday holidays summer winter season low high early late earlier later first second"
    " child children adult adults baby babies small large big single double suite extra additional under over"
    " montag dienstag mittwoch donnerstag freitag samstag sonntag montags sonntags wochenende feiertag feiertagen sommer winter"
    " früh spät kind kinder erwachsene klein kleine groß große einzelzimmer doppelzimmer suite zusätzlich"
    " lundi mardi mercredi jeudi vendredi samedi dimanche weekend été hiver enfant enfants adulte adultes petit grand"
)


class Kind(StrEnum):
    """What differs."""

    TIME = "time"
    PRICE = "price"


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, or a clause of one, that names times or prices.

    Attributes:
        article_id: where it stands.
        language: of the variant.
        text: as it is written.
        kind: whether `figures` are times or prices.
        figures: minutes after midnight, or amounts.
        subject: stems of what it is about.
        units: stems of what a price is for, such as a night.
    """

    article_id: ArticleId
    language: str
    text: str
    kind: Kind
    figures: frozenset[int] | frozenset[Decimal]
    subject: frozenset[str]
    units: frozenset[str]


@dataclass(frozen=True, slots=True)
class ConflictingStatements:
    """Two statements of different articles that cannot both be right."""

    kind: Kind
    first: Statement
    second: Statement


def conflicts(articles: Iterable[tuple[ArticleId, Sequence[Variant]]]) -> tuple[ConflictingStatements, ...]:
    """The pairs of statements that contradict each other; one pair for two articles, language and kind: the most alike."""
    stated = [
        one for article_id, variants in articles for variant in variants for one in statements(article_id, variant)
    ]
    best: dict[tuple[ArticleId, ArticleId, str, Kind], tuple[float, ConflictingStatements]] = {}
    for first, second in islice(_near(stated), MAX_PAIRS):
        if not _contradict(first, second):
            continue
        if first.article_id > second.article_id:
            first, second = second, first
        at = (first.article_id, second.article_id, first.language, first.kind)
        alike = _likeness(first, second)
        if at not in best or alike > best[at][0]:
            best[at] = alike, ConflictingStatements(first.kind, first, second)
    return tuple(found for _, (_, found) in sorted(best.items(), key=lambda item: item[0]))


def statements(article_id: ArticleId, variant: Variant) -> Iterator[Statement]:
    """What an article says in figures. A sentence that does not say what it is about is about the title."""
    about = _subject(variant.title)
    for sentence in sentences(variant.body):
        for text in _clauses(sentence):
            plain = normalise(text)
            words = _words(text)
            subject = words - _OF_NO_USE - _UNITS or about
            for kind, figures in ((Kind.TIME, times(plain)), (Kind.PRICE, prices(plain))):
                if figures and subject:
                    yield Statement(article_id, variant.language, text, kind, figures, subject, words & _UNITS)


def _clauses(sentence: str) -> tuple[str, ...]:
    """The parts of a sentence that each say something in figures of their own; else the sentence."""
    parts = [part for part in _CLAUSE.split(sentence) if part]
    if len(parts) > 1 and all(_subject(part) and (times(normalise(part)) or prices(normalise(part))) for part in parts):
        return tuple(parts)
    return (sentence,)


def _words(text: str) -> frozenset[str]:
    found = stems([without_figures(_CHECK.sub(r"check\1", normalise(text)))])
    return frozenset(_short(word) for word in found)


def _subject(text: str) -> frozenset[str]:
    return _words(text) - _OF_NO_USE - _UNITS


def _likeness(first: Statement, second: Statement) -> float:
    return len(first.subject & second.subject) / len(first.subject | second.subject)


def _contradict(first: Statement, second: Statement) -> bool:
    """One that only says more than the other does not contradict it."""
    if first.article_id == second.article_id or _likeness(first, second) < ALIKE:
        return False
    if (first.subject ^ second.subject) & _TELLING_APART:
        return False
    if first.units and second.units and first.units != second.units:
        return False
    mine, theirs = frozenset[object](first.figures), frozenset[object](second.figures)
    return not (mine <= theirs or theirs <= mine)


def _near(stated: Sequence[Statement]) -> Iterator[tuple[Statement, Statement]]:
    """Pairs that may be alike enough, each once. Prefix filter (Chaudhuri, Ganti, Kaushik 2006): with their words in order of
    rarity, two sets of that likeness share one of the first few."""
    often = Counter(word for one in stated for word in one.subject)
    places: defaultdict[tuple[str, Kind, str], list[int]] = defaultdict(list)
    for place, one in enumerate(stated):
        rare_first = sorted(one.subject, key=lambda word: (often[word], word))
        met: set[int] = set()
        for word in rare_first[: len(rare_first) - ceil(ALIKE * len(rare_first)) + 1]:
            met.update(places[one.language, one.kind, word])
            places[one.language, one.kind, word].append(place)
        for other in sorted(met):
            yield stated[other], one

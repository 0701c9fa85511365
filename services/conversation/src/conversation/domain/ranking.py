"""Orders the articles that a search found and measures how well the best one fits. Pure; the same for SQL and tests.

A chunk's `lift` is its cosine with the question less its commonness: how close the chunk is to hotel questions in
general. Short, general texts are close to everything (hubness); without the correction they win too often. Lifts are
compared within a language first, because a model places texts of one language closer together than it should.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from contracts.ids import ArticleId
from conversation.domain.article import Chunk, Variant
from conversation.domain.text import content_words, ngrams, stem, stems

WORDS_WEIGHT = 0.03
"""How much shared words move the order. Meaning decides; words separate near ties (tuned on the dev sets)."""
PRIOR = 5
"""Articles that the overall mean counts for where a language has few variants."""
_PLACE_WORDS = frozenset(["hotel", "hotels", "house", "guest", "guests", "inn", "place", "restaurant"])


@dataclass(frozen=True, slots=True)
class ScoredChunk:
    """A chunk of a variant in its language, with the cosine to the question and its lift."""

    language: str
    chunk: Chunk
    cosine: float
    lift: float


@dataclass(frozen=True)
class Candidate:
    """An article that the search found.

    Attributes:
        article_id: whose it is.
        variants: the article in all its languages, the original first.
        chunks: all its chunks, scored.
        words: the full-text score, 0 where no word matched.
    """

    article_id: ArticleId
    variants: tuple[Variant, ...]
    chunks: tuple[ScoredChunk, ...]
    words: float = 0.0

    def variant(self, language: str) -> Variant:
        """The variant in that language, or the original."""
        return next((variant for variant in self.variants if variant.language == language), self.variants[0])

    def speaks(self, language: str) -> bool:
        """Whether there is a variant in that language."""
        return any(variant.language == language for variant in self.variants)

    @cached_property
    def cosine(self) -> float:
        """The cosine of the closest chunk."""
        return max((scored.cosine for scored in self.chunks), default=0.0)


@dataclass(frozen=True, slots=True)
class Background:
    """How close the hotel's articles in one language are to the question on the whole.

    Attributes:
        articles: number of published articles with a variant in the language.
        mean: mean over them of their closest chunk's lift.
        deviation: its standard deviation.
    """

    articles: int
    mean: float
    deviation: float

    def without(self, lift: float) -> "Background":
        """The background of the other articles, when one of them has this lift."""
        others = self.articles - 1
        if others < 2:
            return Background(others, self.mean, self.deviation)
        mean = (self.mean * self.articles - lift) / others
        squares = (self.deviation**2 + self.mean**2) * self.articles - lift**2
        return Background(others, mean, math.sqrt(max(squares / others - mean**2, 0.0)))


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gives: the candidates, and per language the background that they stand out from."""

    candidates: tuple[Candidate, ...]
    background: Mapping[str, Background]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score.

    Attributes:
        candidate: the article.
        score: how far it stands above the hotel's articles, in cosine; words included.
        outstanding: standard deviations that it stands above the hotel's other articles, less what the best of so
            many articles stands out by chance.
        overlap: similarity of words with title and guests' phrasings, 0-1.
        coverage: share of the question's content words, weighted by rarity, that the article has, 0-1.
    """

    candidate: Candidate
    score: float
    outstanding: float
    overlap: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Features:
    """What the confidence model reads of a question and its best article.

    Attributes:
        cosine: of the article's closest chunk.
        score: the ranking's score.
        lead: its distance to the second article's score.
        outstanding: standard deviations that it stands above the hotel's other articles, corrected for their number.
        overlap: similarity of words; 0 where the article is foreign.
        coverage: share of the question's content words that the article has; 0 where it is foreign.
        agreement: 1 where the full-text search has the same article in front, 0.5 where it found nothing, else 0.
        foreign: 1 where the article has no variant in the question's language, so that words say nothing.
        length: logarithm of the number of content words of the question.
    """

    cosine: float = 0.0
    score: float = 0.0
    lead: float = 0.0
    outstanding: float = 0.0
    overlap: float = 0.0
    coverage: float = 0.0
    agreement: float = 0.0
    foreign: float = 0.0
    length: float = 0.0


def rank(question: str, language: str, found: Found, hotel_name: str = "") -> tuple[Ranked, ...]:
    """The candidates, best first.

    Args:
        question: the guest's question.
        language: its language, BCP 47.
        found: what the search gave.
        hotel_name: its words say nothing about the topic and are left out.
    """
    asked = _asked(question, hotel_name)
    asked_grams = ngrams(" ".join(asked))
    asked_stems = frozenset(stem(word) for word in asked)
    texts = [_text(candidate.variant(language)) for candidate in found.candidates]
    grams, words = _Rarity([text.grams for text in texts]), _Rarity([text.stems for text in texts])
    level = _levels(found.background)
    ranked: list[Ranked] = []
    for candidate, text in zip(found.candidates, texts, strict=True):
        softened = {spoken: lift - level.get(spoken, 0.0) for spoken, lift in _softened(candidate).items()}
        spoken = max(softened, key=lambda spoken: softened[spoken], default="")
        overlap = grams.cosine(asked_grams, text.grams)
        coverage = words.share(asked_stems, text.stems)
        score = softened.get(spoken, 0.0) + WORDS_WEIGHT * (overlap + coverage) / 2
        ranked.append(Ranked(candidate, score, _outstanding(candidate, spoken, found.background), overlap, coverage))
    return tuple(sorted(ranked, key=lambda one: -one.score))


def features(question: str, language: str, ranked: Sequence[Ranked], hotel_name: str = "") -> Features:
    """What can be said about the best article, for the confidence model."""
    if not ranked:
        return Features()
    best = ranked[0]
    foreign = not best.candidate.speaks(language)
    in_words = max((one.candidate.words for one in ranked), default=0.0)
    return Features(
        cosine=best.candidate.cosine,
        score=best.score,
        lead=best.score - ranked[1].score if len(ranked) > 1 else 0.05,
        outstanding=best.outstanding,
        overlap=0.0 if foreign else best.overlap,
        coverage=0.0 if foreign else best.coverage,
        agreement=0.5 if in_words <= 0 else float(best.candidate.words >= in_words),
        foreign=float(foreign),
        length=math.log1p(len(_asked(question, hotel_name))),
    )


def _asked(question: str, hotel_name: str) -> list[str]:
    names = _PLACE_WORDS | set(content_words(hotel_name))
    return [word for word in content_words(question) if word not in names]


def _softened(candidate: Candidate) -> dict[str, float]:
    """Per language the closest chunk's lift, softened by the second and third: one lucky phrase is not enough."""
    by_language: dict[str, list[float]] = {}
    for scored in candidate.chunks:
        by_language.setdefault(scored.language, []).append(scored.lift)
    best = {language: sorted(lifts, reverse=True)[:3] for language, lifts in by_language.items()}
    return {language: 0.6 * top[0] + 0.4 * sum(top) / len(top) for language, top in best.items()}


def _levels(background: Mapping[str, Background]) -> dict[str, float]:
    """Per language the level that lifts are measured from; languages with few articles lean on all of them."""
    total = sum(one.articles for one in background.values())
    if total == 0:
        return {}
    overall = sum(one.mean * one.articles for one in background.values()) / total
    return {
        language: (one.mean * one.articles + overall * PRIOR) / (one.articles + PRIOR)
        for language, one in background.items()
    }


def _outstanding(candidate: Candidate, spoken: str, background: Mapping[str, Background]) -> float:
    lifts = [scored.lift for scored in candidate.chunks if scored.language == spoken]
    if not lifts or spoken not in background:
        return 0.0
    # a language with few variants says little about what is usual: then the one with most articles does
    usual = background[spoken]
    if usual.articles <= PRIOR:
        usual = max(background.values(), key=lambda one: one.articles)
    others = usual.without(max(lifts))
    if others.articles < 2:
        return 0.0
    by_chance = math.sqrt(2 * math.log(others.articles + 1))
    return (max(lifts) - others.mean) / max(others.deviation, 0.01) - by_chance


@dataclass(frozen=True, slots=True)
class _Text:
    grams: frozenset[str]
    stems: frozenset[str]


@lru_cache(maxsize=4096)
def _text(variant: Variant) -> _Text:
    return _Text(
        grams=ngrams(" ".join(word for part in (variant.title, *variant.questions) for word in content_words(part))),
        stems=stems([variant.title, *variant.questions, variant.body]),
    )


class _Rarity:
    """How much a word or n-gram says: the rarer among the candidates, the more (the idf of BM25)."""

    def __init__(self, sets: Sequence[frozenset[str]]) -> None:
        self._size = len(sets)
        self._seen: dict[str, int] = {}
        for one in sets:
            for item in one:
                self._seen[item] = self._seen.get(item, 0) + 1
        self._weights = [math.log(1 + (self._size - seen + 0.5) / (seen + 0.5)) for seen in range(self._size + 1)]

    def total(self, items: frozenset[str]) -> float:
        return sum(self._weights[self._seen.get(item, 0)] for item in items)

    def cosine(self, asked: frozenset[str], there: frozenset[str]) -> float:
        known = self.total(frozenset(item for item in asked if item in self._seen))
        both = math.sqrt(known * self.total(there))
        return self.total(asked & there) / both if both > 0 else 0.0

    def share(self, asked: frozenset[str], there: frozenset[str]) -> float:
        total = self.total(asked)
        return self.total(asked & there) / total if total > 0 else 0.0

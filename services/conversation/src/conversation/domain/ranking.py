"""Orders the articles that a search found and measures how well the best one fits. Pure; the same for SQL and tests.

A chunk's `lift` is its cosine with the question less its commonness: how close the chunk is to hotel questions in
general. Short, general texts are close to everything (hubness); without the correction they win too often. Lifts are
compared within a language first, because a model places texts of one language closer together than it should.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from contracts.ids import ArticleId
from conversation.domain.article import Chunk, ChunkKind, Variant, words_of
from conversation.domain.asking import asked_words
from conversation.domain.coverage import coverage

USUAL_LIFT = 0.15
"""Mean lift of a hotel's articles for a question that most of them have nothing to do with (0.13 to 0.17 in the demo hotels)."""
PRIOR = 5
"""Articles that the overall mean counts for where a language has few variants."""


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
        version: the article's, as it was read; None where nobody changes it meanwhile.
    """

    article_id: ArticleId
    variants: tuple[Variant, ...]
    chunks: tuple[ScoredChunk, ...]
    words: float = 0.0
    version: int | None = None

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
    """What a search gives.

    Attributes:
        candidates: the articles.
        background: per language what they stand out from.
        words: vectors of single words, of the articles and of the question, as far as there are any.
    """

    candidates: tuple[Candidate, ...]
    background: Mapping[str, Background]
    words: Mapping[str, NDArray[np.floating]] = field(default_factory=dict[str, NDArray[np.floating]])


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts for an article's place; `asked` and `said` add up to 1, so that scores are cosines.

    Attributes:
        asked: the lift of its title and guests' phrasings.
        said: the lift of its closest sentence.
        coverage: the share of the question's words that it has.
    """

    asked: float
    said: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its score.

    Attributes:
        candidate: the article.
        score: how far it stands above the hotel's articles, in cosine; words included.
        outstanding: standard deviations that it stands above the hotel's other articles, less what the best of so
            many articles stands out by chance.
        parts: what the score is made of, before it is weighed.
        coverage: share of the question's content words, weighted by rarity, that the article has, 0-1.
        gap: share of that weight which the word has that is missing most, 0-1.
    """

    candidate: Candidate
    score: float
    outstanding: float
    parts: Weights
    coverage: float
    gap: float


@dataclass(frozen=True, slots=True)
class Features:
    """What the confidence model reads of a question and its best article.

    Attributes:
        cosine: of the article's closest chunk.
        score: the ranking's score.
        lead: its distance to the second article's score.
        outstanding: standard deviations that it stands above the hotel's other articles, corrected for their number.
        coverage: share of the question's content words that the article has.
        gap: share of their weight which the word has that is missing most.
        agreement: 1 where the full-text search has the same article in front, 0.5 where it found nothing, else 0.
        foreign: 1 where the article has no variant in the question's language, so that words say nothing.
        length: logarithm of the number of content words of the question.
    """

    cosine: float = 0.0
    score: float = 0.0
    lead: float = 0.0
    outstanding: float = 0.0
    coverage: float = 0.0
    gap: float = 0.0
    agreement: float = 0.0
    foreign: float = 0.0
    length: float = 0.0


def rank(question: str, language: str, found: Found, weights: Weights, hotel_name: str = "") -> tuple[Ranked, ...]:
    """The candidates, best first.

    Args:
        question: the guest's question.
        language: its language, BCP 47.
        found: what the search gave.
        weights: what counts how much.
        hotel_name: its words say nothing about the topic and are left out.
    """
    asked = asked_words(question, hotel_name)
    covered = coverage(asked, [words_of(candidate.variant(language)) for candidate in found.candidates], found.words)
    level = _levels(found.background)
    ranked: list[Ranked] = []
    for candidate, words in zip(found.candidates, covered, strict=True):
        lifts = {spoken: _lifts(candidate, spoken, level.get(spoken, 0.0)) for spoken in _languages(candidate)}
        score, spoken = max(
            ((weights.asked * asked + weights.said * said, spoken) for spoken, (asked, said) in lifts.items()),
            default=(0.0, ""),
        )
        parts = Weights(*lifts.get(spoken, (0.0, 0.0)), words.share)
        score += weights.coverage * words.share
        outstanding = _outstanding(candidate, spoken, found.background)
        ranked.append(Ranked(candidate, score, outstanding, parts, words.share, words.gap))
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
        coverage=best.coverage,
        gap=best.gap,
        agreement=0.5 if in_words <= 0 else float(best.candidate.words >= in_words),
        foreign=float(foreign),
        length=math.log1p(len(asked_words(question, hotel_name))),
    )


def _languages(candidate: Candidate) -> tuple[str, ...]:
    return tuple(dict.fromkeys(scored.language for scored in candidate.chunks))


def _lifts(candidate: Candidate, language: str, level: float) -> tuple[float, float]:
    """Of what is asked (title, guests' phrasings) and what is said (the closest sentence), above the language's level.

    What is asked is softened by the second and third phrasing: one lucky phrase is not enough.
    """
    asked = [
        one.lift for one in candidate.chunks if one.language == language and one.chunk.kind is not ChunkKind.SENTENCE
    ]
    said = [one.lift for one in candidate.chunks if one.language == language and one.chunk.kind is ChunkKind.SENTENCE]
    best = sorted(asked or said, reverse=True)[:3]
    return 0.6 * best[0] + 0.4 * sum(best) / len(best) - level, max(said or asked) - level


def _levels(background: Mapping[str, Background]) -> dict[str, float]:
    """Per language the level that lifts are measured from; languages with few articles lean on all of them."""
    if max((one.articles for one in background.values()), default=0) <= 1:
        return dict.fromkeys(background, USUAL_LIFT)  # a hotel's first article stands out from nothing yet
    total = sum(one.articles for one in background.values())
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

"""The search over articles held in memory: for measuring without a database and for fitting the confidence model.

Exact cosine over all chunks and BM25-like words, the shape that the SQL search gives. Pure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.ids import ArticleId
from conversation.domain.article import Chunk, Variant
from conversation.domain.ranking import Background, Candidate, Found, ScoredChunk
from conversation.domain.text import content_words, stem, stems

CANDIDATES = 12
"""Articles that each of the two searches brings."""


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    """An article with the vectors and the commonness of its variants' chunks, in the order of `Variant.chunks()`."""

    id: ArticleId
    variants: tuple[Variant, ...]
    vectors: NDArray[np.float32]
    commonness: NDArray[np.float32]


class MemorySearch:
    """All articles of one hotel, and the vectors of their words."""

    def __init__(self, articles: Sequence[IndexedArticle], words: Mapping[str, NDArray[np.float32]]) -> None:
        self._articles = tuple(articles)
        self.words = words
        self._chunks: list[list[tuple[str, Chunk]]] = [
            [(variant.language, chunk) for variant in article.variants for chunk in variant.chunks()]
            for article in articles
        ]
        self._stems = [
            {variant.language: stems([variant.title, *variant.questions, variant.body]) for variant in article.variants}
            for article in articles
        ]

    def find(self, vector: NDArray[np.float32], text: str, language: str) -> Found:
        """The articles closest in meaning and those that share words, and the background per language."""
        cosines = [article.vectors @ vector for article in self._articles]
        lifts = [cosine - article.commonness for cosine, article in zip(cosines, self._articles, strict=True)]
        words = self._in_words(text, language)
        best = [float(lift.max()) for lift in lifts]
        by_meaning = sorted(range(len(best)), key=lambda i: -best[i])[:CANDIDATES]
        by_words = [i for i in sorted(range(len(best)), key=lambda i: -words[i])[:CANDIDATES] if words[i] > 0]
        candidates = tuple(
            Candidate(
                self._articles[i].id,
                self._articles[i].variants,
                tuple(
                    ScoredChunk(spoken, chunk, float(cosine), float(lift))
                    for (spoken, chunk), cosine, lift in zip(self._chunks[i], cosines[i], lifts[i], strict=True)
                ),
                words[i],
            )
            for i in dict.fromkeys([*by_meaning, *by_words])
        )
        return Found(candidates, self._background(lifts), self.words)

    def _background(self, lifts: Sequence[NDArray[np.float32]]) -> dict[str, Background]:
        best: dict[str, list[float]] = {}
        for chunks, article in zip(self._chunks, lifts, strict=True):
            per_language: dict[str, float] = {}
            for (language, _), lift in zip(chunks, article, strict=True):
                per_language[language] = max(per_language.get(language, -1.0), float(lift))
            for language, lift in per_language.items():
                best.setdefault(language, []).append(lift)
        return {
            language: Background(len(found), float(np.mean(found)), float(np.std(found)))
            for language, found in best.items()
        }

    def _in_words(self, text: str, language: str) -> list[float]:
        asked = {stem(word) for word in content_words(text)}
        seen = {
            word: sum(any(word in there for there in article.values()) for article in self._stems) for word in asked
        }
        total = len(self._articles)
        scores: list[float] = []
        for article in self._stems:
            there = article.get(language) or next(iter(article.values()))
            scores.append(sum(math.log(1 + (total - seen[word] + 0.5) / (seen[word] + 0.5)) for word in asked & there))
        return scores

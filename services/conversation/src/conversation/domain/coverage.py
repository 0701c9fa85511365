"""How much of a question's words an article has: the same word, one that means nearly the same, or one spelt nearly so. Pure.

Each asked word is matched with the closest word of the article and weighed by its rarity in the hotel's articles (the
late interaction of ColBERT, Khattab and Zaharia 2020, arXiv:2004.12832, on single words). So "merlot" finds the article on
alcohol although "good selection" is close to others, and a word that no article has stays uncovered.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from conversation.domain.text import stem

NEAR_MEANING = 0.84
"""Cosine of two single words from which they say something about each other: unrelated ones have 0.75 to 0.84."""
NEAR_SPELLING = 0.6
"""Share of letters in common (indel similarity) from which a word may be the other one misspelt or misheard."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an article has of a question's words.

    Attributes:
        share: of their weight, 0 to 1.
        gap: share of the weight that the word has which is missing most, 0 to 1.
    """

    share: float = 0.0
    gap: float = 0.0


def coverage(
    asked: Sequence[str], texts: Sequence[Sequence[str]], vectors: Mapping[str, NDArray[np.floating]]
) -> tuple[Coverage, ...]:
    """The coverage of a question by each of several articles.

    Args:
        asked: the question's content words.
        texts: each article's content words.
        vectors: of single words, length 1; a word without one is compared by its spelling alone.
    """
    if not asked:
        return tuple(Coverage() for _ in texts)
    vocabulary = tuple(dict.fromkeys(word for words in texts for word in words))
    if not vocabulary:
        return tuple(Coverage(gap=1.0 / len(asked)) for _ in texts)
    close = np.maximum(_by_meaning(asked, vocabulary, vectors), _by_spelling(asked, vocabulary))
    place = {word: index for index, word in enumerate(vocabulary)}
    weights = _rarity(asked, texts)
    weights /= weights.sum()
    found: list[Coverage] = []
    for words in texts:
        if words:
            best = close[:, [place[word] for word in words]].max(axis=1)
            found.append(Coverage(float(weights @ best), float((weights * (1 - best)).max())))
        else:
            found.append(Coverage(0.0, float(weights.max())))
    return tuple(found)


def _by_meaning(
    asked: Sequence[str], vocabulary: Sequence[str], vectors: Mapping[str, NDArray[np.floating]]
) -> NDArray[np.floating]:
    close = np.zeros((len(asked), len(vocabulary)), dtype=np.float32)
    rows = [index for index, word in enumerate(asked) if word in vectors]
    columns = [index for index, word in enumerate(vocabulary) if word in vectors]
    if rows and columns:
        left = np.stack([vectors[asked[index]] for index in rows]).astype(np.float32)
        right = np.stack([vectors[vocabulary[index]] for index in columns]).astype(np.float32)
        close[np.ix_(rows, columns)] = left @ right.T
    return np.clip((close - NEAR_MEANING) / (1 - NEAR_MEANING), 0, 1)


def _by_spelling(asked: Sequence[str], vocabulary: Sequence[str]) -> NDArray[np.floating]:
    close = process.cdist(asked, vocabulary, scorer=fuzz.ratio, dtype=np.float64) / 100
    return np.clip((close - NEAR_SPELLING) / (1 - NEAR_SPELLING), 0, 1)


def _rarity(asked: Sequence[str], texts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """The idf of BM25, by stems."""
    seen = Counter(one for words in texts for one in {stem(word) for word in words})
    return np.array([math.log(1 + (len(texts) - seen[stem(word)] + 0.5) / (seen[stem(word)] + 0.5)) for word in asked])

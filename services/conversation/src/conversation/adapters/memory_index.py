"""Builds the search in memory from articles and an embedder: for measuring, for fitting, for trying articles out."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from contracts.ids import ArticleId
from conversation.adapters.artefacts import commonness
from conversation.adapters.embedder import Embedder
from conversation.domain.article import Variant, words_of
from conversation.domain.memory_search import IndexedArticle, MemorySearch


async def indexed(article_id: ArticleId, variants: tuple[Variant, ...], embedder: Embedder) -> IndexedArticle:
    """An article with its vectors."""
    texts = [chunk.text for variant in variants for chunk in variant.chunks()]
    vectors: NDArray[np.float32] = await embedder.passages(texts)
    return IndexedArticle(article_id, variants, vectors, commonness(vectors))


async def memory_search(articles: Iterable[tuple[ArticleId, tuple[Variant, ...]]], embedder: Embedder) -> MemorySearch:
    """The search over these articles."""
    made = [await indexed(article_id, variants, embedder) for article_id, variants in articles]
    words = dict.fromkeys(word for article in made for variant in article.variants for word in words_of(variant))
    return MemorySearch(made, await embedder.words(list(words)))

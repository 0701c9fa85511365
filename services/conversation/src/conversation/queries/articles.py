"""Reading the knowledge base: one article, the list, and the hybrid search that the engine answers from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from contracts.errors import NotFound
from contracts.ids import ArticleId
from conversation.adapters.artefacts import confidence_model
from conversation.adapters.embedder import Embedder, Vector, vector_literal, with_asked_words
from conversation.adapters.word_vectors import WordVectors
from conversation.domain.article import Chunk, ChunkKind, Variant, words_of
from conversation.domain.asking import asked_words, essence
from conversation.domain.language import detect, language_of
from conversation.domain.ranking import Background, Candidate, Found, ScoredChunk, rank
from conversation.domain.text import content_words
from conversation.queries.cursors import time_and_id
from conversation.tables_knowledge import SEARCH_CONFIGURATION
from servicekit.pagination import Page, PageRequest
from servicekit.transaction import Transaction

CANDIDATES = 12
"""Articles that each of the two searches brings."""
MAX_WORDS = 24
"""Content words of a question that the full-text search looks for."""
_WORDS = WordVectors()


class VariantView(BaseModel):
    """An article in one language."""

    language: str
    title: str
    questions: list[str]
    body: str


class ArticleView(BaseModel):
    """An article in all its languages, the original first."""

    id: ArticleId
    published: Annotated[bool, Field(description="whether the AI answers from it")]
    variants: list[VariantView]
    version: int
    created_at: datetime
    updated_at: datetime


class ArticleSummary(BaseModel):
    """An article in a list; the title is the original's."""

    id: ArticleId
    title: str
    languages: list[str]
    published: bool
    version: int
    updated_at: datetime


class ArticleHit(BaseModel):
    """A published article that a search found."""

    article_id: ArticleId
    title: str
    language: str
    score: Annotated[float, Field(description="how far it stands above the hotel's other articles; for ordering only")]
    snippet: Annotated[str, Field(description="the closest sentence of the article")]


_ONE = text("""
    SELECT article.id, article.published, article.version, article.created_at, article.updated_at,
           jsonb_agg(jsonb_build_object('language', variant.language, 'title', variant.title,
                                        'questions', variant.questions, 'body', variant.body)
                     ORDER BY variant.position) AS variants
      FROM knowledge_articles AS article
      JOIN knowledge_variants AS variant ON variant.article_id = article.id
     WHERE article.id = :article_id
     GROUP BY article.id
""")

_LIST = text("""
    WITH page AS (
        SELECT id, published, version, updated_at
          FROM knowledge_articles
         WHERE hotel_id = :hotel_id
           AND (CAST(:published AS boolean) IS NULL OR published = :published)
           AND (CAST(:after_time AS timestamptz) IS NULL OR (updated_at, id) < (:after_time, CAST(:after_id AS uuid)))
         ORDER BY updated_at DESC, id DESC
         LIMIT :limit
    )
    SELECT page.*, languages.title, languages.languages
      FROM page
     CROSS JOIN LATERAL (
        SELECT array_agg(variant.language ORDER BY variant.position) AS languages,
               (array_agg(variant.title ORDER BY variant.position))[1] AS title
          FROM knowledge_variants AS variant
         WHERE variant.article_id = page.id
     ) AS languages
     ORDER BY page.updated_at DESC, page.id DESC
""")

# Both searches, what the best stand out from, and everything that ranking and writing need: one round trip.
_SEARCH = text("""
    WITH asked AS (
        SELECT CAST(:vector AS vector) AS vector, to_tsquery(CAST(:configuration AS regconfig), :words) AS words
    ),
    scored AS MATERIALIZED (
        SELECT article_id, language, kind, position, cosine, cosine - commonness AS lift
          FROM (SELECT chunk.article_id, chunk.language, chunk.kind, chunk.position, chunk.commonness,
                       -(chunk.embedding <#> asked.vector) AS cosine
                  FROM asked, knowledge_chunks AS chunk
                  JOIN knowledge_articles AS article ON article.id = chunk.article_id
                 WHERE chunk.hotel_id = :hotel_id AND article.published
                OFFSET 0) AS once  -- else the product is made twice
    ),
    closest AS (
        SELECT article_id, language, max(lift) AS lift FROM scored GROUP BY article_id, language
    ),
    background AS (
        SELECT language, count(*) AS articles, avg(lift) AS mean, stddev_pop(lift) AS deviation
          FROM closest GROUP BY language
    ),
    by_meaning AS (
        SELECT article_id FROM closest GROUP BY article_id ORDER BY max(lift) DESC LIMIT :candidates
    ),
    by_words AS (
        SELECT variant.article_id, max(ts_rank(variant.tsv, asked.words)) AS words
          FROM asked, knowledge_variants AS variant
          JOIN knowledge_articles AS article ON article.id = variant.article_id
         WHERE variant.hotel_id = :hotel_id AND variant.tsv @@ asked.words AND article.published
         GROUP BY variant.article_id
         ORDER BY words DESC
         LIMIT :candidates
    ),
    chosen AS (
        SELECT article_id, coalesce(by_words.words, 0) AS words
          FROM by_meaning FULL JOIN by_words USING (article_id)
    ),
    -- one pass over all chunks, not one for each article
    chunks AS MATERIALIZED (
        SELECT article_id, jsonb_agg(jsonb_build_array(language, kind, position, cosine, lift)) AS chunks
          FROM scored WHERE article_id = ANY (ARRAY(SELECT article_id FROM chosen)) GROUP BY article_id
    )
    SELECT (SELECT jsonb_object_agg(language, jsonb_build_array(articles, mean, deviation)) FROM background) AS background,
           (SELECT jsonb_agg(jsonb_build_object(
                'article_id', chosen.article_id,
                'version', (SELECT version FROM knowledge_articles WHERE id = chosen.article_id),
                'words', chosen.words,
                'variants', (SELECT jsonb_agg(jsonb_build_array(language, title, questions, body) ORDER BY position)
                               FROM knowledge_variants WHERE article_id = chosen.article_id),
                'chunks', (SELECT chunks.chunks FROM chunks WHERE chunks.article_id = chosen.article_id)))
              FROM chosen) AS candidates
""")


async def article_by_id(tx: Transaction, article_id: ArticleId) -> ArticleView:
    """One article.

    Raises:
        NotFound: the hotel has no such article.
    """
    row = (await tx.execute(_ONE, {"article_id": article_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("No such article")
    return ArticleView.model_validate(dict(row))


async def list_articles(tx: Transaction, page: PageRequest, published: bool | None = None) -> Page[ArticleSummary]:
    """The hotel's articles, the last changed first."""
    after_time, after_id = time_and_id(page) or (None, None)
    rows = (
        await tx.execute(
            _LIST,
            {
                "hotel_id": tx.hotel_id,
                "published": published,
                "after_time": after_time,
                "after_id": after_id,
                "limit": page.limit + 1,
            },
        )
    ).mappings()
    items = [ArticleSummary.model_validate(dict(row)) for row in rows]
    last = items[: page.limit][-1:]
    return page.page(items, *[part for item in last for part in (item.updated_at.isoformat(), item.id)])


async def candidates(tx: Transaction, vector: Vector, question: str, language: str) -> Found:
    """What the hotel's published articles have to say to a question: the closest in meaning, those that share words,
    and the background they stand out from. Exact within the hotel; its time grows with the hotel's chunks alone.

    Args:
        tx: of the hotel.
        vector: of the question, length 1.
        question: its text, for the words.
        language: its language, BCP 47.
    """
    words = " | ".join(dict.fromkeys(content_words(question)[:MAX_WORDS]))
    row = (
        (
            await tx.execute(
                _SEARCH,
                {
                    "hotel_id": tx.hotel_id,
                    "vector": vector_literal(vector),
                    "configuration": SEARCH_CONFIGURATION[language_of(language)],
                    "words": words,
                    "candidates": CANDIDATES,
                },
            )
        )
        .mappings()
        .one()
    )
    background = {
        spoken: Background(int(articles), float(mean), float(deviation))
        for spoken, (articles, mean, deviation) in (row["background"] or {}).items()
    }
    found = tuple(_candidate(one) for one in row["candidates"] or [])
    words_there = [*asked_words(question), *(word for one in found for word in words_of(one.variant(language)))]
    return Found(found, background, await _WORDS.of(words_there, tx))


async def search_articles(
    tx: Transaction, embedder: Embedder, question: str, language: str | None, limit: int
) -> list[ArticleHit]:
    """The published articles for a question, best first: what the AI would see."""
    spoken = language or detect(question).language.value
    asks = essence(question)
    found = await candidates(tx, await embedder.query(asks), asks, spoken)
    found = await with_asked_words(found, asked_words(question), embedder)
    ranked = rank(question, language_of(spoken).value, found, confidence_model().order)
    return [_hit(one.candidate, language_of(spoken).value, one.score) for one in ranked[:limit]]


def _hit(candidate: Candidate, language: str, score: float) -> ArticleHit:
    variant = candidate.variant(language)
    said = [scored for scored in candidate.chunks if scored.chunk.kind is ChunkKind.SENTENCE]
    inside = [scored for scored in said if scored.language == variant.language] or said
    return ArticleHit(
        article_id=candidate.article_id,
        title=variant.title,
        language=variant.language,
        score=round(score, 4),
        snippet=max(inside, key=lambda scored: scored.cosine).chunk.text if inside else variant.title,
    )


def _candidate(stored: Mapping[str, Any]) -> Candidate:  # Any: JSON of our own statement
    variants = tuple(
        Variant(language, title, tuple(questions), body) for language, title, questions, body in stored["variants"]
    )
    chunks = {variant.language: pieces_of(variant) for variant in variants}
    scores: Sequence[Any] = stored["chunks"] or []
    return Candidate(
        ArticleId(UUID(stored["article_id"])),
        variants,
        tuple(
            ScoredChunk(language, chunks[language][kind, position], float(cosine), float(lift))
            for language, kind, position, cosine, lift in scores
            if (kind, position) in chunks.get(language, {})
        ),
        float(stored["words"]),
        version=stored["version"],
    )


@lru_cache(maxsize=512)
def pieces_of(variant: Variant) -> Mapping[tuple[str, int], Chunk]:
    """A variant's chunks by kind and position; splitting into sentences costs more than all else around a search.

    What it keeps, by tracemalloc: 2 kB for a variant as the demo hotels write them (1 MB in all), 80 to 105 kB for one that is
    as long as it may be (50 MB), and, the worst that anybody can write, 420 kB for one whose sentences are single letters
    (215 MB, when somebody writes 512 of those and guests ask for them all).
    """
    return {(chunk.kind.value, chunk.position): chunk for chunk in variant.chunks()}

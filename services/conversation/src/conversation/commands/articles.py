"""Knowledge articles are written, changed, published and deleted. Vectors are made before the row is locked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, StrictBool
from sqlalchemy import text
from sqlmodel import col, delete, select

from contracts.errors import NotFound
from contracts.events import ArticleCreated, ArticleDeleted, ArticlePublished, ArticleUnpublished, ArticleUpdated
from contracts.ids import ArticleId
from contracts.values import LanguageTag
from conversation.adapters.artefacts import commonness
from conversation.adapters.embedder import Embedder, Vector, text_key, vector_literal
from conversation.adapters.word_vectors import store_words
from conversation.commands.versions import keep_version
from conversation.domain.article import Variant, words_of
from conversation.domain.language import language_of
from conversation.domain.text import normalise
from conversation.domain.versions import Change
from conversation.tables_knowledge import SEARCH_CONFIGURATION, ArticleRow, ChunkRow, VariantRow
from servicekit.commands import Command, Text
from servicekit.etags import check_version
from servicekit.ids import new_id
from servicekit.transaction import Transaction

MAX_VARIANTS, MAX_QUESTIONS, MAX_BODY = 12, 20, 6000


class ArticleVariant(Command):
    """An article in one language."""

    language: LanguageTag
    title: Annotated[Text, Field(max_length=200)]
    questions: Annotated[
        tuple[Annotated[Text, Field(max_length=300)], ...],
        Field(max_length=MAX_QUESTIONS, description="how guests ask, in their words; the best help for finding it"),
    ] = ()
    body: Annotated[Text, Field(max_length=MAX_BODY, description="plain sentences; the AI repeats them word for word")]

    def value(self) -> Variant:
        """The variant as the domain has it."""
        return Variant(self.language, self.title, self.questions, self.body)


def _one_per_language(variants: list[ArticleVariant]) -> list[ArticleVariant]:
    if len({variant.language for variant in variants}) < len(variants):
        raise ValueError("there is one variant per language")
    return variants


Variants = Annotated[
    list[ArticleVariant],
    AfterValidator(_one_per_language),
    Field(min_length=1, max_length=MAX_VARIANTS, description="the first is the original"),
]


class CreateArticle(Command):
    """Write an article."""

    variants: Variants
    published: Annotated[StrictBool, Field(description="whether the AI may answer from it at once")] = False


class UpdateArticle(Command):
    """Replace what an article says, in all its languages."""

    variants: Variants


async def create_article(
    command: CreateArticle, tx: Transaction, embedder: Embedder, article_id: ArticleId | None = None
) -> ArticleRow:
    """Write an article; guests see it once it is published."""
    variants = tuple(variant.value() for variant in command.variants)
    vectors = await _vectors(variants, {}, embedder)
    await _store_words(variants, embedder, tx)
    row = ArticleRow(id=article_id or new_id(), published=command.published)
    tx.add(row)
    await tx.flush()
    await _write(row, variants, vectors, tx)
    languages = _languages(variants)
    tx.publish(ArticleCreated(article_id=row.key, languages=languages, published=row.published, version=row.version))
    await keep_version(row, Change.CREATE, tx)
    if row.published:
        row.version += 1
        await keep_version(row, Change.PUBLISH, tx)
        tx.publish(ArticlePublished(article_id=row.key, languages=languages, published=True, version=row.version))
    tx.audit("article.create", "article", row.id)
    return row


async def update_article(
    article_id: ArticleId,
    command: UpdateArticle,
    if_match: int | None,
    tx: Transaction,
    embedder: Embedder,
    restored_from: int | None = None,
) -> ArticleRow:
    """Replace all variants. Texts that stay are not embedded again. `restored_from` is the version that they come from.

    Raises:
        NotFound: the hotel has no such article.
        PreconditionFailed: somebody else changed it.
    """
    check_version(await tx.get(ArticleRow, article_id), if_match)
    variants = tuple(variant.value() for variant in command.variants)
    vectors = await _vectors(variants, await _known(article_id, tx), embedder)
    await _store_words(variants, embedder, tx)
    row = await tx.lock(ArticleRow, article_id)
    check_version(row, if_match)
    await tx.execute(delete(VariantRow).where(col(VariantRow.article_id) == row.id))
    await _write(row, variants, vectors, tx)
    row.version += 1
    tx.publish(
        ArticleUpdated(article_id=row.key, languages=_languages(variants), published=row.published, version=row.version)
    )
    change = Change.UPDATE if restored_from is None else Change.RESTORE
    await keep_version(row, change, tx, restored_from)
    tx.audit(f"article.{change}", "article", row.id)
    return row


async def publish_article(article_id: ArticleId, tx: Transaction, *, published: bool) -> ArticleRow:
    """Let the AI answer from an article, or no longer. What is so already stays as it is.

    Raises:
        NotFound: the hotel has no such article.
    """
    row = await tx.lock(ArticleRow, article_id)
    if row.published != published:
        row.published = published
        row.version += 1
        event = ArticlePublished if published else ArticleUnpublished
        languages = await _stored_languages(article_id, tx)
        tx.publish(event(article_id=row.key, languages=languages, published=published, version=row.version))
        change = Change.PUBLISH if published else Change.UNPUBLISH
        await keep_version(row, change, tx)
        tx.audit(f"article.{change}", "article", row.id)
    return row


async def delete_article(article_id: ArticleId, if_match: int | None, tx: Transaction) -> None:
    """Delete an article with its variants and vectors. Answers that were taken from it keep its id and title.

    Raises:
        NotFound: the hotel has no such article.
        PreconditionFailed: somebody else changed it.
    """
    row = await tx.lock(ArticleRow, article_id)
    check_version(row, if_match)
    languages = await _stored_languages(article_id, tx)
    await tx.delete(row)
    tx.publish(ArticleDeleted(article_id=row.key, languages=languages, published=False, version=row.version + 1))
    tx.audit("article.delete", "article", row.id)


@dataclass(frozen=True, slots=True)
class _Embedded:
    """Vectors and commonness by the text's key."""

    vectors: dict[str, Vector]
    commonness: dict[str, float]


async def _vectors(variants: Sequence[Variant], known: dict[str, Vector], embedder: Embedder) -> _Embedded:
    texts = {text_key("passage", chunk.text): chunk.text for variant in variants for chunk in variant.chunks()}
    missing = [key for key in texts if key not in known]
    made = await embedder.passages([texts[key] for key in missing])
    vectors = {key: known[key] for key in texts if key in known} | dict(zip(missing, made, strict=True))
    keys = list(vectors)
    common = commonness(np.stack([vectors[key] for key in keys]))
    return _Embedded(vectors, {key: float(value) for key, value in zip(keys, common, strict=True)})


async def _store_words(variants: Sequence[Variant], embedder: Embedder, tx: Transaction) -> None:
    await store_words(list(dict.fromkeys(word for variant in variants for word in words_of(variant))), embedder, tx)


async def _known(article_id: ArticleId, tx: Transaction) -> dict[str, Vector]:
    rows = await tx.scalars(select(ChunkRow).where(col(ChunkRow.article_id) == article_id))
    return {row.text_key: np.asarray(row.embedding, dtype=np.float32) for row in rows}


# Title and guests' phrasings weigh more than the body.
_WRITE_VARIANT = text("""
    INSERT INTO knowledge_variants (article_id, language, hotel_id, position, title, questions, body, tsv)
    VALUES (:article_id, :language, :hotel_id, :position, :title, :questions, :body,
            setweight(to_tsvector(CAST(:configuration AS regconfig), :head), 'A')
            || setweight(to_tsvector(CAST(:configuration AS regconfig), :rest), 'B'))
""")

_WRITE_CHUNKS = text("""
    INSERT INTO knowledge_chunks
           (article_id, language, kind, position, hotel_id, text_key, embedding, commonness)
    SELECT :article_id, chunk.language, chunk.kind, chunk.position, :hotel_id, chunk.text_key,
           CAST(chunk.embedding AS vector), chunk.commonness
      FROM unnest(CAST(:languages AS text[]), CAST(:kinds AS text[]), CAST(:positions AS int[]), CAST(:keys AS text[]),
                  CAST(:embeddings AS text[]), CAST(:commonness AS real[]))
           AS chunk (language, kind, position, text_key, embedding, commonness)
""")


async def _write(row: ArticleRow, variants: Sequence[Variant], embedded: _Embedded, tx: Transaction) -> None:
    for position, variant in enumerate(variants):
        await tx.execute(
            _WRITE_VARIANT,
            {
                "article_id": row.id,
                "language": variant.language,
                "hotel_id": row.hotel_id,
                "position": position,
                "title": variant.title,
                "questions": list(variant.questions),
                "body": variant.body,
                "configuration": SEARCH_CONFIGURATION[language_of(variant.language)],
                "head": normalise(" ".join([variant.title, *variant.questions])),
                "rest": normalise(variant.body),
            },
        )
    chunks = [(variant.language, chunk) for variant in variants for chunk in variant.chunks()]
    keys = [text_key("passage", chunk.text) for _, chunk in chunks]
    await tx.execute(
        _WRITE_CHUNKS,
        {
            "article_id": row.id,
            "hotel_id": row.hotel_id,
            "languages": [language for language, _ in chunks],
            "kinds": [chunk.kind.value for _, chunk in chunks],
            "positions": [chunk.position for _, chunk in chunks],
            "keys": keys,
            "embeddings": [vector_literal(embedded.vectors[key]) for key in keys],
            "commonness": [embedded.commonness[key] for key in keys],
        },
    )


async def _stored_languages(article_id: ArticleId, tx: Transaction) -> tuple[str, ...]:
    query = (
        select(VariantRow.language).where(col(VariantRow.article_id) == article_id).order_by(col(VariantRow.position))
    )
    languages = tuple(await tx.scalars(query))
    if not languages:
        raise NotFound("No such article")
    return languages


def _languages(variants: Sequence[Variant]) -> tuple[str, ...]:
    return tuple(variant.language for variant in variants)

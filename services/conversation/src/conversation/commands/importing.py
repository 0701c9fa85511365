"""One article of an accepted import is written: a new one, or the one that came from the same place before."""

from uuid import UUID

from sqlmodel import col, select

from contracts.ids import ArticleId
from conversation.adapters.embedder import Embedder
from conversation.commands.articles import (
    ArticleVariant,
    CreateArticle,
    UpdateArticle,
    create_article,
    publish_article,
    update_article,
)
from conversation.domain.importing import ArticleState, ImportState, fingerprint
from conversation.tables_imports import ImportArticleRow, ImportPageRow, ImportRow, OriginRow
from conversation.tables_knowledge import ArticleRow, VariantRow
from servicekit.transaction import Transaction


async def write_imported(import_id: UUID, proposed_id: UUID, tx: Transaction, embedder: Embedder) -> None:
    """Write it, once; nothing where the import was stopped, discarded, or somebody else has written it."""
    row = await tx.find_locked(ImportRow, import_id)
    proposed = await tx.find_locked(ImportArticleRow, proposed_id)
    if row is None or proposed is None or row.stopped or row.state != ImportState.WRITING.value:
        return
    if proposed.state != ArticleState.ACCEPTED.value:
        return
    variant = ArticleVariant(
        language=proposed.language, title=proposed.title, questions=tuple(proposed.questions), body=proposed.body
    )
    origin = await tx.find(OriginRow, (row.hotel_id, proposed.source, proposed.anchor, proposed.language))
    article = await tx.find(ArticleRow, origin.article_id) if origin is not None else None
    if article is None:
        article = await create_article(CreateArticle(variants=[variant], published=row.publish), tx, embedder)
    else:
        article = await _change(article.key, variant, tx, embedder)
        if row.publish:
            article = await publish_article(article.key, tx, published=True)
    if origin is None:
        origin = OriginRow(
            hotel_id=row.hotel_id,
            source=proposed.source,
            anchor=proposed.anchor,
            language=proposed.language,
            article_id=article.id,
            fingerprint="",
        )
        tx.add(origin)
    origin.article_id = article.id
    origin.fingerprint = fingerprint(proposed.title, tuple(proposed.questions), proposed.body)
    origin.etag, origin.last_modified = await _conditions(row, proposed.source, tx)
    proposed.state, proposed.article_id = ArticleState.WRITTEN.value, article.id
    row.version += 1


async def _change(article_id: ArticleId, variant: ArticleVariant, tx: Transaction, embedder: Embedder) -> ArticleRow:
    """Put the new text in its language's place; the other languages stay as they are."""
    stored: list[VariantRow] = await tx.scalars(
        select(VariantRow).where(col(VariantRow.article_id) == article_id).order_by(col(VariantRow.position))
    )
    variants = [
        ArticleVariant(language=one.language, title=one.title, questions=tuple(one.questions), body=one.body)
        for one in stored
    ]
    kept = [variant if one.language == variant.language else one for one in variants]
    if variant not in kept:
        kept.append(variant)
    return await update_article(article_id, UpdateArticle(variants=kept), None, tx, embedder)


async def _conditions(row: ImportRow, source: str, tx: Transaction) -> tuple[str | None, str | None]:
    """What the site is asked with the next time: is it still this?"""
    pages: list[ImportPageRow] = await tx.scalars(
        select(ImportPageRow).where(col(ImportPageRow.import_id) == row.id, col(ImportPageRow.name) == source)
    )
    return (pages[0].etag, pages[0].last_modified) if pages else (None, None)

"""Fills the demo hotels' knowledge bases, by the same command as everybody uses, so that the events go out too."""

import typer

from contracts.ids import HotelId
from conversation.adapters.demo_content import DEMO_HOTELS, demo_articles, demo_vectors
from conversation.adapters.embedder import Embedder, LocalEmbedder
from conversation.commands.articles import ArticleVariant, CreateArticle, create_article
from conversation.tables_knowledge import ArticleRow
from servicekit.runtime import Runtime
from servicekit.transaction import Transaction


async def seed_demo(rt: Runtime) -> None:
    """Add the demo hotels' articles, published; what is there already stays as people left it."""
    embedder, added = LocalEmbedder(known=demo_vectors(), warm=False), 0
    try:
        for slug, hotel_id in DEMO_HOTELS.items():
            async with rt.db.transaction(hotel_id) as tx:
                added += await seed_hotel(slug, hotel_id, tx, embedder)
    finally:
        embedder.close()
    typer.echo(f"demo articles: {added} added" if added else "demo articles: all there")


async def seed_hotel(slug: str, hotel_id: HotelId, tx: Transaction, embedder: Embedder) -> int:
    """Add the articles of one demo hotel to the hotel of the transaction; the number added."""
    added = 0
    for article in demo_articles(slug, hotel_id):
        if await tx.find(ArticleRow, article.id) is None:
            variants = [
                ArticleVariant(
                    language=variant.language, title=variant.title, questions=variant.questions, body=variant.body
                )
                for variant in article.variants
            ]
            await create_article(CreateArticle(variants=variants, published=True), tx, embedder, article.id)
            added += 1
    return added

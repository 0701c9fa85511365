"""An article says again what it said in an earlier version."""

from sqlalchemy import text

from contracts.errors import NotFound
from contracts.ids import ArticleId
from conversation.adapters.embedder import Embedder
from conversation.commands.articles import UpdateArticle, update_article
from conversation.tables_knowledge import ArticleRow
from servicekit.transaction import Transaction

_VARIANTS = text("SELECT variants FROM knowledge_versions WHERE article_id = :article_id AND version = :version")


async def restore_article(
    article_id: ArticleId, version: int, if_match: int | None, tx: Transaction, embedder: Embedder
) -> ArticleRow:
    """Make a new version with the text of `version`. Whether guests see the article stays as it is.

    Raises:
        NotFound: the hotel has no such article, or it no such version.
        PreconditionFailed: somebody else changed it.
    """
    variants = await tx.scalar(_VARIANTS, {"article_id": article_id, "version": version})
    if variants is None:
        raise NotFound("No such version")
    command = UpdateArticle.model_validate({"variants": variants})
    return await update_article(article_id, command, if_match, tx, embedder, restored_from=version)

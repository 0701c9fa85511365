"""Every version of an article is kept, and an earlier one can be brought back."""

from sqlalchemy import text

from conversation.domain.versions import Change
from conversation.tables_knowledge import ArticleRow
from servicekit.transaction import Transaction

_KEEP = text("""
    INSERT INTO knowledge_versions
           (article_id, version, hotel_id, change, restored_from, published, variants, actor_kind, actor_id, at)
    SELECT :article_id, :version, :hotel_id, :change, :restored_from, :published,
           jsonb_agg(jsonb_build_object('language', language, 'title', title, 'questions', questions, 'body', body)
                     ORDER BY position),
           :actor_kind, :actor_id, :at
      FROM knowledge_variants
     WHERE article_id = :article_id
    HAVING count(*) > 0
        ON CONFLICT (article_id, version) DO NOTHING
""")


async def keep_version(row: ArticleRow, change: Change, tx: Transaction, restored_from: int | None = None) -> None:
    """Keep the article as it stands now, under its version; the article's row is locked or new."""
    await tx.flush()
    by, _ = tx.actor.on_record()
    await tx.execute(
        _KEEP,
        {
            "article_id": row.id,
            "version": row.version,
            "hotel_id": row.hotel_id,
            "change": change.value,
            "restored_from": restored_from,
            "published": row.published,
            "actor_kind": by.kind.value,
            "actor_id": by.id,
            "at": tx.now,
        },
    )

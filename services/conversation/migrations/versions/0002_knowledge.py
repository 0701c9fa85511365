"""Knowledge articles, their variants per language, and the chunks that are embedded."""

from alembic import op

from servicekit.migrations import tenant_table

revision = "0002_knowledge"
down_revision = "0001_conversations"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE knowledge_articles (
            id uuid PRIMARY KEY,
            hotel_id uuid NOT NULL,
            published boolean NOT NULL,
            version int NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            UNIQUE (id, hotel_id)
        )
    """)
    # queries.articles.list_articles: the last changed first
    op.execute("CREATE INDEX knowledge_articles_listed ON knowledge_articles (hotel_id, updated_at DESC, id DESC)")
    op.execute("""
        CREATE TABLE knowledge_variants (
            article_id uuid NOT NULL,
            language text NOT NULL,
            hotel_id uuid NOT NULL,
            position int NOT NULL,          -- 0 is the original
            title text NOT NULL,
            questions text[] NOT NULL,
            body text NOT NULL,
            tsv tsvector NOT NULL,          -- of the normalised text, in the language's configuration
            PRIMARY KEY (article_id, language),
            FOREIGN KEY (article_id, hotel_id) REFERENCES knowledge_articles (id, hotel_id) ON DELETE CASCADE
        )
    """)
    # queries.articles.candidates, the full-text half. hotel_id is part of the index, because row-level security
    # filters by it; @@ is marked LEAKPROOF by the provisioning, so that the index may be used at all.
    op.execute("CREATE INDEX knowledge_variants_words ON knowledge_variants USING gin (hotel_id, tsv)")
    op.execute("""
        CREATE TABLE knowledge_chunks (
            article_id uuid NOT NULL,
            language text NOT NULL,
            kind text NOT NULL CHECK (kind IN ('title', 'question', 'sentence')),
            position int NOT NULL,
            hotel_id uuid NOT NULL,
            text_key text NOT NULL,         -- model, kind and hash of the text: a vector is made once
            embedding vector(384) NOT NULL,
            commonness real NOT NULL,       -- how close it is to hotel questions in general; taken from the cosine
            PRIMARY KEY (article_id, language, kind, position),
            FOREIGN KEY (article_id, language) REFERENCES knowledge_variants (article_id, language) ON DELETE CASCADE
        )
    """)
    # queries.articles.candidates, the other half: exact search within the hotel, no approximate index on purpose
    op.execute("CREATE INDEX knowledge_chunks_of_hotel ON knowledge_chunks (hotel_id, article_id)")
    for table in ("knowledge_articles", "knowledge_variants", "knowledge_chunks"):
        tenant_table(op, table)

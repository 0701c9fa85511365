"""Imports: what is read of files, pages and sitemaps, the articles that are proposed of it, and where articles came from.

Only added to: the version before knows nothing of it.
"""

from alembic import op

from servicekit.migrations import tenant_table

revision = "0013_imports"
down_revision = "0012_budgets"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE knowledge_imports (
            id uuid PRIMARY KEY,
            hotel_id uuid NOT NULL,
            kind text NOT NULL CHECK (kind IN ('files', 'page', 'sitemap')),
            url text,
            state text NOT NULL CHECK (state IN ('reading', 'preview', 'writing', 'done')),
            stopped boolean NOT NULL DEFAULT false,
            problem text,                   -- why a sitemap could not be read
            publish boolean NOT NULL DEFAULT false,
            version int NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            UNIQUE (id, hotel_id)
        )
    """)
    op.execute("CREATE INDEX knowledge_imports_of_hotel ON knowledge_imports (hotel_id, created_at DESC, id DESC)")
    op.execute("""
        CREATE TABLE knowledge_import_pages (
            import_id uuid NOT NULL,
            position int NOT NULL,
            hotel_id uuid NOT NULL,
            name text NOT NULL,             -- a file's name or a page's address
            state text NOT NULL CHECK (state IN ('waiting', 'read', 'unchanged', 'failed')),
            reason text,
            tries int NOT NULL DEFAULT 0,
            media_type text,
            content bytea,                  -- an uploaded file, until it has been read
            etag text,
            last_modified text,
            PRIMARY KEY (import_id, position),
            FOREIGN KEY (import_id, hotel_id) REFERENCES knowledge_imports (id, hotel_id) ON DELETE CASCADE
        )
    """)
    # commands.imports: the next page
    op.execute("""
        CREATE INDEX knowledge_import_pages_waiting ON knowledge_import_pages (import_id, tries, position)
         WHERE state = 'waiting'
    """)
    op.execute("""
        CREATE TABLE knowledge_import_articles (
            id uuid PRIMARY KEY,
            import_id uuid NOT NULL,
            hotel_id uuid NOT NULL,
            position int NOT NULL,          -- among all of the import, in the order of pages
            source text NOT NULL,           -- the page's name
            anchor text NOT NULL,           -- the place in it
            language text NOT NULL,
            title text NOT NULL,
            questions text[] NOT NULL,
            body text NOT NULL,
            change text NOT NULL CHECK (change IN ('new', 'changed', 'same')),
            state text NOT NULL CHECK (state IN ('proposed', 'accepted', 'left_out', 'written')),
            article_id uuid,                -- that it would change, or that was written of it
            UNIQUE (import_id, position),
            FOREIGN KEY (import_id, hotel_id) REFERENCES knowledge_imports (id, hotel_id) ON DELETE CASCADE
        )
    """)
    op.execute("""
        CREATE TABLE knowledge_origins (
            hotel_id uuid NOT NULL,
            source text NOT NULL,
            anchor text NOT NULL,
            language text NOT NULL,
            article_id uuid NOT NULL,
            fingerprint text NOT NULL,      -- of what the source said when it was written
            etag text,
            last_modified text,
            PRIMARY KEY (hotel_id, source, anchor, language),
            FOREIGN KEY (article_id, hotel_id) REFERENCES knowledge_articles (id, hotel_id) ON DELETE CASCADE
        )
    """)
    for table in ("knowledge_imports", "knowledge_import_pages", "knowledge_import_articles", "knowledge_origins"):
        tenant_table(op, table)

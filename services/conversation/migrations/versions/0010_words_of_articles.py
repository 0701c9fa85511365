"""The vectors of the single words of a hotel's articles: what a question's words are compared with, one by one.

Only added to: the version before does not look at it. Articles that it wrote have none, and are compared by spelling
until they are saved again.
"""

from alembic import op

from servicekit.migrations import tenant_table

revision = "0010_words_of_articles"
down_revision = "0009_erased_guests"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE knowledge_words (
            hotel_id uuid NOT NULL,
            word text NOT NULL,             -- normalised, 40 characters at most
            model text NOT NULL,            -- names the vector space
            vector bytea NOT NULL,          -- 384 half-precision floats, length 1
            PRIMARY KEY (hotel_id, word)
        )
    """)
    tenant_table(op, "knowledge_words")

"""What the knowledge base learns from: versions of its articles, ratings of answers, and gaps with their questions.

Only added to: the version before goes on beside this one. What it writes of articles meanwhile is missing among the versions
that are kept.
"""

from alembic import op

from servicekit.migrations import tenant_table

revision = "0011_learning"
down_revision = "0010_words_of_articles"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE knowledge_versions (
            article_id uuid NOT NULL,
            version int NOT NULL,
            hotel_id uuid NOT NULL,
            change text NOT NULL CHECK (change IN ('create', 'update', 'publish', 'unpublish', 'restore')),
            restored_from int,
            published boolean NOT NULL,
            variants jsonb NOT NULL,        -- [{language, title, questions, body}], the original first
            actor_kind text NOT NULL,
            actor_id uuid,
            at timestamptz NOT NULL,
            PRIMARY KEY (article_id, version),
            FOREIGN KEY (article_id, hotel_id) REFERENCES knowledge_articles (id, hotel_id) ON DELETE CASCADE
        )
    """)
    tenant_table(op, "knowledge_versions", app="select, insert")
    # The articles there are, as they stand. The owner is subject to row-level security too, but for this statement.
    read = ("knowledge_articles", "knowledge_variants", "knowledge_versions")
    for table in read:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute("""
        INSERT INTO knowledge_versions
               (article_id, version, hotel_id, change, published, variants, actor_kind, at)
        SELECT article.id, article.version, article.hotel_id, 'create', article.published,
               jsonb_agg(jsonb_build_object('language', variant.language, 'title', variant.title,
                                            'questions', variant.questions, 'body', variant.body)
                         ORDER BY variant.position),
               'system', article.updated_at
          FROM knowledge_articles AS article
          JOIN knowledge_variants AS variant ON variant.article_id = article.id
         GROUP BY article.id
    """)
    for table in read:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")

    op.execute("""
        CREATE TABLE knowledge_ratings (
            id uuid PRIMARY KEY,
            hotel_id uuid NOT NULL,
            conversation_id uuid NOT NULL,
            message_id uuid NOT NULL,
            turn_id uuid,
            rater text NOT NULL CHECK (rater IN ('guest', 'staff')),
            rater_id uuid,                  -- null once the guest was erased
            article_ids uuid[] NOT NULL,    -- the sources of the answer that it is about
            helpful boolean NOT NULL,
            rated_at timestamptz NOT NULL,
            FOREIGN KEY (conversation_id, message_id) REFERENCES messages (conversation_id, id),
            UNIQUE (conversation_id, message_id, rater_id)
        )
    """)
    # queries.statistics: the ratings of a period
    op.execute("CREATE INDEX knowledge_ratings_of_hotel ON knowledge_ratings (hotel_id, rated_at)")
    tenant_table(op, "knowledge_ratings")
    # queries.statistics: the turns of a period
    op.execute("CREATE INDEX turns_of_hotel ON turns (hotel_id, created_at)")

    op.execute("""
        CREATE TABLE knowledge_gaps (
            id uuid PRIMARY KEY,
            hotel_id uuid NOT NULL,
            language text NOT NULL,
            state text NOT NULL CHECK (state IN ('open', 'approved', 'dismissed')),
            article_id uuid,                -- of an approved one; the article may be deleted since
            embedding vector(384) NOT NULL, -- of its first question
            version int NOT NULL DEFAULT 1,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            UNIQUE (id, hotel_id),
            CHECK ((state = 'approved') = (article_id IS NOT NULL))
        )
    """)
    # commands.gaps: the gaps that a question may belong to
    op.execute("CREATE INDEX knowledge_gaps_of_hotel ON knowledge_gaps (hotel_id, state, language)")
    op.execute("""
        CREATE TABLE knowledge_gap_questions (
            turn_id uuid PRIMARY KEY REFERENCES turns (id) ON DELETE CASCADE,
            hotel_id uuid NOT NULL,
            gap_id uuid NOT NULL,
            conversation_id uuid NOT NULL,
            cause text NOT NULL CHECK (cause IN ('unanswered', 'rated_badly')),
            embedding vector(384) NOT NULL,
            asked_at timestamptz NOT NULL,
            FOREIGN KEY (gap_id, hotel_id) REFERENCES knowledge_gaps (id, hotel_id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX knowledge_gap_questions_of_gap ON knowledge_gap_questions (gap_id, asked_at DESC)")
    # commands.erasure
    op.execute("CREATE INDEX knowledge_gap_questions_said_in ON knowledge_gap_questions (conversation_id)")
    for table in ("knowledge_gaps", "knowledge_gap_questions"):
        tenant_table(op, table)

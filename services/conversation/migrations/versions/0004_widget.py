"""What the widget shows: the hotel's hours, what was read, choices of a question back, what guests say of themselves.

Only added to: the version before reads and writes beside this one.
"""

from alembic import op

from servicekit.migrations import tenant_table

revision = "0004_widget"
down_revision = "0003_ai_since_version"


def upgrade() -> None:
    # Null in rows from before: identity's next event on the hotel, or a replay of its topic, fills them.
    op.execute("ALTER TABLE hotels ADD COLUMN time_zone text, ADD COLUMN business_hours jsonb")
    op.execute("""
        ALTER TABLE conversations
            ADD COLUMN read_by_guest_seq int NOT NULL DEFAULT 0,
            ADD COLUMN read_by_desk_seq int NOT NULL DEFAULT 0
    """)
    op.execute("ALTER TABLE messages ADD COLUMN choices text[] NOT NULL DEFAULT '{}'")
    # By the primary key: commands.guests.identify, queries.conversations.conversation_for_staff.
    op.execute("""
        CREATE TABLE guest_says (
            hotel_id uuid NOT NULL,
            guest_id uuid NOT NULL,
            name text,
            email text,
            phone text,
            room text,
            updated_at timestamptz NOT NULL,
            PRIMARY KEY (hotel_id, guest_id)
        )
    """)
    tenant_table(op, "guest_says", worker="select, delete")

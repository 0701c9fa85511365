"""From which version on a conversation is the AI's: tells news of an earlier hand-over from news of the present one."""

from alembic import op

revision = "0003_ai_since_version"
down_revision = "0002_knowledge"


def upgrade() -> None:
    op.execute("ALTER TABLE conversations ADD COLUMN ai_since_version int NOT NULL DEFAULT 0")

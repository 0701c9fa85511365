"""What a guest's open widget shows comes in one call: it is asked for at every hint of every open widget."""

from pathlib import Path

from alembic import op

revision = "0006_look"
down_revision = "0005_one_clock"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute((SQL / "0006_look_at_conversation.sql").read_text(encoding="utf-8"))

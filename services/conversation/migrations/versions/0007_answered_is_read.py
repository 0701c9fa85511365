"""An answer of staff has read what it answers, in the statement that stores it: a mark of its own could be lost on the way.

Same name and parameters: the version before calls it as it did, and marks once more what is marked.
"""

from pathlib import Path

from alembic import op

revision = "0007_answered_is_read"
down_revision = "0006_look"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute((SQL / "0007_send_message.sql").read_text(encoding="utf-8"))

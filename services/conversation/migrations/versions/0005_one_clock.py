"""Turns are timed by the database's clock: a process whose own is wrong must not keep guests waiting.

Same names and parameters: the version before calls them as it did.
"""

from pathlib import Path

from alembic import op

revision = "0005_one_clock"
down_revision = "0004_widget"

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    for function in ("send_message", "hold_turn"):
        op.execute((SQL / f"0005_{function}.sql").read_text(encoding="utf-8"))

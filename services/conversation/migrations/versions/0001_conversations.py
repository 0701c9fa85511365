"""Conversations, messages and turns, the hot path's function, and the projections of hotels, staff and guests."""

from pathlib import Path

from alembic import op

from servicekit.migrations import create_chassis_tables, tenant_table

revision = "0001_conversations"
down_revision = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in (SQL / "0001_tables.sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)
    for name in ("hotels", "staff", "guests"):
        tenant_table(op, name, app="select", worker="select, insert, update, delete")
    for name in ("conversations", "messages", "turns"):
        tenant_table(op, name, app="select, insert, update")
    # Shows a hotel to who names its slug, and no other: how a widget finds its hotel.
    op.execute(
        "CREATE POLICY hotels_by_slug ON hotels FOR SELECT USING (slug = current_setting('app.hotel_slug', true))"
    )
    for function in ("hotel_by_slug", "send_message", "hold_turn"):
        op.execute((SQL / f"0001_{function}.sql").read_text(encoding="utf-8"))

"""The chassis tables, and notes: at most one per slot, checked when the transaction commits."""

from alembic import op

from servicekit.migrations import create_chassis_tables, tenant_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.execute(
        """
        create table notes (
            id uuid primary key,
            hotel_id uuid not null,
            version integer not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            text text not null,
            slot integer,
            constraint one_per_slot unique (hotel_id, slot) deferrable initially deferred
        )
        """
    )
    tenant_table(op, "notes", platform="read")

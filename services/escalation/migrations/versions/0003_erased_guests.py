"""Guests who were erased: what staff note later about an escalation of theirs is not kept.

Revision ID: 0002
"""

from alembic import op

from servicekit.migrations import tenant_table

revision = "0003_erased_guests"
down_revision = "0002_hotels_are_forgotten"


def upgrade() -> None:
    """Make the table. Only added to: the version before goes on beside this one."""
    op.execute(
        """
        create table erased_guests (
            guest_id uuid primary key,
            hotel_id uuid not null,
            erased_at timestamptz not null
        )
        """
    )
    tenant_table(op, "erased_guests", app="select", worker="select, insert")
    # forget_guest: all that is about a guest.
    op.execute("create index escalations_of_guest on escalations (hotel_id, guest_id)")

"""Escalations, their timeline, and the projections of conversations and staff.

Revision ID: 0001
"""

from alembic import op

from servicekit.migrations import create_chassis_tables, tenant_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    create_chassis_tables(op)
    op.execute(
        """
        create table escalations (
            id uuid primary key,
            hotel_id uuid not null,
            conversation_id uuid not null,
            guest_id uuid not null,
            status text not null,
            priority smallint not null check (priority between 1 and 4),
            reasons text[] not null check (cardinality(reasons) > 0),
            assignee_id uuid,
            opened_at timestamptz not null,
            acknowledged_at timestamptz,
            resolved_at timestamptz,
            resolution_note text,
            trace_id text,
            version integer not null,
            created_at timestamptz not null,
            updated_at timestamptz not null,
            check (status not in ('open', 'reopened') or assignee_id is null),
            check (status <> 'assigned' or assignee_id is not null),
            check ((status in ('resolved', 'closed')) = (resolved_at is not null))
        )
        """
    )
    tenant_table(op, "escalations", app="select, insert, update")
    # A conversation has one open escalation.
    op.execute(
        """
        create unique index one_open_escalation_per_conversation on escalations (hotel_id, conversation_id)
        where status not in ('resolved', 'closed')
        """
    )
    # queue_escalations: the most urgent first, then the oldest.
    op.execute(
        """
        create index escalations_queue on escalations (hotel_id, (-priority), opened_at, id)
        where status in ('open', 'reopened')
        """
    )
    # list_escalations, newest first; by conversation; by assignee (also unassign_escalations_of).
    op.execute("create index escalations_newest on escalations (hotel_id, id desc)")
    op.execute("create index escalations_of_conversation on escalations (hotel_id, conversation_id, id desc)")
    op.execute("create index escalations_of_assignee on escalations (hotel_id, assignee_id, id desc)")

    op.execute(
        """
        create table timeline (
            escalation_id uuid not null references escalations (id),
            version integer not null,
            hotel_id uuid not null,
            what text not null,
            by_kind text not null,
            by_id uuid,
            because text not null,
            because_id uuid,
            status text not null,
            priority smallint not null,
            assignee_id uuid,
            at timestamptz not null,
            trace_id text,
            primary key (escalation_id, version)
        )
        """
    )
    tenant_table(op, "timeline", app="select, insert")  # it only grows

    op.execute(
        """
        create table conversations (
            id uuid primary key,
            hotel_id uuid not null,
            guest_id uuid not null,
            version integer not null,
            ended_at timestamptz,
            created_at timestamptz not null,
            updated_at timestamptz not null
        )
        """
    )
    tenant_table(op, "conversations", app="select, insert, update")

    op.execute(
        """
        create table staff (
            hotel_id uuid not null,
            user_id uuid not null,
            display_name text not null,
            status text not null,
            version integer not null,
            primary key (hotel_id, user_id)
        )
        """
    )
    # The share lock of assign_escalation needs the right to update.
    tenant_table(op, "staff", app="select, insert, update")

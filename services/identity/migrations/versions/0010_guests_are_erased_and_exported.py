"""Guests are erased, with the proof of it, and what is kept of them is exported.

Expand only: the former release shows an erased guest as one without contact data until it is gone.
"""

from alembic import op

from servicekit.migrations import tenant_table

revision = "0010"
down_revision = "0009"

# One per person, whatever number of records they had.
ERASURES = """
create table guest_erasures (
    id uuid primary key,
    hotel_id uuid not null,
    guest_id uuid not null,
    asked_by_kind text not null,
    asked_by_id uuid,
    asked_at timestamptz not null,
    said_at timestamptz not null,
    said integer not null check (said > 0),
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
)
"""

# What a service has confirmed of a record; `version` is that of the guest.erased it answered, 0: none yet.
STEPS = """
create table guest_erasure_steps (
    guest_id uuid not null,
    service text not null,
    hotel_id uuid not null,
    erasure_id uuid not null references guest_erasures (id),
    version integer not null default 0,
    event_id uuid,
    confirmed_at timestamptz,
    forgotten jsonb not null default '{}',
    primary key (guest_id, service)
)
"""

# The archive is sealed; it is deleted when it expires, or when its guest is erased.
EXPORTS = """
create table guest_exports (
    id uuid primary key,
    hotel_id uuid not null,
    guest_id uuid not null,
    asked_by_kind text not null,
    asked_by_id uuid,
    asked_at timestamptz not null,
    waiting_for text[] not null,
    archive bytea,
    ready_at timestamptz,
    expires_at timestamptz,
    version integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    check ((archive is null) = (ready_at is null) and (ready_at is null) = (expires_at is null))
)
"""


def upgrade() -> None:
    op.execute("alter table guests add column erased_at timestamptz, add column erasure_id uuid")
    op.execute(ERASURES)
    op.execute(STEPS)
    op.execute("create index guest_erasure_steps_of_erasure on guest_erasure_steps (erasure_id)")
    for table in ("guest_erasures", "guest_erasure_steps"):
        tenant_table(op, table, app="select, insert, update")
    op.execute(EXPORTS)
    # commands.export: a guest has one.
    op.execute("create unique index guest_exports_of_guest on guest_exports (hotel_id, guest_id)")
    tenant_table(op, "guest_exports")

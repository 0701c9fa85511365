"""Hotels are deleted, restored and purged; linked to a Clerk organisation; and it shows which of them need attention.

Expand only: the former release neither deletes hotels nor reads these columns. It goes on serving a hotel that is deleted
as one that is suspended.
"""

from alembic import op

from servicekit.migrations import let_hotels_be_forgotten, tenant_table

revision = "0008"
down_revision = "0007"

HOTELS = """
alter table hotels
    add column clerk_organisation_id text constraint hotels_clerk_organisation_key unique,
    add column deleted_at timestamptz,
    add column purge_after timestamptz,
    add column purging_at timestamptz,
    add column purged_at timestamptz,
    add check ((status = 'deleted') = (deleted_at is not null)),
    add check ((deleted_at is null) = (purge_after is null)),
    add check (purging_at is null or deleted_at is not null),
    add check (purged_at is null or purging_at is not null)
"""

# Which services have confirmed that they hold nothing of a purged hotel any more, and how many rows went.
CONFIRMATIONS = """
create table hotel_confirmations (
    hotel_id uuid not null references hotels (id),
    service text not null,
    counts jsonb not null,
    forgotten_at timestamptz not null,
    primary key (hotel_id, service)
)
"""

# What the reasons to look at a hotel are made of: the newest state of each article, budget, ... that an event named.
SIGNS = """
create table attention_signs (
    hotel_id uuid not null,
    reason text not null,
    object_id uuid not null,
    holds boolean not null,
    version integer not null check (version >= 1),
    primary key (hotel_id, reason, object_id)
)
"""

INDEXES = (
    # jobs.purge_deleted_hotels and jobs.remind_of_purges.
    "create index hotels_to_purge on hotels (purge_after) where deleted_at is not null and purged_at is null",
    # queries.attention: does any hold?
    "create index attention_held on attention_signs (hotel_id, reason) where holds",
)


def upgrade() -> None:
    for statement in (HOTELS, CONFIRMATIONS, SIGNS, *INDEXES):
        op.execute(statement)
    tenant_table(op, "hotel_confirmations", app="select", worker="select, insert, update", platform="read", kept=True)
    tenant_table(op, "attention_signs", app="select", worker="select, insert, update", platform="read")
    let_hotels_be_forgotten(op, "memberships", "guests")

"""API keys of hotels, impersonations, and the keys that sign tokens.

`signing_keys` belong to no hotel: platform scope alone sees them, and their private halves are sealed besides. Expand only:
the former release goes on signing with the key of its settings, which the first process of this one takes over.
"""

from alembic import op

from servicekit.migrations import grant, platform_readable, tenant_table

revision = "0007"
down_revision = "0006"

READ_WRITE = "select, insert, update"

API_KEYS = """
create table api_keys (
    id uuid primary key,
    hotel_id uuid not null references hotels (id),
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text not null,
    scopes text[] not null,
    created_by uuid not null,
    key_hash text not null unique check (length(key_hash) = 64),
    hint text not null,
    sid uuid not null,
    former_hash text unique check (length(former_hash) = 64),
    former_sid uuid,
    former_until timestamptz,
    expires_at timestamptz not null,
    rotated_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    check (num_nonnulls(former_hash, former_sid, former_until) in (0, 3))
)
"""

IMPERSONATIONS = """
create table impersonations (
    id uuid primary key,
    hotel_id uuid not null references hotels (id),
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    user_id uuid not null,
    superadmin_id uuid not null,
    reason text not null,
    started_at timestamptz not null,
    expires_at timestamptz not null check (expires_at <= started_at + interval '15 minutes'),
    ended_at timestamptz,
    ended_by uuid,
    check ((ended_at is null) = (ended_by is null))
)
"""

# A former key keeps its public half, which checks what it signed, and loses the private one.
SIGNING_KEYS = """
create table signing_keys (
    kid text primary key,
    state text not null check (state in ('next', 'current', 'former')),
    public_pem text not null,
    private bytea,
    published_at timestamptz not null,
    signs_since timestamptz,
    replaced_at timestamptz,
    withdrawn_at timestamptz,
    check ((private is null) = (state = 'former')),
    check ((replaced_at is null) = (state <> 'former'))
)
"""

INDEXES = (
    # queries.api_keys and queries.impersonations: newest first; ids are UUIDv7.
    "create index api_keys_newest on api_keys (hotel_id, id desc)",
    "create index impersonations_newest on impersonations (hotel_id, id desc)",
    # Whoever rotates at the same moment finds the other's key in the way.
    "create unique index signing_keys_one on signing_keys (state) where state <> 'former'",
)

# Whose key it is, before there is a scope to look in: a hash in, a hotel's id out, nothing else.
LOOKUP = """
create function hotel_of_api_key(wanted text) returns uuid language plpgsql as $$
declare
    found_id uuid;
    scope text := coalesce(current_setting('app.platform', true), '');
begin
    perform set_config('app.platform', 'on', true);
    select hotel_id into found_id from api_keys where key_hash = wanted or former_hash = wanted;
    perform set_config('app.platform', scope, true);
    return found_id;
end $$
"""


def upgrade() -> None:
    for statement in (API_KEYS, IMPERSONATIONS, SIGNING_KEYS, *INDEXES):
        op.execute(statement)
    tenant_table(op, "api_keys", app=READ_WRITE, worker="select", platform="read")
    tenant_table(op, "impersonations", app=READ_WRITE, worker="select", platform="read")
    op.execute("alter table signing_keys enable row level security")
    op.execute("alter table signing_keys force row level security")
    platform_readable(op, "signing_keys", write=True)
    grant(op, "signing_keys", app=READ_WRITE, worker=READ_WRITE)
    op.execute(LOOKUP)

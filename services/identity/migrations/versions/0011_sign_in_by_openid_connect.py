"""Sign-in by OpenID Connect, and what Clerk's webhooks say.

Connections belong to a hotel or to the platform. Identities and one-time codes belong to a person like sessions:
`app.account_id` sees its own. Clerk's objects are seen in platform scope alone.
"""

from alembic import op

from servicekit.migrations import HOTEL, grant, platform_readable

revision = "0011"
down_revision = "0010"

ACCOUNT = "nullif(current_setting('app.account_id', true), '')::uuid"

CONNECTIONS = """
create table oidc_connections (
    id uuid primary key,
    hotel_id uuid references hotels (id) on delete cascade,
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text not null,
    issuer text not null,
    client_id text not null,
    client_secret bytea,
    domains text[] not null,
    confirmed_domains text[] not null,
    organisation_claim text not null,
    organisations text[] not null,
    default_role text not null check (default_role in ('admin', 'staff', 'viewer')),
    enabled boolean not null
)
"""

IDENTITIES = """
create table oidc_identities (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    issuer text not null,
    subject text not null,
    linked_at timestamptz not null,
    last_used_at timestamptz,
    unique (issuer, subject)
)
"""

CODES = """
create table oidc_codes (
    code_hash text primary key check (length(code_hash) = 64),
    user_id uuid not null references users (id) on delete cascade,
    hotel_id uuid references hotels (id) on delete cascade,
    binder_hash text not null check (length(binder_hash) = 64),
    confined boolean not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
)
"""

CLERK_DELIVERIES = """
create table clerk_deliveries (
    svix_id text primary key,
    received_at timestamptz not null
)
"""

CLERK_OBJECTS = """
create table clerk_objects (
    kind text not null check (kind in ('user', 'organization', 'organizationMembership')),
    clerk_id text not null,
    deleted boolean not null,
    changed_ms bigint not null,
    sent_ms bigint not null,
    digest text not null,
    organisation_id text,
    user_id text,
    role text,
    account_id uuid references users (id) on delete set null,
    managed boolean not null,
    pending boolean not null,
    primary key (kind, clerk_id)
)
"""

INDEXES = (
    "create index oidc_connections_by_hotel on oidc_connections (hotel_id)",
    "create index oidc_identities_by_user on oidc_identities (user_id)",
    # The purge.
    "create index oidc_codes_by_end on oidc_codes (expires_at)",
    "create index clerk_deliveries_by_age on clerk_deliveries (received_at)",
    # commands.clerk: what is still to do; the memberships of an organisation, of a user; the users of an account.
    "create index clerk_objects_pending on clerk_objects (organisation_id, user_id) where pending",
    "create index clerk_objects_by_organisation on clerk_objects (organisation_id, user_id)",
    "create index clerk_objects_by_user on clerk_objects (user_id)",
    "create index clerk_objects_by_account on clerk_objects (account_id)",
)

COLUMNS = (
    # Of sessions that a hotel's own connection opened. The former release writes none of those.
    "alter table sessions add column confined boolean not null default false",
    "alter table users add column clerk_id text unique",
    "alter table hotels add column if not exists clerk_organisation_id text unique",
)

# As the look-ups of the first migration: who is that, before there is a scope to look in; one id out, nothing else.
LOOKUP = """
create function {name}({arguments}) returns uuid language plpgsql as $$
declare
    found_id uuid;
    scope text := coalesce(current_setting('app.platform', true), '');
begin
    perform set_config('app.platform', 'on', true);
    {select};
    perform set_config('app.platform', scope, true);
    return found_id;
end $$
"""
LOOKUPS = (
    LOOKUP.format(
        name="account_of_identity",
        arguments="at_issuer text, named text",
        select="select user_id into found_id from oidc_identities where issuer = at_issuer and subject = named",
    ),
    LOOKUP.format(
        name="account_of_oidc_code",
        arguments="wanted text",
        select="select user_id into found_id from oidc_codes where code_hash = wanted",
    ),
)


def upgrade() -> None:
    for statement in (CONNECTIONS, IDENTITIES, CODES, CLERK_DELIVERIES, CLERK_OBJECTS, *INDEXES, *COLUMNS, *LOOKUPS):
        op.execute(statement)
    own = {
        "oidc_connections": f"hotel_id = {HOTEL}",
        "oidc_identities": f"user_id = {ACCOUNT}",
        "oidc_codes": f"user_id = {ACCOUNT}",
    }
    for table in (*own, "clerk_deliveries", "clerk_objects"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        if table in own:
            op.execute(f"create policy own on {table} using ({own[table]}) with check ({own[table]})")
        platform_readable(op, table, write=True)
    grant(op, "oidc_connections", app="select, insert, update, delete")
    grant(op, "oidc_identities", app="select, insert, update, delete")
    grant(op, "oidc_codes", app="select, insert, update, delete", worker="select, delete")
    grant(op, "clerk_deliveries", app="select, insert", worker="select, delete")
    grant(op, "clerk_objects", app="select, insert, update", worker="select, update")
    # jobs.carry_out_clerk locks accounts and ends sessions.
    grant(op, "users", worker="update")
    grant(op, "sessions", worker="update")

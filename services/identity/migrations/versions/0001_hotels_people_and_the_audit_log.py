"""Hotels, accounts, memberships, sessions, guests and the audit log.

Three scopes see these tables, each set for one transaction:
- `app.hotel_id`: a hotel's own rows, and the accounts that work or worked for it;
- `app.account_id`: one account with its password, sessions and memberships (sign-in, refresh, own sessions);
- `app.platform`: all of it (superadmin, purge).
"""

from alembic import op

from servicekit.migrations import create_chassis_tables, grant, platform_readable, tenant_table

revision = "0001"
down_revision = None

ACCOUNT = "nullif(current_setting('app.account_id', true), '')::uuid"
READ_WRITE = "select, insert, update"

HOTELS = """
create table hotels (
    id uuid primary key,
    hotel_id uuid not null check (hotel_id = id),
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    slug text not null unique,
    name text not null,
    status text not null check (status in ('active', 'inactive', 'deleted')),
    time_zone text not null,
    default_language text not null,
    languages text[] not null,
    confidence_threshold double precision not null check (confidence_threshold between 0 and 1),
    never_auto text[] not null,
    hand_over_vips boolean not null,
    brand jsonb not null,
    business_hours jsonb,
    consent_text text not null,
    allowed_origins text[] not null
)
"""

USERS = """
create table users (
    id uuid primary key,
    email text not null unique check (email = lower(email)),
    name text not null,
    status text not null check (status in ('invited', 'active', 'inactive', 'deleted')),
    superadmin boolean not null,
    languages text[] not null,
    version integer not null check (version >= 1),
    revocations integer not null check (revocations >= 0),
    created_at timestamptz not null,
    updated_at timestamptz not null
)
"""

CREDENTIALS = """
create table credentials (
    user_id uuid primary key references users (id) on delete cascade,
    password_hash text not null,
    changed_at timestamptz not null
)
"""

MEMBERSHIPS = """
create table memberships (
    id uuid primary key,
    hotel_id uuid not null references hotels (id),
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    user_id uuid not null references users (id),
    display_name text not null,
    role text not null check (role in ('admin', 'staff', 'viewer')),
    status text not null check (status in ('active', 'revoked')),
    languages text[] not null,
    changed_at timestamptz not null,
    unique (hotel_id, user_id)
)
"""

SESSIONS = """
create table sessions (
    id uuid primary key,
    user_id uuid not null references users (id) on delete cascade,
    hotel_id uuid references hotels (id),
    started_at timestamptz not null,
    last_used_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    end_reason text,
    check ((ended_at is null) = (end_reason is null))
)
"""

REFRESH_TOKENS = """
create table refresh_tokens (
    token_hash text primary key check (length(token_hash) = 64),
    session_id uuid not null references sessions (id) on delete cascade,
    user_id uuid not null references users (id) on delete cascade,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    rotated_at timestamptz
)
"""

GUESTS = """
create table guests (
    id uuid primary key,
    hotel_id uuid not null references hotels (id),
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text,
    email text,
    phone text,
    language text,
    status text not null check (status in ('new', 'regular', 'vip', 'blocked'))
)
"""

AUDIT_ENTRIES = """
create table audit_entries (
    event_id uuid primary key,
    seq bigint generated always as identity unique,
    hotel_id uuid,
    service text not null,
    action text not null,
    actor_kind text not null,
    actor_id uuid,
    acting_for_kind text,
    acting_for_id uuid,
    object_type text not null,
    object_id text not null,
    at timestamptz not null,
    trace_id text,
    recorded_at timestamptz not null
)
"""

INDEXES = (
    # The hotel's staff list: by display name, a page at a time; and: does it keep an admin?
    "create index memberships_by_name on memberships (hotel_id, display_name, user_id)",
    # Sign-in: for which hotels does this account work?
    "create index memberships_by_user on memberships (user_id)",
    # GET /sessions and revoke-all: what is open of this account.
    "create index sessions_open on sessions (user_id) where ended_at is null",
    # The purge goes by age.
    "create index sessions_by_end on sessions (expires_at)",
    "create index refresh_tokens_by_session on refresh_tokens (session_id)",
    # The guest list, newest first; ids are UUIDv7.
    "create index guests_newest on guests (hotel_id, id desc)",
    # The audit log, newest first; by person and by action.
    "create index audit_newest on audit_entries (hotel_id, seq desc)",
    "create index audit_by_actor on audit_entries (hotel_id, actor_id, seq desc)",
    "create index audit_by_action on audit_entries (hotel_id, action, seq desc)",
)

APPEND_ONLY = (
    """
    create function refuse_change() returns trigger language plpgsql as $$
    begin
        raise exception 'the audit log only grows' using errcode = 'insufficient_privilege';
    end $$
    """,
    """
    create trigger audit_entries_append_only before update or delete or truncate on audit_entries
    for each statement execute function refuse_change()
    """,
)

# Who signs in, before there is a scope to look in: an address or a token's hash in, one id out, nothing else.
LOOKUP = """
create function {name}(wanted text) returns uuid language plpgsql as $$
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
    LOOKUP.format(name="account_of_email", select="select id into found_id from users where email = wanted"),
    LOOKUP.format(
        name="account_of_token", select="select user_id into found_id from refresh_tokens where token_hash = wanted"
    ),
)


def upgrade() -> None:
    create_chassis_tables(op)
    for statement in (HOTELS, USERS, CREDENTIALS, MEMBERSHIPS, SESSIONS, REFRESH_TOKENS, GUESTS, AUDIT_ENTRIES):
        op.execute(statement)
    for statement in INDEXES:
        op.execute(statement)

    for table in ("hotels", "memberships", "guests"):
        tenant_table(op, table, app=READ_WRITE, kept=table == "hotels")
        platform_readable(op, table, write=True)
    tenant_table(op, "audit_entries", app="select", worker="select, insert", kept=True)
    platform_readable(op, "audit_entries", write=True)
    for statement in APPEND_ONLY:
        op.execute(statement)

    # An account sees for which hotels it works, and those hotels.
    op.execute(f"create policy own on memberships for select using (user_id = {ACCOUNT})")
    op.execute(
        f"""create policy own on hotels for select using (
            exists (select 1 from memberships m where m.hotel_id = hotels.id and m.user_id = {ACCOUNT}))"""
    )

    # People are no hotel's property: their account shows where they have a membership; the rest is theirs alone.
    for table, key in (
        ("users", "id"),
        ("credentials", "user_id"),
        ("sessions", "user_id"),
        ("refresh_tokens", "user_id"),
    ):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own on {table} using ({key} = {ACCOUNT}) with check ({key} = {ACCOUNT})")
        platform_readable(op, table, write=True)
    op.execute(
        """create policy colleagues on users for select using (
            exists (select 1 from memberships m where m.user_id = users.id
                    and m.hotel_id = nullif(current_setting('app.hotel_id', true), '')::uuid))"""
    )
    grant(op, "users", app=READ_WRITE, worker="select")
    grant(op, "credentials", app=READ_WRITE)
    grant(op, "sessions", app=READ_WRITE, worker="select, delete")
    grant(op, "refresh_tokens", app=READ_WRITE, worker="select, delete")
    for statement in LOOKUPS:
        op.execute(statement)

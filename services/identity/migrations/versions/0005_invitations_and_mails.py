"""Invitations, password resets, and the mails that carry their links.

A mail belongs to a hotel (an invitation) or to an account. A request for a new password belongs to nobody yet: whether
the address has an account is looked at after the answer, so that the answer cannot tell. The app role may add such a row
and not see it.
"""

from alembic import op

from servicekit.migrations import HOTEL, grant, platform_readable, tenant_table

revision = "0005"
down_revision = "0004"

ACCOUNT = "nullif(current_setting('app.account_id', true), '')::uuid"

INVITATIONS = """
create table invitations (
    id uuid primary key,
    hotel_id uuid not null references hotels (id),
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    email text not null,
    name text not null,
    role text not null check (role in ('admin', 'staff', 'viewer')),
    languages text[] not null,
    status text not null check (status in ('open', 'accepted', 'withdrawn')),
    token_hash text not null unique check (length(token_hash) = 64),
    expires_at timestamptz not null,
    invited_by uuid,
    accepted_by uuid references users (id) on delete set null,
    check (accepted_by is null or status = 'accepted')
)
"""

RESETS = """
create table password_resets (
    user_id uuid primary key references users (id) on delete cascade,
    token_hash text not null unique check (length(token_hash) = 64),
    expires_at timestamptz not null
)
"""

# What has left us, or never will, keeps neither recipient nor link.
MAILS = """
create table mails (
    id uuid primary key,
    hotel_id uuid references hotels (id),
    user_id uuid references users (id) on delete cascade,
    kind text not null check (kind in ('invitation', 'password_reset', 'password_changed')),
    about uuid,
    language text not null,
    status text not null check (status in ('waiting', 'sent', 'refused', 'given_up', 'dropped')),
    sealed bytea,
    tries integer not null check (tries >= 0),
    why text not null,
    created_at timestamptz not null,
    valid_until timestamptz not null,
    settled_at timestamptz,
    check ((sealed is null) = (status <> 'waiting')),
    check ((settled_at is null) = (status = 'waiting'))
)
"""

INDEXES = (
    # queries.invitations: the newest first; ids are UUIDv7. And one open invitation an address.
    "create index invitations_newest on invitations (hotel_id, id desc)",
    "create unique index invitations_open on invitations (hotel_id, email) where status = 'open'",
    # The mails of an invitation and of an account, which are dropped with their link; and what waits, to rewrap it.
    "create index mails_about on mails (about, id desc) where about is not null",
    "create index mails_of_account on mails (user_id) where status = 'waiting'",
    "create index mails_waiting on mails (id) where status = 'waiting'",
    "create index mails_settled on mails (settled_at) where settled_at is not null",
)

# Whose link it is, before there is a scope to look in: a token's hash in, one id out, nothing else (as in 0001).
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
    LOOKUP.format(
        name="hotel_of_invitation", select="select hotel_id into found_id from invitations where token_hash = wanted"
    ),
    LOOKUP.format(
        name="account_of_reset", select="select user_id into found_id from password_resets where token_hash = wanted"
    ),
)


def upgrade() -> None:
    for statement in (INVITATIONS, RESETS, MAILS, *INDEXES, *LOOKUPS):
        op.execute(statement)
    tenant_table(op, "invitations", app="select, insert, update", worker="select, delete", platform="write")
    for table in ("password_resets", "mails"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own on {table} using (user_id = {ACCOUNT}) with check (user_id = {ACCOUNT})")
        platform_readable(op, table, write=True)
    op.execute(f"create policy tenant on mails using (hotel_id = {HOTEL}) with check (hotel_id = {HOTEL})")
    op.execute(
        """create policy asked_for on mails for insert
            with check (hotel_id is null and user_id is null and kind = 'password_reset')"""
    )
    grant(op, "password_resets", app="select, update, delete", worker="select, insert, update, delete")
    grant(op, "mails", app="select, insert, update", worker="select, update, delete")

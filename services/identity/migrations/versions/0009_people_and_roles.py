"""A hotel's own roles; accounts found by what is typed, and deleted; preferences and saved views.

Expand only, with one thing to mind: the former release cannot sign in members whose role is one of the hotel's own, so
roles are made once every instance runs this one. Adding `users.search` rewrites the table.

`roles` and `saved_views` belong to a hotel. A role also shows to the accounts that work in it (sign-in looks there before
a hotel is set). Preferences belong to a person like the password: `app.account_id` sees its own, `app.platform` all.
"""

from alembic import op

from servicekit.migrations import grant, platform_readable, tenant_table

revision = "0009"
down_revision = "0008"

ACCOUNT = "nullif(current_setting('app.account_id', true), '')::uuid"

ROLES = """
create table roles (
    id uuid primary key,
    hotel_id uuid not null references hotels (id),
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    name text not null check (name ~ '^[a-z][a-z0-9_-]{1,39}$'
        and name not in ('superadmin', 'admin', 'staff', 'viewer')),
    display_name text not null,
    description text not null,
    permissions text[] not null,
    unique (hotel_id, name)
)
"""

MEMBERSHIP_ROLE = """
alter table memberships
    drop constraint memberships_role_check,
    add constraint memberships_role_check check (role ~ '^[a-z][a-z0-9_-]{1,39}$' and role <> 'superadmin')
"""

INVITATION_ROLE = """
alter table invitations
    drop constraint invitations_role_check,
    add constraint invitations_role_check check (role ~ '^[a-z][a-z0-9_-]{1,39}$' and role <> 'superadmin')
"""

PREFERENCES = """
create table preferences (
    user_id uuid primary key references users (id) on delete cascade,
    language text,
    time_format text check (time_format in ('12h', '24h')),
    dashboard jsonb not null,
    version integer not null check (version >= 1),
    updated_at timestamptz not null
)
"""

SAVED_VIEWS = """
create table saved_views (
    id uuid primary key,
    hotel_id uuid not null,
    version integer not null check (version >= 1),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    user_id uuid not null,
    list_kind text not null,
    name text not null,
    filter jsonb not null,
    shared boolean not null,
    position integer not null,
    foreign key (hotel_id, user_id) references memberships (hotel_id, user_id) on delete cascade
)
"""

# As guests are searched (third migration), by the name and address of the account.
SEARCH = """
alter table users add column search text not null generated always as (guest_folded(name || ' ' || email)) stored
"""

INDEXES = (
    # queries.people.search_accounts. A hotel's members are few: they are searched without an index.
    "create index users_search on users using gin (search gin_trgm_ops) with (fastupdate = off)",
    # commands.roles: who works in a role; queries.users: members by role.
    "create index memberships_by_role on memberships (hotel_id, role)",
    # queries.views: mine, and what colleagues share.
    "create index saved_views_of on saved_views (hotel_id, user_id)",
)


def upgrade() -> None:
    for statement in (ROLES, MEMBERSHIP_ROLE, INVITATION_ROLE, PREFERENCES, SAVED_VIEWS, SEARCH, *INDEXES):
        op.execute(statement)
    tenant_table(op, "roles", worker="select", platform="read")
    op.execute(
        f"""create policy own on roles for select using (
            exists (select 1 from memberships m
                    where m.hotel_id = roles.hotel_id and m.role = roles.name and m.user_id = {ACCOUNT}))"""
    )
    tenant_table(op, "saved_views", worker="select", platform="read")
    op.execute("alter table preferences enable row level security")
    op.execute("alter table preferences force row level security")
    op.execute(f"create policy own on preferences using (user_id = {ACCOUNT}) with check (user_id = {ACCOUNT})")
    platform_readable(op, "preferences", write=True)
    grant(op, "preferences", app="select, insert, update, delete")
    grant(op, "credentials", app="delete")

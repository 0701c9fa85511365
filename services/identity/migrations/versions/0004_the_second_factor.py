"""The second factor: the secret of an account's authenticator app (sealed), and its recovery codes (hashed).

Both belong to a person like the password: `app.account_id` sees its own, `app.platform` all.
"""

from alembic import op

from servicekit.migrations import grant, platform_readable

revision = "0004"
down_revision = "0003"

ACCOUNT = "nullif(current_setting('app.account_id', true), '')::uuid"

TOTP = """
create table totp (
    user_id uuid primary key references users (id) on delete cascade,
    secret bytea not null,
    started_at timestamptz not null,
    confirmed_at timestamptz,
    last_step integer not null check (last_step >= 0),
    failures integer not null check (failures >= 0),
    locked_until timestamptz
)
"""

# With its secret an account loses its recovery codes.
RECOVERY_CODES = """
create table recovery_codes (
    user_id uuid not null references totp (user_id) on delete cascade,
    code_hash text not null check (length(code_hash) = 64),
    primary key (user_id, code_hash)
)
"""


def upgrade() -> None:
    for statement in (TOTP, RECOVERY_CODES):
        op.execute(statement)
    for table in ("totp", "recovery_codes"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy own on {table} using (user_id = {ACCOUNT}) with check (user_id = {ACCOUNT})")
        platform_readable(op, table, write=True)
    grant(op, "totp", app="select, insert, update, delete")
    grant(op, "recovery_codes", app="select, insert, delete")

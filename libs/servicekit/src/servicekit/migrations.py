"""Alembic helpers: the tables every service has, tenant tables with row-level security, and the runner of `migrate`.

Roles are named after the database: `<db>_owner` owns and migrates, `<db>_app` serves HTTP, `<db>_worker` runs reactions,
relay and jobs. Migrations run as the owner, who is subject to row-level security too (FORCE).
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from servicekit.chassis_sql import CHASSIS, FORGOTTEN_HOTELS
from servicekit.database import async_url

if TYPE_CHECKING:
    from servicekit.settings import ServiceSettings

MIGRATION_LOCK = 4_201_001
"""Advisory lock: one migration of a database at a time."""
LOCK_TIMEOUT = "10s"
"""How long a migration waits for a lock before it gives up, so that it never queues the whole service behind itself."""

HOTEL = "nullif(current_setting('app.hotel_id', true), '')::uuid"
"""SQL: the transaction's hotel, or null."""


class Op(Protocol):
    """What the helpers need of `alembic.op`."""

    def execute(self, sqltext: str, /) -> Any: ...  # Any: alembic's stub returns None


def create_chassis_tables(op: Op) -> None:
    """Outbox, inbox, due and idempotency_keys, with what each role may do to them. First thing in a first migration."""
    for statement in CHASSIS:
        op.execute(_with_roles(statement))


def let_hotels_be_forgotten(op: Op, *tables: str) -> None:
    """For a service that was made before hotels could be forgotten: what that needs, and the right to do so in `tables`."""
    for statement in FORGOTTEN_HOTELS:
        op.execute(_with_roles(statement))
    for name in tables:
        grant(op, name, worker="delete")


def tenant_table(
    op: Op,
    name: str,
    *,
    app: str = "select, insert, update, delete",
    worker: str | None = None,
    platform: Literal["none", "read", "write"] = "none",
    kept: bool = False,
) -> None:
    """Make `name` (which has `hotel_id uuid not null`) a tenant's table: no context, no rows.

    Args:
        op: `alembic.op`.
        name: the table.
        app: what the app role may do; `select, insert` for a table that only grows.
        worker: the same for the worker role; as the app role if not given. It may always delete, because a purged hotel's
            rows go in every service.
        platform: whether platform scope reaches every hotel's rows.
        kept: the rows stay when their hotel is purged; then it is in `Service(kept_tables=...)`, with the reason.
    """
    for statement in (
        f"alter table {name} enable row level security",
        f"alter table {name} force row level security",
        f"create policy tenant on {name} using (hotel_id = {HOTEL}) with check (hotel_id = {HOTEL})",
    ):
        op.execute(statement)
    grant(op, name, app=app, worker=app if worker is None else worker)
    if not kept:
        grant(op, name, worker="delete")
    if platform != "none":
        platform_readable(op, name, write=platform == "write")


def platform_readable(op: Op, name: str, *, write: bool = False) -> None:
    """Let platform scope (`app.platform`) read every hotel's rows of a tenant table; with `write`, change them too."""
    what = "for all" if write else "for select"
    check = " with check (current_setting('app.platform', true) = 'on')" if write else ""
    op.execute(f"create policy platform on {name} {what} using (current_setting('app.platform', true) = 'on'){check}")


def grant(op: Op, name: str, *, app: str = "", worker: str = "") -> None:
    """Grant rights on a table that is nobody's tenant table; list it in `Service(platform_tables=...)`."""
    if app:
        op.execute(_with_roles(f"grant {app} on {name} to {{app}}"))
    if worker:
        op.execute(_with_roles(f"grant {worker} on {name} to {{worker}}"))


def run_env(metadata: MetaData | None = None) -> None:
    """The whole of a service's `migrations/env.py`: `from servicekit.migrations import run_env; run_env()`."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


def upgrade(settings: "ServiceSettings", service: str, directory: Path | None = None) -> None:
    """Bring the service's database to the newest migration, as the owner role. For `SERVICE migrate`.

    Raises:
        FileNotFoundError: there is no migrations folder.
    """
    folder = settings.migrations_dir or directory or Path("migrations")
    asyncio.run(upgrade_database(str(settings.database_owner_url), Path(folder).resolve(), service=service))


async def upgrade_database(
    owner_url: str, directory: Path, *, service: str = "migrate", revision: str = "head"
) -> None:
    """Run the migrations in `directory` against the database at `owner_url`; a second caller waits for the first."""
    if not (directory / "env.py").is_file():
        raise FileNotFoundError(f"no migrations at {directory}")
    config = Config()
    config.set_main_option("script_location", str(directory).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    engine = create_async_engine(
        async_url(owner_url),
        poolclass=NullPool,
        connect_args={"server_settings": {"application_name": f"{service} migrate"}},
    )

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"select pg_advisory_lock({MIGRATION_LOCK})"))
            await connection.execute(text(f"set lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.commit()
            await connection.run_sync(run)
            await connection.commit()
    finally:
        await engine.dispose()


def _with_roles(statement: str) -> str:
    """`{app}` and `{worker}` in a statement are the roles of the database it runs in, known only when it runs."""
    if "{app}" not in statement and "{worker}" not in statement:
        return statement
    template = statement.replace("'", "''").replace("{app}", "%1$I").replace("{worker}", "%2$I")
    return (
        f"do $roles$ begin execute format('{template}',"
        " current_database() || '_app', current_database() || '_worker'); end $roles$"
    )

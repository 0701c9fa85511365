"""Migrations, roles, tenancy lint and topics, against the real parts."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from contracts.topics import HOTELS, SESSIONS, Topic
from servicekit import topics
from servicekit.migrations import create_chassis_tables, grant, tenant_table, upgrade_database
from servicekit.provision import LEAKPROOF, DatabaseUrls, provision
from servicekit.tenancy import lint, lint_url
from servicekit.testing.parts import PASSWORD, Parts, run_migration, temporary_database

NOTE = "create table note (id uuid primary key, hotel_id uuid not null, words text not null)"


@pytest.fixture
async def fresh(parts: Parts) -> AsyncIterator[DatabaseUrls]:
    async with temporary_database(parts.postgres_url, "schema") as urls:
        yield urls


@pytest.fixture(scope="module")
async def apart(parts: Parts) -> AsyncIterator[DatabaseUrls]:
    """A database that keeps hotels apart; tests undo what they change."""
    async with temporary_database(parts.postgres_url, "schema") as urls:
        await run_migration(
            urls.owner,
            create_chassis_tables,
            lambda op: op.execute(NOTE),
            lambda op: tenant_table(op, "note"),
        )
        yield urls


async def sql(url: str, statement: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(statement, *values))
    finally:
        await connection.close()


async def test_provisioning_again_changes_nothing_and_heals_what_was_changed(parts: Parts, fresh: DatabaseUrls) -> None:
    name = fresh.owner.rsplit("/", 1)[1]
    await sql(parts.postgres_url, f"alter role {name}_app bypassrls")
    assert await provision(parts.postgres_url, name, password=PASSWORD) == fresh
    [row] = await sql(
        fresh.app, "select rolbypassrls, rolsuper, rolcreatedb from pg_roles where rolname = current_user"
    )
    assert tuple(row) == (False, False, False)
    assert await sql(fresh.app, "select 1")


async def test_search_operators_are_leakproof_and_extensions_are_there(fresh: DatabaseUrls) -> None:
    for function in LEAKPROOF:
        [row] = await sql(fresh.owner, "select proleakproof from pg_proc where oid = to_regprocedure($1)", function)
        assert row[0], function
    rows = await sql(fresh.owner, "select extname from pg_extension")
    assert {"vector", "btree_gin", "pg_trgm"} <= {row[0] for row in rows}


async def test_only_the_three_roles_may_connect_and_only_the_owner_may_create(fresh: DatabaseUrls) -> None:
    for url in (fresh.app, fresh.worker):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql(url, "create table mine (id int)")


async def test_alembic_migrates_as_the_owner_and_a_second_run_finds_nothing_to_do(
    fresh: DatabaseUrls, tmp_path: Path
) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    (tmp_path / "env.py").write_text("from servicekit.migrations import run_env\n\nrun_env()\n")
    (versions / "0001_first.py").write_text(
        "from alembic import op\n"
        "from servicekit.migrations import create_chassis_tables, tenant_table\n"
        "revision, down_revision = '0001', None\n"
        "def upgrade() -> None:\n"
        "    create_chassis_tables(op)\n"
        f"    op.execute({NOTE!r})\n"
        "    tenant_table(op, 'note')\n"
    )
    await upgrade_database(fresh.owner, tmp_path)
    await upgrade_database(fresh.owner, tmp_path)
    [row] = await sql(fresh.owner, "select tableowner = current_user from pg_tables where tablename = 'note'")
    assert row[0]
    assert await lint_url(fresh.owner) == []


async def test_a_migration_that_fails_leaves_nothing_of_itself(fresh: DatabaseUrls, tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    (tmp_path / "env.py").write_text("from servicekit.migrations import run_env\n\nrun_env()\n")
    (versions / "0001_first.py").write_text(
        "from alembic import op\nrevision, down_revision = '0001', None\n"
        "def upgrade() -> None:\n    op.execute('create table half (id int)')\n    op.execute('select nonsense')\n"
    )
    with pytest.raises(Exception, match="nonsense"):
        await upgrade_database(fresh.owner, tmp_path)
    assert await sql(fresh.owner, "select 1 from pg_tables where tablename = 'half'") == []


async def test_a_missing_migrations_folder_is_said(fresh: DatabaseUrls, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no migrations at"):
        await upgrade_database(fresh.owner, tmp_path)


async def test_the_lint_passes_a_service_that_keeps_hotels_apart(fresh: DatabaseUrls) -> None:
    await run_migration(
        fresh.owner,
        create_chassis_tables,
        lambda op: op.execute(NOTE),
        lambda op: tenant_table(op, "note", platform="read"),
        lambda op: op.execute("create table language (tag text primary key)"),
        lambda op: grant(op, "language", app="select"),
    )
    assert await lint_url(fresh.owner, {"language": "the same for everybody"}) == []


async def test_the_lint_finds_a_table_without_row_level_security(fresh: DatabaseUrls) -> None:
    await run_migration(fresh.owner, create_chassis_tables, lambda op: op.execute(NOTE))
    assert await lint_url(fresh.owner) == [
        "note has no row-level security",
        "note does not force row-level security on its owner",
        "note has no policy on app.hotel_id",
        "note would keep a purged hotel's rows: the worker role may not remove them",
    ]


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("alter table note no force row level security", "note does not force row-level security on its owner"),
        ("alter table note alter column hotel_id drop not null", "note has no hotel_id that is not null"),
        (
            "create policy everybody on note using (true)",
            "note has the policy everybody that lets every row through",
        ),
        (
            "create policy tidying on note to current_user using (true)",
            "note has the policy tidying that lets every row through",
        ),
        (
            "create policy anywhere on note for insert with check (true)",
            "note has the policy anywhere that lets every row through",
        ),
        (
            "create materialized view copied as select * from note",
            "copied is a materialized view or foreign table: row-level security does not reach it",
        ),
        ("drop policy tenant on note", "note has no policy on app.hotel_id"),
        ("create view notes as select * from note", "view notes reads with its owner's rights: add security_invoker"),
        (
            "create function peek() returns int language sql security definer as 'select 1'",
            "function peek runs with its owner's rights (security definer)",
        ),
        (
            "do $$ begin execute format('revoke delete on note from %I', current_database() || '_worker'); end $$",
            "note would keep a purged hotel's rows: the worker role may not remove them",
        ),
        ("create table other (id int)", "other has no hotel_id that is not null"),
    ],
)
async def test_the_lint_finds_every_way_around(apart: DatabaseUrls, change: str, finding: str) -> None:
    owner = await asyncpg.connect(apart.owner)
    try:
        assert await lint(owner) == []
        undone = owner.transaction()
        await undone.start()
        await owner.execute(change)
        assert finding in await lint(owner)
        await undone.rollback()
    finally:
        await owner.close()


async def test_the_lint_finds_a_role_that_bypasses_and_a_platform_table_that_is_gone(
    parts: Parts, fresh: DatabaseUrls
) -> None:
    await run_migration(fresh.owner, create_chassis_tables)
    name = fresh.owner.rsplit("/", 1)[1]
    await sql(parts.postgres_url, f"alter role {name}_worker bypassrls")
    assert await lint_url(fresh.owner, {"gone": "why"}) == [
        f"role {name}_worker bypasses row-level security",
        "gone is listed as a platform table and does not exist",
    ]


async def test_the_worker_sees_nothing_of_what_a_hotel_was_answered_until_it_is_to_be_deleted(
    fresh: DatabaseUrls,
) -> None:
    await run_migration(fresh.owner, create_chassis_tables)
    app = await asyncpg.connect(fresh.app)
    try:
        await app.execute("select set_config('app.hotel_id', '01900000-0000-7000-8000-000000000001', false)")
        for age in (1, 25):
            await app.execute(
                "insert into idempotency_keys (hotel_id, actor, route, key, request_hash, created_at)"
                " values ('01900000-0000-7000-8000-000000000001', 'a', 'r', $1, '', now() - make_interval(hours => $2))",
                str(age),
                age,
            )
        assert [row["key"] for row in await sql(fresh.worker, "select key from idempotency_keys")] == ["25"]
        await sql(fresh.worker, "delete from idempotency_keys")
        assert [row["key"] for row in await app.fetch("select key from idempotency_keys")] == ["1"]
    finally:
        await app.close()


async def test_topics_are_made_as_planned_and_a_second_run_changes_nothing(parts: Parts, namespace: str) -> None:
    mine = namespace + "plan."
    done = await topics.apply(parts.kafka_url, mine, [HOTELS, SESSIONS])
    assert sorted(done.created) == sorted(
        mine + name for name in (HOTELS.name, HOTELS.dlq, SESSIONS.name, SESSIONS.dlq)
    )
    assert await topics.check(parts.kafka_url, mine, [HOTELS, SESSIONS]) == []
    again = await topics.apply(parts.kafka_url, mine, [HOTELS, SESSIONS])
    assert (again.created, again.changed, again.left) == ([], [], [])


async def test_drift_is_reported_configuration_is_set_and_partitions_are_never_changed_in_place(
    parts: Parts, namespace: str
) -> None:
    mine = namespace + "drift."
    await topics.apply(parts.kafka_url, mine, [SESSIONS])
    bigger = Topic(SESSIONS.name, "identity", "user id", partitions=6, retention_ms=1000)
    found = [str(drift) for drift in await topics.check(parts.kafka_url, mine, [bigger])]
    name = mine + SESSIONS.name
    assert found == [
        f"{name}: partitions are 3, should be 6",
        f"{name}: retention.ms is {SESSIONS.retention_ms}, should be 1000",
    ]
    done = await topics.apply(parts.kafka_url, mine, [bigger])
    assert [str(drift) for drift in done.left] == [f"{name}: partitions are 3, should be 6"]
    assert [str(drift) for drift in await topics.check(parts.kafka_url, mine, [bigger])] == [
        f"{name}: partitions are 3, should be 6"
    ]
    assert [str(d) for d in await topics.check(parts.kafka_url, namespace + "none.", [SESSIONS])] == [
        f"{namespace}none.{SESSIONS.name}: is missing",
        f"{namespace}none.{SESSIONS.dlq}: is missing",
    ]

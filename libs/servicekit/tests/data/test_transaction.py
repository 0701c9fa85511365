"""What a transaction promises: one hotel's rows, events in order with the commit, fresh rows under a lock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import select

from contracts.actor import ActorKind
from contracts.envelope import Envelope
from contracts.errors import NotFound
from contracts.events import SessionRevoked
from contracts.ids import HotelId, UserId
from servicekit.actor import Actor
from servicekit.database import Database, TenantRow
from servicekit.hints import Hints
from servicekit.metrics import REGISTRY
from servicekit.migrations import create_chassis_tables, tenant_table
from servicekit.provision import DatabaseUrls
from servicekit.testing.parts import Parts, run_migration, temporary_database
from servicekit.tracing import current_traceparent, span

LINDENHOF, HARBOUR = uuid4(), uuid4()
NOW = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)


class NoteRow(TenantRow, table=True):
    __tablename__ = "note"
    words: str


NOTE = """
create table note (
    id uuid primary key, hotel_id uuid not null, version int not null, words text not null,
    created_at timestamptz not null, updated_at timestamptz not null,
    unique (hotel_id, words) deferrable initially deferred
)
"""


@pytest.fixture(scope="module")
async def urls(parts: Parts) -> AsyncIterator[DatabaseUrls]:
    async with temporary_database(parts.postgres_url, "tx") as made:
        await run_migration(
            made.owner,
            create_chassis_tables,
            lambda op: op.execute(NOTE),
            lambda op: tenant_table(op, "note", platform="read"),
        )
        yield made


@pytest.fixture
async def db(urls: DatabaseUrls) -> AsyncIterator[Database]:
    database = Database(urls.app, pool_size=4, service="notes", clock=lambda: NOW)
    yield database
    await database.dispose()


@pytest.fixture(autouse=True)
async def emptied(urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.owner)
    await connection.execute("truncate note, outbox")
    await connection.close()


async def outbox_rows(urls: DatabaseUrls) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(urls.worker)
    try:
        return list(await connection.fetch("select *, headers->>'ce_time' as time from outbox order by seq"))
    finally:
        await connection.close()


def revoked(user: UUID, version: int = 1) -> SessionRevoked:
    return SessionRevoked(user_id=UserId(user), sid=None, revoked_at=NOW, version=version)


async def write_note(db: Database, hotel: UUID, words: str) -> UUID:
    async with db.transaction(hotel) as tx:
        row = NoteRow(words=words)
        tx.add(row)
    return row.id


async def test_times_turned_into_text_by_the_database_are_utc_whatever_the_server_is_set_to(urls: DatabaseUrls) -> None:
    owner = await asyncpg.connect(urls.owner)
    name = await owner.fetchval("select current_database()")
    await owner.execute(f"alter database {name} set timezone = 'Asia/Kathmandu'")
    database = Database(urls.app, service="notes")
    try:
        async with database.transaction(LINDENHOF) as tx:
            told = await tx.scalar(text("select to_jsonb(timestamptz '2026-03-29 00:59Z')"))
        direct = await database.call("select to_jsonb(timestamptz '2026-03-29 00:59Z')::text")
    finally:
        await database.dispose()
        await owner.execute(f"alter database {name} reset timezone")
        await owner.close()
    assert told == "2026-03-29T00:59:00+00:00"
    assert direct[0] == f'"{told}"'


async def test_a_hotel_sees_its_own_rows_and_no_others(db: Database) -> None:
    mine = await write_note(db, LINDENHOF, "towels")
    await write_note(db, HARBOUR, "kayaks")
    async with db.transaction(LINDENHOF) as tx:
        assert [row.words for row in await tx.scalars(select(NoteRow))] == ["towels"]
        assert (await tx.get(NoteRow, mine)).hotel_id == LINDENHOF
    async with db.transaction(HARBOUR) as tx:
        with pytest.raises(NotFound):
            await tx.get(NoteRow, mine)
        assert await tx.find_locked(NoteRow, mine) is None


async def test_without_a_hotel_there_are_no_rows(db: Database) -> None:
    await write_note(db, LINDENHOF, "towels")
    async with db.transaction(None) as tx:
        assert await tx.scalars(select(NoteRow)) == []
    async with db.autocommit() as connection:
        assert (await connection.execute(text("select count(*) from note"))).scalar_one() == 0


async def test_the_hotel_of_one_transaction_is_gone_in_the_next_on_the_same_connection(urls: DatabaseUrls) -> None:
    db = Database(urls.app, pool_size=1, service="notes")
    await write_note(db, LINDENHOF, "towels")
    async with db.autocommit() as connection:
        assert (await connection.execute(text("select count(*) from note"))).scalar_one() == 0
    await db.dispose()


async def test_a_row_cannot_be_written_into_another_hotel(db: Database) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.transaction(LINDENHOF) as tx:
            tx.add(NoteRow(words="smuggled", hotel_id=HARBOUR))


async def test_platform_scope_reads_every_hotel_of_tables_that_allow_it_and_is_audited_for_a_user(
    db: Database, urls: DatabaseUrls
) -> None:
    await write_note(db, LINDENHOF, "towels")
    await write_note(db, HARBOUR, "kayaks")
    root = Actor(ActorKind.USER, uuid4(), role="superadmin")
    async with db.transaction(None, actor=root, platform=True) as tx:
        assert len(await tx.scalars(select(NoteRow))) == 2
    assert [row["type"] for row in await outbox_rows(urls)] == ["frontdesk.audit.recorded.v1"]
    with pytest.raises(DBAPIError, match="row-level security"):
        async with db.transaction(None, actor=root, platform=True) as tx:
            tx.add(NoteRow(words="x", hotel_id=LINDENHOF))


async def test_events_reach_the_outbox_with_the_commit_in_the_order_of_the_calls(
    db: Database, urls: DatabaseUrls
) -> None:
    user = uuid4()
    then = datetime(2026, 3, 28, 12, tzinfo=UTC)
    with span("a command") as current:
        assert current.get_span_context().is_valid
        parent = current_traceparent()
        async with db.transaction(LINDENHOF) as tx:
            published = tx.publish(revoked(user, 1), occurred_at=then)
            tx.publish(revoked(user, 2))
            tx.audit("session.revoke", "user", user)
            assert await outbox_rows(urls) == []
    rows = await outbox_rows(urls)
    assert [row["type"] for row in rows] == ["frontdesk.session.revoked.v1"] * 2 + ["frontdesk.audit.recorded.v1"]
    first = rows[0]
    assert (first["aggregatetype"], first["aggregateid"]) == ("frontdesk.identity.session.v1", str(user))
    assert (first["hotel_id"], first["created_at"], first["published_at"]) == (LINDENHOF, NOW, None)
    assert (first["time"], rows[1]["time"]) == ("2026-03-28T12:00:00Z", "2026-03-29T00:59:00Z")
    import json

    envelope = Envelope.from_headers(json.loads(first["headers"]))
    assert envelope == published
    assert (envelope.traceparent, envelope.source, envelope.hotel_id) == (
        parent,
        "/frontdesk/notes",
        HotelId(LINDENHOF),
    )


async def test_nothing_is_published_when_the_transaction_fails(db: Database, urls: DatabaseUrls) -> None:
    with pytest.raises(RuntimeError):  # noqa: PT012 - the block is what fails
        async with db.transaction(LINDENHOF) as tx:
            tx.publish(revoked(uuid4()))
            raise RuntimeError("no")
    assert await outbox_rows(urls) == []


async def test_a_commit_that_fails_raises_and_wakes_nobody(urls: DatabaseUrls) -> None:
    hints = Hints(None, "t", "notes")
    db = Database(urls.app, pool_size=2, service="notes", hints=hints)
    ran: list[str] = []
    await write_note(db, LINDENHOF, "towels")
    with hints.subscribe("outbox") as waiting, pytest.raises(IntegrityError):  # noqa: PT012 - the commit is what fails
        async with db.transaction(LINDENHOF) as tx:
            tx.add(NoteRow(words="towels"))
            tx.publish(revoked(uuid4()))
            tx.after_commit(lambda: ran.append("hint"))
    assert (ran, await waiting.wait(0)) == ([], None)
    assert await outbox_rows(urls) == []
    await db.dispose()


async def test_after_the_commit_the_relay_is_woken_and_a_failing_call_changes_nothing(urls: DatabaseUrls) -> None:
    hints = Hints(None, "t", "notes")
    db = Database(urls.app, pool_size=2, service="notes", hints=hints)
    ran: list[str] = []

    async def fails() -> None:
        raise OSError("valkey is away")

    with hints.subscribe("outbox") as outbox, hints.subscribe("due:turn") as turns, hints.subscribe("c:1") as live:
        async with db.transaction(LINDENHOF) as tx:
            tx.publish(revoked(uuid4()))
            await tx.due("turn", uuid4(), NOW)
            tx.hint("c:1", {"seq": 7})
            tx.hint("c:1", {"seq": 7})
            tx.after_commit(fails)
            tx.after_commit(lambda: ran.append("second"))
        assert await outbox.wait(1) == {}
        assert await turns.wait(1) == {}
        assert await live.wait(1) == {"seq": 7}
        assert await live.wait(0.05) is None, "the same hint comes once"
    assert ran == ["second"]
    await db.dispose()


async def test_a_lock_waits_and_then_reads_what_the_other_wrote(db: Database) -> None:
    note = await write_note(db, LINDENHOF, "old")
    locked, go_on = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with db.transaction(LINDENHOF) as tx:
            row = await tx.lock(NoteRow, note)
            locked.set()
            await go_on.wait()
            row.words, row.version = "new", row.version + 1

    async def second() -> str:
        async with db.transaction(LINDENHOF) as tx:
            stale = await tx.get(NoteRow, note)
            assert stale.words == "old"
            await locked.wait()
            asyncio.get_running_loop().call_later(0.05, go_on.set)
            row = await tx.lock(NoteRow, note)
            assert row is stale
            return f"{row.words} {row.version}"

    _, seen = await asyncio.gather(first(), second())
    assert seen == "new 2"


async def test_a_read_only_transaction_refuses_to_write(db: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"):
        async with db.transaction(LINDENHOF, read_only=True) as tx:
            tx.add(NoteRow(words="no"))


async def test_connections_in_use_are_measured(db: Database) -> None:
    labels = {"service": "notes", "role": "app"}
    before = REGISTRY.get_sample_value("db_pool_in_use", labels)
    assert before is not None
    async with db.transaction(LINDENHOF):
        assert REGISTRY.get_sample_value("db_pool_in_use", labels) == before + 1
    assert REGISTRY.get_sample_value("db_pool_in_use", labels) == before


async def test_connections_that_died_while_idle_are_replaced_unnoticed(
    db: Database, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servicekit.database.PING_AFTER_IDLE_SECONDS", -1)
    await asyncio.gather(*(write_note(db, LINDENHOF, f"towel {n}") for n in range(4)))
    admin = await asyncpg.connect(parts.postgres_url)
    await admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'notes'")
    await admin.close()
    await asyncio.gather(*(write_note(db, HARBOUR, f"kayak {n}") for n in range(4)))


async def test_the_app_role_may_add_to_the_outbox_and_nothing_else(urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        for statement in ("select * from outbox", "delete from outbox", "update outbox set published_at = now()"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        assert not await connection.fetchval("select rolbypassrls from pg_roles where rolname = current_user")
    finally:
        await connection.close()

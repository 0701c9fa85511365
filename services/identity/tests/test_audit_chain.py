"""The audit log's chain in the database: how entries come into it, and what an operator is told of one that was changed."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from audit_play import PLATFORM, arrive, ask, recorded, tamper, verify
from identity_play import Desk, Hotel, new_key

from contracts.actor import ActorKind, ActorRef
from identity.adapters.checkpoints import CheckpointKeys
from identity.adapters.signing import KeyRing, SigningKeys
from identity.commands.audit import record_entry
from identity.domain.audit_chain import Entry, entry_bytes
from identity.queries.audit_chain import chains, check_chain
from servicekit import migrations, new_id
from servicekit.database import Database
from servicekit.testing.parts import Parts, migrations_folder, temporary_database

COLUMNS = (
    "event_id, seq, hotel_id, service, action, actor_kind, actor_id, acting_for_kind, acting_for_id, object_type,"
    " object_id, at, trace_id, recorded_at"
)
INSERT = """
insert into audit_entries (event_id, hotel_id, service, action, actor_kind, object_type, object_id, at, recorded_at)
values ($1, $2, 'escalation', 'escalation.assign', 'user', 'escalation', 'e1', now(), now())
on conflict do nothing
"""
"""As the version before the chain added an entry."""


async def test_entries_take_their_places_one_after_another_and_are_found_sound(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id = new_id()
    ids = await arrive(desk, hotel_id, 4)
    links = await ask(desk, "select position, event_id from audit_links where hotel_id = $1 order by 1", hotel_id)
    assert [(row["position"], row["event_id"]) for row in links] == list(enumerate(ids, 1))
    code, said = await verify(desk, capsys, hotel_id)
    assert (code, said) == (0, f"hotel {hotel_id}: sound, 4 entries, up to position 4, signed up to 0\n")


async def test_every_chain_is_checked_when_none_is_named_the_platforms_too(
    desk: Desk, standing_hotel: Hotel, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id = new_id()
    await arrive(desk, hotel_id, 2)
    async with desk.app.runtime.worker_db.transaction(None, platform=True) as tx:
        await record_entry(new_id(), recorded(None), tx)
    _, said = await verify(desk, capsys, None)
    assert f"hotel {hotel_id}: sound, 2 entries" in said
    assert "platform: sound" in said
    assert (await verify(desk, capsys, PLATFORM))[0] == 0


async def test_a_hotel_that_has_no_log_is_not_called_sound(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert await verify(desk, capsys, UUID(int=7)) == (1, f"there is no audit log of a hotel {UUID(int=7)}\n")


async def test_the_database_hashes_the_bytes_that_the_check_hashes(desk: Desk) -> None:
    hotel_id, someone = new_id(), ActorRef(kind=ActorKind.GUEST, id=new_id())
    moments = (datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=UTC))
    events = [
        recorded(hotel_id, at=moments[0], trace_id=None, acting_for=someone),
        recorded(hotel_id, at=moments[1], actor=ActorRef(kind=ActorKind.SYSTEM), object_id="a:b.c-d_E" * 10),
    ]
    for event in events:
        async with desk.app.runtime.worker_db.transaction(hotel_id) as tx:
            await record_entry(new_id(), event, tx)
    rows = await ask(
        desk, f"select {COLUMNS}, audit_bytes(e) as bytes from audit_entries e where hotel_id = $1", hotel_id
    )
    assert [row["bytes"] for row in rows] == [entry_bytes(Entry(*tuple(row)[:-1])) for row in rows]
    [field] = await ask(desk, "select audit_field('Zürich 🛎') as bytes")
    assert field["bytes"] == b"\x01\x00\x00\x00\x0c" + "Zürich 🛎".encode()


async def test_entries_that_arrive_side_by_side_leave_no_gap_and_no_fork(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id, settings = new_id(), desk.app.settings
    processes = [Database(settings.database_worker_url, pool_size=5, service="identity") for _ in range(2)]

    class Unlucky(Exception):
        """A transaction that does not commit."""

    async def one(number: int) -> None:
        async with processes[number % 2].transaction(hotel_id) as tx:
            await record_entry(new_id(), recorded(hotel_id), tx)
            if number % 5 == 0:
                raise Unlucky

    try:
        outcomes = await asyncio.gather(*(one(number) for number in range(60)), return_exceptions=True)
    finally:
        for process in processes:
            await process.dispose()
    assert sum(isinstance(outcome, Unlucky) for outcome in outcomes) == 12
    assert sum(outcome is None for outcome in outcomes) == 48
    links = await ask(desk, "select position from audit_links where hotel_id = $1 order by 1", hotel_id)
    assert [row["position"] for row in links] == list(range(1, 49))
    assert (await verify(desk, capsys, hotel_id))[0] == 0


async def test_an_event_that_comes_twice_takes_one_place_even_at_the_same_moment(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    hotel_id, event_id = new_id(), new_id()
    event = recorded(hotel_id)

    async def once() -> None:
        async with desk.app.runtime.worker_db.transaction(hotel_id) as tx:
            await record_entry(event_id, event, tx)

    await asyncio.gather(*(once() for _ in range(5)))
    await once()
    [head] = await ask(desk, "select position from audit_chains where hotel_id = $1", hotel_id)
    assert head["position"] == 1
    assert (await verify(desk, capsys, hotel_id))[0] == 0


SINGLE = {
    "an action that was changed": "update audit_entries set action = 'nothing.happened' where event_id = $1",
    "another actor": "update audit_entries set actor_id = gen_random_uuid() where event_id = $1",
    "a time moved by a microsecond": "update audit_entries set at = at + interval '1 microsecond' where event_id = $1",
    "an arrival moved": "update audit_entries set recorded_at = recorded_at - interval '1 day' where event_id = $1",
    "another object": "update audit_entries set object_id = 'somebody-else' where event_id = $1",
    "a trace taken away": "update audit_entries set trace_id = null where event_id = $1",
    "somebody it was done for": "update audit_entries set acting_for_kind = 'guest' where event_id = $1",
    "an entry moved to the platform": "update audit_entries set hotel_id = null where event_id = $1",
    "another number": "update audit_entries set seq = default where event_id = $1",
    "a hash that was changed": "update audit_links set hash = sha256(hash) where event_id = $1",
}


@pytest.mark.parametrize("what", SINGLE)
async def test_a_row_that_was_changed_in_the_database_is_named(
    desk: Desk, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    hotel_id = new_id()
    ids = await arrive(desk, hotel_id, 5)
    await tamper(desk, (SINGLE[what], ids[2]))
    code, said = await verify(desk, capsys, hotel_id)
    assert code == 1
    lines = said.splitlines()
    assert lines[0].startswith(f"hotel {hotel_id}: 1 at fault, 5 entries"), said
    assert lines[1].startswith(f"  changed at position 3, entry {ids[2]}"), said


async def test_an_entry_that_was_deleted_is_named_by_its_link(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    hotel_id = new_id()
    ids = await arrive(desk, hotel_id, 5)
    await tamper(desk, ("delete from audit_entries where event_id = $1", ids[3]))
    code, said = await verify(desk, capsys, hotel_id)
    assert (code, said.splitlines()[1:]) == (
        1,
        [f"  missing at position 4, entry {ids[3]}: its link is there, the entry is gone"],
    )


@pytest.mark.parametrize("position", [1, 3, 5])
async def test_an_entry_that_was_deleted_with_its_link_is_named_by_its_place(
    desk: Desk, capsys: pytest.CaptureFixture[str], position: int
) -> None:
    hotel_id = new_id()
    gone = (await arrive(desk, hotel_id, 5))[position - 1]
    await tamper(
        desk, *((f"delete from {table} where event_id = $1", gone) for table in ("audit_entries", "audit_links"))
    )
    code, said = await verify(desk, capsys, hotel_id)
    assert (code, said.splitlines()[1:]) == (
        1,
        [f"  missing at position {position}: the entry and its link are gone"],
    )


async def test_two_rows_that_changed_places_are_named(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    hotel_id = new_id()
    ids = await arrive(desk, hotel_id, 6)
    place = "update audit_links set position = $2 where event_id = $1"
    await tamper(desk, (place, ids[1], 1000), (place, ids[3], 2), (place, ids[1], 4))
    code, said = await verify(desk, capsys, hotel_id)
    assert (code, said.splitlines()[1:]) == (
        1,
        [
            f"  reordered at position 2, entry {ids[3]}: this entry belongs at position 4",
            f"  reordered at position 4, entry {ids[1]}: this entry belongs at position 2",
        ],
    )


async def test_an_entry_that_was_put_beside_the_chain_is_named(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    hotel_id, strange = new_id(), new_id()
    await arrive(desk, hotel_id, 2)
    await tamper(desk, (INSERT, strange, hotel_id))
    code, said = await verify(desk, capsys, hotel_id)
    assert (code, said.splitlines()[1:]) == (
        1,
        [f"  added, entry {strange}: it stands beside the chain: no link leads to it"],
    )


async def test_entries_from_before_the_chain_are_linked_and_so_are_those_that_an_older_version_adds(
    parts: Parts,
) -> None:
    folder = migrations_folder(Path(__file__).parent)
    hotels, keys = [new_id(), new_id()], CheckpointKeys(KeyRing(SigningKeys(new_key())))
    async with temporary_database(parts.postgres_url, "identity") as urls:
        await migrations.upgrade_database(urls.owner, folder, revision="0001")
        worker = await asyncpg.connect(urls.worker)
        try:
            await worker.execute("select set_config('app.platform', 'on', false)")
            before = [(new_id(), hotel_id) for hotel_id in (hotels[0], hotels[1], hotels[0], None, hotels[0])]
            await worker.executemany(INSERT, before)
            await migrations.upgrade_database(urls.owner, folder)
            after = [(new_id(), hotel_id) for hotel_id in (hotels[0], None)]
            await worker.executemany(INSERT, [*after, before[0]])
        finally:
            await worker.close()
        database = Database(urls.app, service="identity")
        try:
            async with database.transaction(None, platform=True) as tx:
                assert await chains(tx) == sorted([PLATFORM, *hotels])
                found = [await check_chain(chain, keys, tx) for chain in (PLATFORM, *hotels)]
        finally:
            await database.dispose()
    assert [(checked.links, checked.faults) for checked in found] == [(2, []), (4, []), (1, [])]

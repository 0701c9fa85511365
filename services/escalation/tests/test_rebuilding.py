"""What is kept of the directory is made again from its topic, by the command, also after it was killed half-way."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping

import asyncpg
from escalation_play import Hotel

from contracts.events import MembershipGranted
from contracts.topics import MEMBERSHIPS
from escalation.tables import StaffRow
from servicekit import new_id
from servicekit.testing import RunningService, eventually

COMMAND = [sys.executable, "-c", "from escalation.app import main; main()", "rebuild-projections"]


def environment(app: RunningService) -> Mapping[str, str]:
    """What the command needs to be told."""
    told = ("database_url", "database_worker_url", "kafka_url", "kafka_namespace", "valkey_url", "valkey_namespace")
    return os.environ | {f"FRONTDESK_{name.upper()}": str(getattr(app.settings, name)) for name in told}


async def begin(app: RunningService) -> Process:
    return await asyncio.create_subprocess_exec(*COMMAND, env=environment(app), stdout=PIPE, stderr=PIPE)


async def rebuild(app: RunningService) -> str:
    process = await begin(app)
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def staff(app: RunningService, *hotels: Hotel) -> list[tuple[object, ...]]:
    """Every column of these hotels' rows."""
    found: list[tuple[object, ...]] = []
    for hotel in hotels:
        async with app.runtime.worker_db.transaction(hotel.id) as tx:
            connection = await tx.session.connection()
            rows = await connection.exec_driver_sql("select * from staff order by user_id")
            found += [tuple(row) for row in rows.all()]
    return found


async def scramble(app: RunningService, hotel: Hotel, *statements: str) -> None:
    async with app.runtime.worker_db.transaction(hotel.id) as tx:
        connection = await tx.session.connection()
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def test_a_rebuild_that_was_killed_changed_nothing_and_the_next_one_makes_the_staff_list_as_it_was(
    desk: RunningService, hotel: Hotel, other_hotel: Hotel
) -> None:
    sam, kim = await hotel.member("Sam"), await hotel.member("Kim")
    await kim.leaves()
    await other_hotel.member("Ira")
    before = await staff(desk, hotel, other_hotel)
    assert len(before) == 3
    await scramble(desk, other_hotel, "delete from staff")
    wrong = f"insert into staff values ('{hotel.id}', '{new_id()}', 'Nobody', 'active', 9)"
    await scramble(desk, hotel, "update staff set display_name = 'X', version = 99", wrong)
    scrambled = await staff(desk, hotel, other_hotel)

    connection = await asyncpg.connect(desk.settings.database_worker_url)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.hotel_id', $1, true)", str(hotel.id))
            await connection.execute("select from staff where user_id = $1 for update", sam.id)
            process = await begin(desk)

            async def waits_for_sam() -> bool:
                return bool(await connection.fetchval("select count(*) from pg_locks where not granted"))

            await eventually(waits_for_sam, timeout=20)
            process.kill()
            await process.communicate()
    finally:
        await connection.close()
    assert await staff(desk, hotel, other_hotel) == scrambled
    assert "staff: " in await rebuild(desk)
    assert await staff(desk, hotel, other_hotel) == before
    assert "staff: 0 rows" in await rebuild(desk)


async def test_a_rebuild_forgets_who_was_taken_out_of_the_topic(desk: RunningService, hotel: Hotel) -> None:
    sam, _ = await hotel.member("Sam"), await hotel.member("Kim")
    async with desk.runtime.worker_db.transaction(hotel.id) as tx:
        tx.tombstone(MEMBERSHIPS, f"{hotel.id}:{sam.id}")

    async def gone() -> bool:
        await rebuild(desk)
        return len(await staff(desk, hotel)) == 1

    await eventually(gone, timeout=20)
    async with desk.runtime.worker_db.transaction(hotel.id) as tx:
        assert await tx.find(StaffRow, (hotel.id, sam.id)) is None
    assert await desk.events(MembershipGranted, 2, hotel_id=hotel.id), "the readers of the topic pass by a tombstone"

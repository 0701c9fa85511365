"""Hotels, staff and guests as identity tells them are made again from its topics while guests are served."""

import asyncio
from typing import Any

from conversation_play import Hotel

from contracts.events import (
    BudgetExhausted,
    BudgetRestored,
    GuestCreated,
    GuestUpdated,
    HotelCreated,
    HotelDeactivated,
    HotelUpdated,
)
from contracts.ids import GuestId
from contracts.statuses import GuestStatus, HotelStatus
from contracts.values import UsageKind
from conversation.projections import PROJECTIONS
from servicekit.ids import new_id
from servicekit.projections import rebuild
from servicekit.testing import RunningService, TokenIssuer, eventually

TABLES = ("hotels", "staff", "guests")
SCRAMBLED = (
    "UPDATE hotels SET name = 'X', languages = '{}', version = 99, business_hours = NULL",
    "DELETE FROM staff",
    "UPDATE guests SET status = 'blocked'",
)


async def dump(hotel: Hotel) -> dict[str, list[dict[str, Any]]]:  # Any: columns
    """Every row and column of the projections, but when a row was written."""
    return {
        table: await hotel.rows(
            f"SELECT (to_jsonb(t) - 'created_at' - 'updated_at')::text AS row FROM {table} t ORDER BY 1"
        )
        for table in TABLES
    }


async def test_a_rebuild_makes_the_directory_as_it_was_while_guests_are_served(
    desk: RunningService, issuer: TokenIssuer
) -> None:
    hotel = await Hotel(desk, issuer).open()
    hours = {"weekly": {0: [{"opens": "07:00", "closes": "23:00"}]}}
    vip, regular = GuestId(new_id()), GuestId(new_id())
    for event in (
        hotel.described(HotelUpdated, name="Gasthof", languages=("en", "de", "fr"), business_hours=hours, version=2),
        GuestCreated(guest_id=vip, hotel_id=hotel.id, status=GuestStatus.NEW, version=1),
        GuestUpdated(guest_id=vip, hotel_id=hotel.id, status=GuestStatus.VIP, version=2),
        GuestCreated(guest_id=regular, hotel_id=hotel.id, status=GuestStatus.REGULAR, version=1),
    ):
        await desk.publish(event, hotel.id)

    async def all_known() -> bool:
        found = await hotel.rows(
            "SELECT 1 FROM guests WHERE version = 2 UNION ALL SELECT 1 FROM hotels WHERE version = 2"
        )
        return len(found) == 2 and len(await hotel.rows("SELECT 1 FROM guests")) == 2

    await eventually(all_known)
    before = await dump(hotel)
    async with desk.runtime.worker_db.transaction(hotel.id) as tx:
        connection = await tx.session.connection()
        for statement in SCRAMBLED:
            await connection.exec_driver_sql(statement)
    assert all(before[table] != rows for table, rows in (await dump(hotel)).items())

    async def guests_come() -> None:
        for _ in range(5):
            await hotel.guest()

    wrong, _ = await asyncio.gather(rebuild(desk.runtime, PROJECTIONS), guests_come())
    assert await dump(hotel) == before
    assert all(wrong[table] for table in TABLES)


async def test_what_changes_during_a_rebuild_is_in_it_and_what_comes_after_is_followed(
    desk: RunningService, issuer: TokenIssuer
) -> None:
    hotel = await Hotel(desk, issuer).open()

    async def changes() -> None:
        for version in range(2, 8):
            await desk.publish(hotel.described(HotelUpdated, name=f"Hotel {version}", version=version), hotel.id)

    await asyncio.gather(rebuild(desk.runtime, PROJECTIONS), changes(), rebuild(desk.runtime, PROJECTIONS))

    async def named(name: str, status: HotelStatus) -> bool:
        return await hotel.rows("SELECT name, status FROM hotels") == [{"name": name, "status": status.value}]

    assert await eventually(lambda: named("Hotel 7", HotelStatus.ACTIVE))
    await desk.publish(hotel.described(HotelDeactivated, status=HotelStatus.INACTIVE, version=8), hotel.id)
    assert await eventually(lambda: named("Hotel Lindenhof", HotelStatus.INACTIVE))
    await rebuild(desk.runtime, PROJECTIONS)
    assert await named("Hotel Lindenhof", HotelStatus.INACTIVE)
    assert len(await desk.events(HotelCreated, hotel_id=hotel.id)) == 1


async def test_usage_tells_of_budgets(hotel: Hotel) -> None:
    said = {"budget_id": new_id(), "hotel_id": hotel.id, "kinds": (UsageKind.MODEL,), "hard": True}
    exhausted = "SELECT exhausted FROM budgets WHERE hotel_id = $1"
    await hotel.app.publish(BudgetExhausted.model_validate({**said, "version": 1}), hotel.id)
    await eventually(lambda: hotel.rows(exhausted, hotel.id))

    await hotel.app.publish(BudgetRestored.model_validate({**said, "version": 2}), hotel.id)

    async def restored() -> bool:
        return await hotel.rows(exhausted, hotel.id) == [{"exhausted": False}]

    await eventually(restored)

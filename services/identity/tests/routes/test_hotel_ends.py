"""Hotels end: deleted, restored, or purged by every service with a proof of each."""

from datetime import timedelta

import asyncpg
from aiokafka import AIOKafkaConsumer
from identity_play import Desk, Hotel, Json, body, hotel_settings, refusal

from contracts.events import (
    ConversationStarted,
    HotelDeleted,
    HotelForgotten,
    HotelPurged,
    HotelPurging,
    HotelRestored,
    TableCount,
)
from contracts.ids import ConversationId, GuestId, HotelId
from contracts.topics import GUESTS, MEMBERSHIPS
from contracts.values import Channel
from identity.jobs import purge_deleted_hotels, remind_of_purges
from identity.queries.purges import due_purges
from identity.tables_guests import GuestRow
from servicekit import new_id, utc_now
from servicekit.testing import eventually


async def deleted(desk: Desk, hotel: Hotel) -> Json:
    return body(await desk.root.delete(f"/hotels/{hotel.id}"))


async def let_the_grace_period_end(desk: Desk, hotel: Hotel) -> None:
    connection = await asyncpg.connect(desk.app.settings.database_owner_url)
    try:
        await connection.execute("select set_config('app.hotel_id', $1, false)", str(hotel.id))
        shift = "update hotels set purge_after = now() - interval '1 s', purging_at = purging_at - interval '2 days'"
        assert await connection.execute(shift) == "UPDATE 1"
    finally:
        await connection.close()
    await purge_deleted_hotels(desk.app.runtime)


async def purge_view(desk: Desk, hotel: Hotel) -> Json:
    return body(await desk.root.get(f"/hotels/{hotel.id}/purge"))


async def confirm(desk: Desk, hotel: Hotel, service: str, rows: int = 3) -> None:
    counts = (TableCount(table="things", rows=rows),)
    said = HotelForgotten(hotel_id=HotelId(hotel.id), service=service, counts=counts, forgotten_at=utc_now(), version=3)
    await desk.app.publish(said, hotel.id, service=service)


async def confirmed(desk: Desk, hotel: Hotel, *services: str) -> bool:
    return {one["service"] for one in (await purge_view(desk, hotel))["confirmations"]} == set(services)


async def test_a_deleted_hotel_stops_is_told_and_keeps_its_slug(desk: Desk, hotel: Hotel) -> None:
    body(await hotel.admin.api.get("/me"))
    gone = await deleted(desk, hotel)
    assert (gone["status"], gone["version"]) == ("deleted", 2)
    assert await hotel.admin.is_refused()
    assert refusal(await desk.sign_in(hotel.admin.email), 401)
    assert (await desk.refresh(hotel.admin.refresh_token)).status_code in (401, 403)
    [event] = await desk.app.events(HotelDeleted, hotel_id=hotel.id)
    assert (event.slug, event.version, event.purge_after - event.deleted_at) == (hotel.slug, 2, timedelta(days=30))
    assert refusal(await desk.root.post("/hotels", json=hotel_settings(slug=hotel.slug)), 409) == "slug-taken"
    listed = body(await desk.root.get("/hotels", params={"status": "deleted", "limit": 100}))["items"]
    assert str(hotel.id) in {one["id"] for one in listed}
    assert refusal(await desk.root.delete(f"/hotels/{hotel.id}"), 409) == "move-not-allowed"
    for path, change in (("", {"name": "X"}), ("/clerk-organisation", {"organisation_id": "org_x"})):
        call = desk.root.put if path else desk.root.patch
        assert refusal(await call(f"/hotels/{hotel.id}{path}", json=change), 409) == "hotel-deleted"
    for verb in ("activate", "deactivate"):
        assert refusal(await desk.root.post(f"/hotels/{hotel.id}/{verb}"), 409) == "hotel-deleted"
    joining = {"email": f"x@{hotel.slug}.example", "name": "X", "role": "admin", "password": "three old kettles sing"}
    assert refusal(await desk.root.post(f"/hotels/{hotel.id}/users", json=joining), 409) == "hotel-deleted"


async def test_a_restored_hotel_is_suspended_until_it_is_activated(desk: Desk, hotel: Hotel) -> None:
    assert refusal(await desk.root.post(f"/hotels/{hotel.id}/restore"), 409) == "move-not-allowed"
    gone = await deleted(desk, hotel)
    stale = {"If-Match": f'"{gone["version"] - 1}"'}
    assert refusal(await desk.root.post(f"/hotels/{hotel.id}/restore", headers=stale), 412) == "precondition-failed"
    assert (await purge_view(desk, hotel))["state"] == "restorable"
    back = body(await desk.root.post(f"/hotels/{hotel.id}/restore"))
    assert (back["status"], back["deleted_at"], back["purge_after"]) == ("inactive", None, None)
    assert refusal(await desk.root.get(f"/hotels/{hotel.id}/purge"), 404) == "not-found"
    assert body(await desk.root.post(f"/hotels/{hotel.id}/activate"))["status"] == "active"
    [event] = await desk.app.events(HotelRestored, hotel_id=hotel.id)
    assert event.status == "inactive"

    async def signed_in() -> bool:
        return (await desk.sign_in(hotel.admin.email)).status_code == 201

    assert await eventually(signed_in)
    async with desk.app.runtime.db.transaction(None, platform=True, read_only=True) as tx:
        assert hotel.id not in await due_purges(tx.now + timedelta(days=40), tx)


async def test_only_the_platform_ends_hotels(desk: Desk, standing_hotel: Hotel) -> None:
    api, path = standing_hotel.admin.api, f"/hotels/{standing_hotel.id}"
    for answer in (
        await api.delete(path),
        await api.post(f"{path}/restore"),
        await api.get(f"{path}/purge"),
        await api.put(f"{path}/clerk-organisation", json={"organisation_id": "org_1"}),
        await api.delete(f"{path}/clerk-organisation"),
    ):
        assert refusal(answer, 403) == "missing-permission"


async def test_a_purged_hotel_is_forgotten_by_every_service_and_each_proves_it(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member()
    guest = body(await hotel.admin.api.post("/guests", json={"name": "Gita Gast", "email": "gita@x.example"}), 201)
    await deleted(desk, hotel)
    await let_the_grace_period_end(desk, hotel)
    assert refusal(await desk.root.post(f"/hotels/{hotel.id}/restore"), 409) == "purge-begun"
    [told] = await desk.app.events(HotelPurging, hotel_id=hotel.id)

    assert await eventually(lambda: confirmed(desk, hotel, "identity"))
    view = await purge_view(desk, hotel)
    assert (view["state"], view["missing"]) == ("purging", ["conversation", "escalation"])
    counts = view["confirmations"][0]["counts"]
    assert (counts["memberships"], counts["guests"], counts["sessions"]) == (2, 1, 2)
    await remind_of_purges(desk.app.runtime)  # nobody is late yet
    await confirm(desk, hotel, "conversation")
    assert await eventually(lambda: confirmed(desk, hotel, "conversation", "identity"))
    await let_the_grace_period_end(desk, hotel)
    await remind_of_purges(desk.app.runtime)
    assert [event.version for event in await desk.app.events(HotelPurging, 2, hotel_id=hotel.id)] == [3, 4]
    await confirm(desk, hotel, "escalation")

    async def purged() -> bool:
        return (await purge_view(desk, hotel))["state"] == "purged"

    assert await eventually(purged)
    [event] = await desk.app.events(HotelPurged, hotel_id=hotel.id)
    assert (event.deleted_at, event.version) == (told.deleted_at, 5)
    assert (await purge_view(desk, hotel))["missing"] == []
    again = (await purge_view(desk, hotel))["confirmations"]
    assert next(one["counts"] for one in again if one["service"] == "identity") == counts, "asked twice, counted once"

    for path in (f"/hotels/{hotel.id}", f"/hotels/by-slug/{hotel.slug}"):
        assert refusal(await desk.root.get(path), 404) == "not-found"
    assert refusal(await desk.root.post("/hotels", json=hotel_settings(slug=hotel.slug)), 409) == "slug-taken"
    gone = await tombstones(desk)
    assert {f"{hotel.id}:{member.id}", f"{hotel.id}:{hotel.admin.id}", guest["id"]} <= gone
    await nothing_is_left(desk, hotel)
    assert refusal(await desk.sign_in(member.email), 401), "the account stays, and works nowhere"


async def tombstones(desk: Desk) -> set[str]:
    """The keys of which the newest record of the directory's topics has no body."""
    settings = desk.app.settings
    newest: dict[str, bytes | None] = {}
    consumer = AIOKafkaConsumer(
        *(settings.kafka_namespace + topic.name for topic in (MEMBERSHIPS, GUESTS)),
        bootstrap_servers=settings.kafka_url,
        group_id=None,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                newest.update({(record.key or b"").decode(): record.value for record in records})
    finally:
        await consumer.stop()
    return {key for key, value in newest.items() if value is None}


async def nothing_is_left(desk: Desk, hotel: Hotel) -> None:
    """In no table but those that keep what they hold, and say why; and there only ids."""
    connection = await asyncpg.connect(desk.app.settings.database_owner_url)
    try:
        await connection.execute("select set_config('app.hotel_id', $1, false)", str(hotel.id))
        tables = await connection.fetch(
            "select table_name from information_schema.columns where table_schema = 'public' and column_name = 'hotel_id'"
        )
        held = [
            table
            for (table,) in tables
            if table not in {"outbox", "due", "idempotency_keys"}
            and await connection.fetchval(f"select count(*) from {table} where hotel_id = $1", hotel.id)
        ]
        assert set(held) <= {*desk.app.service.kept_tables, "forgotten_hotels"}, held
        assert "audit_entries" in held
        row = await connection.fetchrow("select name, consent_text, slug from hotels where id = $1", hotel.id)
        assert tuple(row) == ("", "", hotel.slug)
    finally:
        await connection.close()


async def test_a_late_event_of_a_forgotten_hotel_brings_nothing_back(desk: Desk, hotel: Hotel) -> None:
    await deleted(desk, hotel)
    await let_the_grace_period_end(desk, hotel)
    assert await eventually(lambda: confirmed(desk, hotel, "identity"))
    guest_id = GuestId(new_id())
    late = ConversationStarted(
        conversation_id=ConversationId(new_id()), guest_id=guest_id, channel=Channel.WIDGET, language="en", version=1
    )
    await desk.app.publish(late, hotel.id)
    other = await desk.hotel()
    await desk.app.publish(late.model_copy(update={"guest_id": GuestId(new_id())}), other.id)

    async def the_next_is_there() -> bool:
        return bool(body(await other.admin.api.get("/guests"))["items"])

    assert await eventually(the_next_is_there)
    async with desk.app.runtime.worker_db.transaction(hotel.id) as tx:
        assert await tx.find(GuestRow, guest_id) is None

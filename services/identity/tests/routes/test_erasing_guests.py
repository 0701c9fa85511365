"""A person is forgotten: every record of them, in every service, for ever; and there is proof of it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from identity_play import Desk, Hotel, Json, body, refusal

from contracts.events import ConversationStarted, Forgotten, GuestErased, GuestForgotten
from contracts.guest_data import HOLDERS
from contracts.ids import ConversationId, GuestId
from contracts.values import Channel
from identity.app import service
from servicekit.testing import Parts, eventually
from servicekit.testing.leftovers import in_database

CLARA = {"name": "Clara Moreau", "email": "clara.moreau@guests.example", "phone": "+33123456789", "language": "fr"}


async def made(hotel: Hotel, **facts: str) -> Json:
    return body(await hotel.admin.api.post("/guests", json=facts, headers={"Idempotency-Key": str(uuid4())}), 201)


async def erase(hotel: Hotel, guest: Json) -> Json:
    return body(await hotel.admin.api.delete(f"/guests/{guest['id']}"), 202)


async def proof(hotel: Hotel, guest: Json) -> Json:
    return body(await hotel.admin.api.get(f"/guests/{guest['id']}/erasure"))


def states(erasure: Json) -> dict[str, str]:
    return {one["service"]: one["state"] for one in erasure["services"]}


async def others_confirm(desk: Desk, hotel: Hotel, guest: Json, version: int) -> None:
    for name in HOLDERS - {"identity"}:
        event = GuestForgotten(
            guest_id=GuestId(UUID(guest["id"])),
            service=name,
            forgotten=(Forgotten(kind="message", count=3),),
            at=datetime.now(UTC),
            version=version,
        )
        await desk.app.publish(event, hotel.id)


async def found(desk: Desk, parts: Parts, words: Iterable[str]) -> list[str]:
    """Where these words still stand."""
    return await in_database(parts.postgres_url, desk.app.settings.database_url.rsplit("/", 1)[1], words)


async def test_every_record_of_the_person_is_emptied_and_nothing_of_them_is_found(
    desk: Desk, hotel: Hotel, parts: Parts
) -> None:
    told = [f"{fact} of {hotel.slug}" for fact in ("Clara Moreau", "Klara Moro")]
    told += [f"{name}@{hotel.slug}.example" for name in ("clara.moreau", "k.moro")]
    kept = await made(hotel, name=told[0], email=told[2], phone="+33198765432")
    duplicate = await made(hotel, name=told[1], email=told[3])
    api = hotel.admin.api
    body(await api.post(f"/guests/{kept['id']}/merge", json={"duplicate_id": duplicate["id"]}))
    told.append("+33198765432")
    places = await found(desk, parts, told)
    for place in ("guests.name", "guests.search", "outbox.payload", "idempotency_keys.body"):
        assert any(place in one for one in places), f"the search finds what is there: {places}"

    asked = await erase(hotel, duplicate)
    assert (asked["guest_id"], asked["state"]) == (kept["id"], "waiting")
    assert asked["guest_ids"] == sorted([kept["id"], duplicate["id"]])
    assert asked["asked_by"] == {"kind": "user", "id": str(hotel.admin.id)}
    events = await desk.app.events(GuestErased, 2, hotel_id=hotel.id)
    assert {str(event.guest_id) for event in events} == {kept["id"], duplicate["id"]}

    async def identity_forgot() -> bool:
        return states(await proof(hotel, kept))["identity"] == "done"

    await eventually(identity_forgot)
    assert await found(desk, parts, told) == []
    for guest in (kept, duplicate):
        path = f"/guests/{guest['id']}"
        assert refusal(await api.get(path), 404) == "not-found"
        assert refusal(await api.patch(path, json={"name": "Clara"}), 404) == "not-found"
        assert refusal(await api.post(f"{path}/merge", json={"duplicate_id": kept["id"]}), 404) == "not-found"
        assert refusal(await api.post(f"{path}/status", json={"status": "vip"}), 404) == "not-found"
    assert body(await api.get("/guests", params={"id": [kept["id"], duplicate["id"]]}))["items"] == []


async def test_the_proof_names_who_asked_and_each_confirmation_and_waits_for_the_last(desk: Desk, hotel: Hotel) -> None:
    guest = await made(hotel, **CLARA)
    asked = await erase(hotel, guest)
    assert set(states(asked)) == HOLDERS
    assert set(states(asked).values()) == {"waiting"}
    [event] = await desk.app.events(GuestErased, hotel_id=hotel.id)

    async def identity_forgot() -> bool:
        return states(await proof(hotel, guest))["identity"] == "done"

    await eventually(identity_forgot)
    assert (await proof(hotel, guest))["state"] == "waiting", "the others have not confirmed"
    await others_confirm(desk, hotel, guest, event.version)

    async def done() -> Json | None:
        now = await proof(hotel, guest)
        return now if now["state"] == "done" else None

    proven = await eventually(done)
    assert proven is not None
    said = {one["service"]: one["confirmations"] for one in proven["services"]}
    assert said["conversation"][0]["forgotten"] == {"message": 3}
    assert said["identity"][0]["forgotten"]["guest"] == 1
    assert all(UUID(one["event_id"]) for ones in said.values() for one in ones)
    again = await erase(hotel, guest)
    assert (again["asked_at"], again["state"]) == (asked["asked_at"], "done"), "the same erasure"

    async def recorded() -> list[Json]:
        return body(await hotel.admin.api.get("/audit", params={"action": "guest.erase"}))["items"]

    log: list[Json] = await eventually(recorded)
    assert [(entry["object_id"], entry["actor"]["id"]) for entry in log] == [(guest["id"], str(hotel.admin.id))]


async def test_who_chats_on_under_an_erased_id_is_forgotten_again(desk: Desk, hotel: Hotel) -> None:
    guest = await made(hotel, **CLARA)
    await erase(hotel, guest)
    await others_confirm(desk, hotel, guest, 2)

    async def done() -> bool:
        return (await proof(hotel, guest))["state"] == "done"

    await eventually(done)
    late = ConversationStarted(
        conversation_id=ConversationId(uuid4()),
        guest_id=GuestId(UUID(guest["id"])),
        channel=Channel.WIDGET,
        language="fr",
        version=1,
    )
    await desk.app.publish(late, hotel.id)
    events = await desk.app.events(GuestErased, 2, hotel_id=hotel.id)
    assert [event.version for event in events] == [2, 3]
    assert refusal(await hotel.admin.api.get(f"/guests/{guest['id']}"), 404) == "not-found"
    assert states(await proof(hotel, guest))["conversation"] == "waiting", "it is to confirm once more"
    await others_confirm(desk, hotel, guest, 3)
    await eventually(done)


async def test_a_day_later_the_services_are_told_again_and_once_all_have_confirmed_no_more(
    desk: Desk, hotel: Hotel
) -> None:
    guest = await made(hotel, **CLARA)
    await erase(hotel, guest)
    await others_confirm(desk, hotel, guest, 2)

    async def done() -> bool:
        return (await proof(hotel, guest))["state"] == "done"

    await eventually(done)
    for said in (2, 0):
        await due_now(desk, hotel)
        if said:
            assert len(await desk.app.events(GuestErased, said, hotel_id=hotel.id)) == said

    async def nothing_left() -> bool:
        return not await due(desk, hotel)

    await eventually(nothing_left)


async def due_now(desk: Desk, hotel: Hotel) -> None:
    async with desk.app.runtime.worker_db.autocommit() as connection:
        changed = await connection.exec_driver_sql(
            "update due set due_at = now() where kind = 'guest_erasure' and hotel_id = $1", (hotel.id,)
        )
        assert changed.rowcount == 1
    await desk.app.runtime.hints.send("due:guest_erasure")


async def due(desk: Desk, hotel: Hotel) -> int:
    async with desk.app.runtime.worker_db.autocommit() as connection:
        counted = await connection.exec_driver_sql(
            "select count(*) from due where kind = 'guest_erasure' and hotel_id = $1", (hotel.id,)
        )
        return counted.scalar_one()


async def test_another_hotels_guest_and_who_may_not_erase_are_refused(hotel: Hotel, other_hotel: Hotel) -> None:
    guest = await made(hotel, **CLARA)
    path = f"/guests/{guest['id']}"
    staff = await hotel.member("staff")
    assert refusal(await other_hotel.admin.api.delete(path), 404) == "not-found"
    assert refusal(await other_hotel.admin.api.get(f"{path}/erasure"), 404) == "not-found"
    assert refusal(await hotel.admin.api.get(f"{path}/erasure"), 404) == "not-found", "nobody has asked for it"
    assert refusal(await staff.api.delete(path), 403) == "missing-permission"
    assert body(await hotel.admin.api.get(path))["name"] == CLARA["name"]


def test_identity_reacts_to_erasures_like_every_holder() -> None:
    assert service.reactions is not None
    assert service.reactions.to(GuestErased.TYPE)

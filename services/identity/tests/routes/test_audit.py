"""The audit log: every command of every service, once, for ever, each hotel its own."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from audit_play import recorded
from identity_play import Desk, Hotel, Json, Person, body, refusal
from pydantic import ValidationError

from contracts.actor import ActorKind, ActorRef
from servicekit import new_id
from servicekit.testing import eventually


async def entries(reader: Person, count: int, **wanted: str) -> list[Json]:
    """The entries that match, once there are that many."""

    async def arrived() -> list[Json]:
        found = body(await reader.api.get("/audit", params={"limit": 100, **wanted}))["items"]
        assert len(found) >= count, [entry["action"] for entry in found]
        return found

    return await eventually(arrived)


async def test_what_an_admin_does_stands_in_the_log(hotel: Hotel) -> None:
    member = await hotel.member()
    body(await hotel.admin.api.post(f"/users/{member.id}/role", json={"role": "viewer"}))
    [entry] = await entries(hotel.admin, 1, action="user.change_role")
    assert entry["actor"] == {"kind": "user", "id": str(hotel.admin.id)}
    assert (entry["service"], entry["object_type"], entry["object_id"]) == ("identity", "user", str(member.id))
    assert entry["hotel_id"] == str(hotel.id)
    assert entry["trace_id"]


async def test_the_log_is_searched_by_person_action_object_and_time(desk: Desk, hotel: Hotel) -> None:
    now, someone = datetime.now(UTC), new_id()
    actor = ActorRef(kind=ActorKind.USER, id=someone)
    old = recorded(hotel.id, actor=actor, at=now - timedelta(days=2))
    new = recorded(hotel.id, actor=actor, action="escalation.resolve")
    for event in (old, new):
        await desk.app.publish(event, hotel.id, service="escalation")
    assert {e["object_id"] for e in await entries(hotel.admin, 2, actor=str(someone))} == {old.object_id, new.object_id}
    found = await entries(hotel.admin, 1, action="escalation.*", since=(now - timedelta(days=1)).isoformat())
    assert [entry["object_id"] for entry in found] == [new.object_id]
    found = await entries(hotel.admin, 1, object_id=old.object_id, until=(now - timedelta(days=1)).isoformat())
    assert [entry["action"] for entry in found] == ["escalation.assign"]
    found = await entries(hotel.admin, 1, object_type="escalation", object_id=new.object_id)
    assert [entry["id"] for entry in found] == [
        entry["id"] for entry in await entries(hotel.admin, 1, action=new.action)
    ]
    for nothing in ({"action": "escalation.close"}, {"object_type": "guest", "object_id": new.object_id}):
        assert body(await hotel.admin.api.get("/audit", params=nothing))["items"] == []


async def test_an_event_that_comes_twice_is_one_entry(desk: Desk, hotel: Hotel) -> None:
    event, last = recorded(hotel.id), recorded(hotel.id, action="escalation.resolve")
    sent = await desk.app.publish(event, hotel.id, service="escalation")
    await desk.app.publish(event, hotel.id, id=sent.id, service="escalation")
    await desk.app.publish(last, hotel.id, service="escalation")
    await entries(hotel.admin, 1, action=last.action)
    [entry] = await entries(hotel.admin, 1, action=event.action)
    assert (entry["id"], entry["acting_for"]) == (str(sent.id), None)


async def test_each_hotel_reads_its_own_log_and_the_platform_reads_all(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel
) -> None:
    event = recorded(standing_hotel.id, acting_for=ActorRef(kind=ActorKind.GUEST, id=new_id()))
    await desk.app.publish(event, standing_hotel.id, service="escalation")
    [entry] = await entries(standing_hotel.admin, 1, object_id=event.object_id)
    assert entry["acting_for"]["kind"] == "guest"
    theirs = body(await other_hotel.admin.api.get("/audit", params={"hotel_id": str(standing_hotel.id)}))
    assert theirs["items"] == []
    all_of_it = body(
        await desk.root.get("/audit", params={"object_id": event.object_id, "hotel_id": str(standing_hotel.id)})
    )
    assert [found["id"] for found in all_of_it["items"]] == [entry["id"]]


async def test_what_a_superadmin_does_is_in_the_platforms_log(desk: Desk, standing_hotel: Hotel) -> None:
    async def created() -> bool:
        found = body(
            await desk.root.get("/audit", params={"action": "hotel.create", "object_id": str(standing_hotel.id)})
        )
        return len(found["items"]) == 1

    assert await eventually(created)


@pytest.mark.parametrize(
    "copied",
    [
        {"object_id": "anna@guest.example"},
        {"object_id": "Anna Ahorn"},
        {"action": "guest.Anna"},
        {"object_type": "+43 1"},
    ],
)
def test_what_names_a_person_does_not_pass_for_an_id(copied: dict[str, str]) -> None:
    recorded(new_id(), object_id=str(new_id()))
    with pytest.raises(ValidationError):
        recorded(new_id(), **copied)


async def test_staff_do_not_read_the_log(standing_hotel: Hotel) -> None:
    assert refusal(await (await standing_hotel.member("staff")).api.get("/audit"), 403) == "missing-permission"


async def test_nobody_changes_the_log_not_even_the_owner_of_the_table(desk: Desk, hotel: Hotel) -> None:
    await entries(hotel.admin, 1)
    settings = desk.app.settings
    for url in (settings.database_url, settings.database_worker_url, settings.database_owner_url):
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("select set_config('app.platform', 'on', false)")
            for statement in (
                "update audit_entries set action = 'nothing.happened'",
                "delete from audit_entries",
                "truncate audit_entries",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        finally:
            await connection.close()

"""The platform's people manage a hotel's own roles, in that hotel's sight; nobody else from outside does."""

from uuid import uuid4

import pytest
from identity_play import Desk, Hotel, Json, body, refusal

from contracts.events import MembershipChanged
from servicekit.testing import eventually

PORTER: Json = {"name": "porter", "display_name": "Porter", "permissions": ["guest:read"]}


async def test_a_superadmin_makes_changes_and_deletes_a_role_of_a_hotel_which_sees_who_it_was(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    roles = f"/hotels/{hotel.id}/roles"
    made = await desk.root.post(roles, json=PORTER)
    role = body(made, 201)
    assert made.headers["location"] == f"{roles}/porter"
    assert body(await desk.root.get(made.headers["location"])) == role
    assert body(await hotel.admin.api.get("/roles/porter")) == role
    assert "porter" in [item["name"] for item in body(await desk.root.get(roles))["items"]]
    assert "porter" not in [item["name"] for item in body(await other_hotel.admin.api.get("/roles"))["items"]]

    member = await hotel.member("porter")
    assert member.claims["scopes"] == ["guest:read"]
    stale = await desk.root.patch(f"{roles}/porter", json={"permissions": []}, headers={"If-Match": '"7"'})
    assert refusal(stale, 412) == "precondition-failed"
    wider = {"permissions": ["guest:read", "guest:write"]}
    changed = await desk.root.patch(f"{roles}/porter", json=wider, headers={"If-Match": '"1"'})
    assert (body(changed)["version"], changed.headers["etag"]) == (2, '"2"')
    assert await member.is_refused()
    told = await desk.app.events(MembershipChanged, hotel_id=hotel.id)
    assert [(event.user_id, event.role) for event in told] == [(member.id, "porter")]

    assert refusal(await desk.root.delete(f"{roles}/porter"), 409) == "role-in-use"
    body(await desk.root.put(f"/hotels/{hotel.id}/users/{member.id}", json={"role": "viewer"}))
    assert (await desk.root.delete(f"{roles}/porter")).status_code == 204
    assert refusal(await hotel.admin.api.get("/roles/porter"), 404) == "not-found"

    root = body(await desk.root.get("/me"))["user"]["id"]

    async def on_record() -> list[str]:
        entries = body(await hotel.admin.api.get("/audit", params={"actor_id": root, "limit": 100}))["items"]
        return sorted(entry["action"] for entry in entries if entry["action"].startswith("role."))

    async def complete() -> bool:
        return await on_record() == ["role.create", "role.delete", "role.update"]

    assert await eventually(complete), await on_record()
    assert not [
        entry
        for entry in body(await other_hotel.admin.api.get("/audit", params={"actor_id": root, "limit": 100}))["items"]
        if entry["action"].startswith("role.")
    ]


async def test_a_superadmin_gives_a_hotels_role_what_hotels_have_and_nothing_of_the_platforms(
    desk: Desk, hotel: Hotel
) -> None:
    roles = f"/hotels/{hotel.id}/roles"
    platforms = await desk.root.post(roles, json=PORTER | {"permissions": ["hotel:create"]})
    assert refusal(platforms, 422) == "not-for-hotels"
    assert refusal(await desk.root.post(roles, json=PORTER | {"name": "admin"}), 409) == "built-in-role"
    assert refusal(await desk.root.patch(f"{roles}/viewer", json={"permissions": []}), 409) == "built-in-role"
    assert refusal(await desk.root.post("/roles", json=PORTER), 403) == "no-hotel", "which hotel's, it must say"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_hotel_that_there_is_not_has_no_roles(desk: Desk, method: str) -> None:
    answer = await desk.root.request(method, f"/hotels/{uuid4()}/roles", json=PORTER if method == "POST" else None)
    assert refusal(answer, 404) == "not-found"
    assert refusal(await desk.root.get(f"/hotels/{uuid4()}/roles/viewer"), 404) == "not-found"


async def test_a_deleted_hotel_gets_no_new_roles(desk: Desk) -> None:
    hotel = await desk.hotel()
    body(await desk.root.delete(f"/hotels/{hotel.id}"))
    assert refusal(await desk.root.post(f"/hotels/{hotel.id}/roles", json=PORTER), 409) == "hotel-deleted"


async def test_a_hotels_people_reach_their_own_roles_by_this_way_and_no_other_hotels(
    hotel: Hotel, other_hotel: Hotel
) -> None:
    mine, theirs = f"/hotels/{hotel.id}/roles", f"/hotels/{other_hotel.id}/roles"
    body(await hotel.admin.api.post(mine, json=PORTER), 201)
    body(await other_hotel.admin.api.post("/roles", json=PORTER), 201)
    for method, url in (
        ("GET", theirs),
        ("POST", theirs),
        ("GET", f"{theirs}/porter"),
        ("PATCH", f"{theirs}/porter"),
        ("DELETE", f"{theirs}/porter"),
    ):
        sent = {"POST": PORTER | {"name": "spy"}, "PATCH": {"permissions": []}}.get(method)
        assert refusal(await hotel.admin.api.request(method, url, json=sent), 404) == "not-found", method
    assert body(await other_hotel.admin.api.get("/roles/porter"))["permissions"] == ["guest:read"]
    member = await hotel.member("staff")
    assert refusal(await member.api.post(mine, json=PORTER), 403) == "missing-permission"

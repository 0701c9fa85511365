"""One person in several hotels: added and removed, a role in each, and from one to the other without the password."""

import asyncio
from uuid import uuid4

from identity_play import Clock, Desk, Hotel, body, refusal
from sqlalchemy import text

from contracts.events import MembershipChanged, MembershipGranted


async def test_an_account_works_in_several_hotels_with_a_role_in_each(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    member = await hotel.member("viewer", name="Two Desks")
    added = await desk.root.put(f"/hotels/{other_hotel.id}/users/{member.id}", json={"role": "admin"})
    assert (body(added)["name"], body(added)["role"]) == ("Two Desks", "admin")
    granted = await desk.app.events(MembershipGranted, 2, hotel_id=other_hotel.id)
    assert [event.role for event in granted if event.user_id == member.id] == ["admin"]
    mine = body(await member.api.get("/me"))["hotels"]
    assert [(item["id"], item["role"]) for item in mine] == [(str(hotel.id), "viewer"), (str(other_hotel.id), "admin")]
    held = body(await desk.root.get(f"/users/{member.id}/permissions"))["items"]
    assert {item["hotel_id"]: item["role"] for item in held} == {str(hotel.id): "viewer", str(other_hotel.id): "admin"}
    seen = body(await hotel.admin.api.get(f"/users/{member.id}/permissions"))["items"]
    assert [item["hotel_id"] for item in seen] == [str(hotel.id)]
    listed = body(await desk.root.get(f"/hotels/{other_hotel.id}/users"))["items"]
    assert str(member.id) in [user["id"] for user in listed]
    assert (await desk.root.delete(f"/hotels/{other_hotel.id}/users/{member.id}")).status_code == 204
    body(await member.api.get("/me"))
    assert len(body(await member.api.get("/me"))["hotels"]) == 1


async def test_putting_somebody_into_another_role_is_felt_and_the_same_again_is_not(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member("staff")
    url = f"/hotels/{hotel.id}/users/{member.id}"
    body(await hotel.admin.api.put(url, json={"role": "staff", "name": "Same Role"}))
    body(await member.api.get("/me"))
    assert body(await hotel.admin.api.put(url, json={"role": "viewer"}))["name"] == "Same Role"
    assert await member.is_refused()
    told = await desk.app.events(MembershipChanged, 2, hotel_id=hotel.id)
    assert [(event.role, event.version) for event in told] == [("staff", 2), ("viewer", 3)]
    joined = (await desk.app.events(MembershipGranted, 2, hotel_id=hotel.id))[-1]
    assert told[0].changed_at == joined.changed_at < told[1].changed_at, "tokens hold until the role is another"
    last = await hotel.admin.api.put(f"/hotels/{hotel.id}/users/{hotel.admin.id}", json={"role": "staff"})
    assert refusal(last, 409) == "last-admin"


async def test_a_hotel_reaches_its_own_people_and_no_other_hotels(hotel: Hotel, other_hotel: Hotel) -> None:
    stranger = await other_hotel.member()
    for method, place, person in (
        ("PUT", hotel, stranger.id),
        ("DELETE", hotel, stranger.id),
        ("PUT", other_hotel, stranger.id),
        ("DELETE", other_hotel, stranger.id),
        ("PUT", hotel, uuid4()),
    ):
        sent = {"role": "viewer"} if method == "PUT" else None
        answer = await hotel.admin.api.request(method, f"/hotels/{place.id}/users/{person}", json=sent)
        assert refusal(answer, 404) == "not-found", (method, place.slug)
    assert refusal(await hotel.admin.api.get(f"/users/{stranger.id}/permissions"), 404) == "not-found"
    assert refusal(await hotel.admin.api.get(f"/hotels/{other_hotel.id}/users"), 404) == "not-found"
    body(await stranger.api.get("/me"))


async def test_two_admins_who_step_down_at_once_leave_one(desk: Desk) -> None:
    for _ in range(3):
        hotel = await desk.hotel()
        one, two = hotel.admin, await hotel.member("admin")
        answers = await asyncio.gather(
            one.api.delete(f"/hotels/{hotel.id}/users/{one.id}"),
            two.api.put(f"/hotels/{hotel.id}/users/{two.id}", json={"role": "viewer"}),
        )
        assert sorted(answer.status_code for answer in answers) in ([200, 409], [204, 409]), [a.text for a in answers]


async def test_from_one_hotel_to_the_other_without_the_password(desk: Desk, hotel: Hotel, other_hotel: Hotel) -> None:
    member = await hotel.member("staff")
    body(await desk.root.put(f"/hotels/{other_hotel.id}/users/{member.id}", json={"role": "viewer"}))
    switched = body(await member.api.post("/tokens/switch", json={"hotel": other_hotel.slug}), 201)
    assert (switched["hotel"]["id"], switched["role"]) == (str(other_hotel.id), "viewer")
    there = desk.app.client(switched["access_token"])
    assert body(await there.get("/me"))["hotel"]["slug"] == other_hotel.slug
    sessions = body(await there.get("/me/sessions"))["items"]
    assert len({session["expires_at"] for session in sessions}) == 1, "switching does not put off the password"
    assert {session["hotel_id"] for session in sessions} == {str(hotel.id), str(other_hotel.id)}
    body(await member.api.get("/me"))
    assert body(await desk.refresh(switched["refresh_token"]))["hotel"]["id"] == str(other_hotel.id)
    back = body(await there.post("/tokens/switch", json={"hotel": str(hotel.id)}), 201)
    assert back["role"] == "staff"


async def test_nobody_switches_where_they_do_not_work(
    desk: Desk, clock: Clock, hotel: Hotel, other_hotel: Hotel
) -> None:
    member = await hotel.member()
    for elsewhere in (other_hotel.slug, str(other_hotel.id), "no-such-hotel", None):
        assert refusal(await member.api.post("/tokens/switch", json={"hotel": elsewhere}), 404) == "not-found"
    assert refusal(await desk.anybody.post("/tokens/switch", json={"hotel": hotel.slug}), 401) == "unauthenticated"
    clock.pass_(1)
    body(await desk.root.post(f"/hotels/{hotel.id}/deactivate"))
    body(await desk.root.put(f"/hotels/{other_hotel.id}/users/{member.id}", json={"role": "viewer"}))
    there = (await desk.person(member.email, hotel=other_hotel.slug)).api
    assert refusal(await there.post("/tokens/switch", json={"hotel": hotel.slug}), 403) == "hotel-suspended"


async def test_a_session_that_is_over_leads_nowhere(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    member = await hotel.member()
    signed_out = await desk.person(member.email)
    async with desk.app.runtime.db.transaction(None, platform=True) as tx:  # before anybody has heard of it
        await tx.execute(
            text("update sessions set ended_at = now(), end_reason = 'signed_out' where id = :id"),
            {"id": signed_out.claims["sid"]},
        )
    assert refusal(await signed_out.api.post("/tokens/switch", json={"hotel": hotel.slug}), 401) == "session-over"
    clock.pass_(60 * 24 * 3600)
    assert refusal(await member.api.post("/tokens/switch", json={"hotel": hotel.slug}), 401) == "session-over"


async def test_a_hotel_that_asks_for_a_second_factor_asks_whoever_switches_to_it(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    member = await hotel.member()
    body(await desk.root.put(f"/hotels/{other_hotel.id}/users/{member.id}", json={"role": "viewer"}))
    body(await other_hotel.admin.api.patch(f"/hotels/{other_hotel.id}", json={"require_second_factor": True}))
    switched = body(await member.api.post("/tokens/switch", json={"hotel": other_hotel.slug}), 201)
    assert (switched["second_factor_needed"], switched["scopes"]) == (True, [])
    there = desk.app.client(switched["access_token"])
    back = await there.post("/tokens/switch", json={"hotel": hotel.slug})
    assert refusal(back, 403) == "second-factor-needed"


async def test_a_deleted_hotel_takes_nobody(desk: Desk, hotel: Hotel, other_hotel: Hotel) -> None:
    stranger = await hotel.member()
    former = await other_hotel.member()
    body(await other_hotel.admin.api.post(f"/users/{former.id}/deactivate"))
    body(await desk.root.delete(f"/hotels/{other_hotel.id}"))
    for person in (stranger, former):
        answer = await desk.root.put(f"/hotels/{other_hotel.id}/users/{person.id}", json={"role": "viewer"})
        assert refusal(answer, 409) == "hotel-deleted"
    asked = {"email": "noor@new.example", "name": "Noor", "role": "viewer"}
    answer = await desk.root.post(f"/hotels/{other_hotel.id}/invitations", json=asked)
    assert refusal(answer, 409) == "hotel-deleted"

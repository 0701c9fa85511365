"""A guest's contact data and status, as commands of their own."""

import pytest
from identity_play import Desk, Hotel, Json, body, refusal

from contracts.events import GuestUpdated

CLARA = {"name": "Clara Moreau", "email": "clara@guests.example", "phone": "+33123456789", "language": "fr"}


async def made(hotel: Hotel, **more: str) -> Json:
    return body(await hotel.admin.api.post("/guests", json={**CLARA, **more}), 201)


async def test_contact_data_is_changed_in_one_form_and_announced(desk: Desk, hotel: Hotel) -> None:
    guest = await made(hotel)
    answer = await hotel.admin.api.post(
        f"/guests/{guest['id']}/contact",
        json={"email": " Clara@Elsewhere.EXAMPLE", "phone": "+43 (1) 234-5678"},
        headers={"If-Match": '"1"'},
    )
    changed = body(answer)
    assert (changed["email"], changed["phone"]) == ("clara@elsewhere.example", "+4312345678")
    assert (changed["name"], changed["version"], answer.headers["etag"]) == ("Clara Moreau", 2, '"2"')
    [event] = await desk.app.events(GuestUpdated, hotel_id=hotel.id)
    assert (event.email, event.phone, event.name) == ("clara@elsewhere.example", "+4312345678", "Clara Moreau")


async def test_contact_data_left_out_stays_and_null_forgets(standing_hotel: Hotel) -> None:
    guest = await made(standing_hotel)
    changed = body(await standing_hotel.admin.api.post(f"/guests/{guest['id']}/contact", json={"phone": None}))
    assert (changed["email"], changed["phone"]) == ("clara@guests.example", None)


async def test_a_status_is_changed_as_the_table_says(desk: Desk, hotel: Hotel) -> None:
    guest = await made(hotel)
    url = f"/guests/{guest['id']}/status"
    assert body(await hotel.admin.api.post(url, json={"status": "vip"}))["status"] == "vip"
    assert body(await hotel.admin.api.post(url, json={"status": "blocked"}))["version"] == 3
    assert refusal(await hotel.admin.api.post(url, json={"status": "vip"}), 409) == "move-not-allowed"
    assert body(await hotel.admin.api.post(url, json={"status": "blocked"}))["version"] == 3, "the same again"
    events = await desk.app.events(GuestUpdated, 2, hotel_id=hotel.id)
    assert [(event.status, event.version) for event in events] == [("vip", 2), ("blocked", 3)]


@pytest.mark.parametrize(
    ("route", "wrong"),
    [
        ("contact", {"email": "nope"}),
        ("contact", {"phone": "01 2345"}),
        ("contact", {"email": "clara@elsewhere.example", "status": "vip"}),
        ("contact", {"phone": "+4312345678", "hotel_id": "0190d3b0-0000-7000-8000-000000000000"}),
        ("status", {}),
        ("status", {"status": None}),
        ("status", {"status": "king"}),
        ("status", {"status": "vip", "version": 9}),
        ("merge", {}),
        ("merge", {"duplicate_id": "x"}),
    ],
)
async def test_a_command_that_cannot_be_is_refused_and_changes_nothing(
    standing_hotel: Hotel, route: str, wrong: Json
) -> None:
    guest = await made(standing_hotel)
    assert refusal(await standing_hotel.admin.api.post(f"/guests/{guest['id']}/{route}", json=wrong), 422)
    assert body(await standing_hotel.admin.api.get(f"/guests/{guest['id']}")) == guest


@pytest.mark.parametrize(("route", "command"), [("contact", {"email": "x@y.example"}), ("status", {"status": "vip"})])
async def test_nobody_overwrites_what_somebody_else_has_just_changed(
    standing_hotel: Hotel, route: str, command: Json
) -> None:
    guest = await made(standing_hotel)
    body(await standing_hotel.admin.api.patch(f"/guests/{guest['id']}", json={"name": "Clara M."}))
    late = await standing_hotel.admin.api.post(
        f"/guests/{guest['id']}/{route}", json=command, headers={"If-Match": '"1"'}
    )
    assert refusal(late, 412) == "precondition-failed"


@pytest.mark.parametrize(
    ("route", "command"),
    [
        ("contact", {"email": "x@y.example"}),
        ("status", {"status": "vip"}),
        ("merge", {"duplicate_id": "0190d3b0-0000-7000-8000-000000000000"}),
    ],
)
async def test_viewers_and_other_hotels_change_no_guest(
    standing_hotel: Hotel, other_hotel: Hotel, route: str, command: Json
) -> None:
    guest, viewer = await made(standing_hotel), await standing_hotel.member("viewer")
    url = f"/guests/{guest['id']}/{route}"
    assert refusal(await viewer.api.post(url, json=command), 403) == "missing-permission"
    assert refusal(await other_hotel.admin.api.post(url, json=command), 404) == "not-found"
    assert body(await standing_hotel.admin.api.get(f"/guests/{guest['id']}")) == guest


async def test_the_same_key_changes_a_guest_once(standing_hotel: Hotel) -> None:
    guest = await made(standing_hotel)
    url, key = f"/guests/{guest['id']}/contact", {"Idempotency-Key": f"once-{guest['id']}"}
    first = await standing_hotel.admin.api.post(url, json={"phone": "+4312345678"}, headers=key)
    body(await standing_hotel.admin.api.post(url, json={"phone": "+4312345679"}))
    again = await standing_hotel.admin.api.post(url, json={"phone": "+4312345678"}, headers=key)
    assert (body(again), again.headers["idempotency-replayed"]) == (body(first), "true")
    assert body(await standing_hotel.admin.api.get(f"/guests/{guest['id']}"))["phone"] == "+4312345679"

"""A hotel's guests."""

from uuid import UUID, uuid4

import pytest
from identity_play import Desk, Hotel, body, refusal

from contracts.events import ConversationStarted, GuestCreated, GuestUpdated
from contracts.ids import GuestId
from contracts.values import Channel
from servicekit import new_id
from servicekit.testing import eventually

CLARA = {"name": "Clara Moreau", "email": "Clara.Moreau@Guests.example", "phone": "+33 1 23 45 67 89", "language": "fr"}


def started(guest_id: object, language: str, conversation_id: UUID) -> ConversationStarted:
    """Those of one conversation come in the order in which they were said."""
    return ConversationStarted.model_validate(
        {
            "conversation_id": conversation_id,
            "guest_id": guest_id,
            "channel": Channel.WIDGET,
            "language": language,
            "version": 1,
        }
    )


async def test_a_guest_is_put_on_record_in_one_form_and_announced(desk: Desk, hotel: Hotel) -> None:
    answer = await hotel.admin.api.post("/guests", json=CLARA)
    made = body(answer, 201)
    assert (made["email"], made["phone"]) == ("clara.moreau@guests.example", "+33123456789")
    assert (made["status"], made["version"], answer.headers["etag"]) == ("new", 1, '"1"')
    assert body(await hotel.admin.api.get(answer.headers["location"])) == made
    [event] = await desk.app.events(GuestCreated, hotel_id=hotel.id)
    assert (str(event.guest_id), event.email, event.phone) == (made["id"], made["email"], made["phone"])


async def test_what_is_left_out_stays_and_null_forgets(desk: Desk, hotel: Hotel) -> None:
    made = body(await hotel.admin.api.post("/guests", json=CLARA), 201)
    url = f"/guests/{made['id']}"
    changed = body(await hotel.admin.api.patch(url, json={"status": "vip", "phone": None}, headers={"If-Match": '"1"'}))
    assert (changed["status"], changed["phone"], changed["name"]) == ("vip", None, "Clara Moreau")
    assert refusal(await hotel.admin.api.patch(url, json={}, headers={"If-Match": '"1"'}), 412) == "precondition-failed"
    [event] = await desk.app.events(GuestUpdated, hotel_id=hotel.id)
    assert (event.status, event.phone, event.version) == ("vip", None, 2)


async def test_a_guest_who_is_known_is_not_new_again(standing_hotel: Hotel) -> None:
    made = body(await standing_hotel.admin.api.post("/guests", json={**CLARA, "status": "regular"}), 201)
    back = await standing_hotel.admin.api.patch(f"/guests/{made['id']}", json={"status": "new"})
    assert refusal(back, 409) == "move-not-allowed"


@pytest.mark.parametrize("wrong", [{"email": "nope"}, {"phone": "01 2345"}, {"language": "klingon"}, {"name": ""}])
async def test_contact_data_that_cannot_be_is_refused_without_repeating_it(
    standing_hotel: Hotel, wrong: dict[str, str]
) -> None:
    answer = await standing_hotel.admin.api.post("/guests", json=wrong)
    assert refusal(answer, 422) == "validation"
    [(field, value)] = wrong.items()
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]
    assert not value or value not in answer.text.replace(field, "")


async def test_the_inbox_asks_for_many_guests_at_once(standing_hotel: Hotel, other_hotel: Hotel) -> None:
    mine = [body(await standing_hotel.admin.api.post("/guests", json=CLARA), 201)["id"] for _ in range(3)]
    theirs = body(await other_hotel.admin.api.post("/guests", json=CLARA), 201)["id"]
    found = body(await standing_hotel.admin.api.get("/guests", params={"id": [mine[0], mine[2], theirs, str(uuid4())]}))
    assert [guest["id"] for guest in found["items"]] == [mine[2], mine[0]]


async def test_another_hotels_guest_does_not_exist(standing_hotel: Hotel, other_hotel: Hotel) -> None:
    theirs = body(await other_hotel.admin.api.post("/guests", json=CLARA), 201)["id"]
    assert refusal(await standing_hotel.admin.api.get(f"/guests/{theirs}"), 404) == "not-found"
    assert refusal(await standing_hotel.admin.api.patch(f"/guests/{theirs}", json={"name": "X"}), 404) == "not-found"
    assert body(await other_hotel.admin.api.get(f"/guests/{theirs}"))["name"] == "Clara Moreau"


async def test_viewers_read_guests_and_staff_write_them(standing_hotel: Hotel) -> None:
    viewer, staff = await standing_hotel.member("viewer"), await standing_hotel.member("staff")
    assert refusal(await viewer.api.post("/guests", json=CLARA), 403) == "missing-permission"
    made = body(await staff.api.post("/guests", json=CLARA), 201)
    body(await viewer.api.get(f"/guests/{made['id']}"))


async def test_somebody_who_begins_to_chat_is_on_record_once(desk: Desk, hotel: Hotel) -> None:
    guest_id, next_guest, talk = GuestId(new_id()), GuestId(new_id()), new_id()
    for who, language in ((guest_id, "fr"), (guest_id, "en"), (next_guest, "de")):
        await desk.app.publish(started(who, language, talk), hotel.id, service="conversation")
    events = await desk.app.events(GuestCreated, 2, hotel_id=hotel.id)
    on_record = sorted((event.guest_id, event.language, event.name) for event in events)
    assert on_record == sorted([(guest_id, "fr", None), (next_guest, "de", None)])
    guest = body(await hotel.admin.api.get(f"/guests/{guest_id}"))
    assert (guest["status"], guest["email"], guest["version"]) == ("new", None, 1)


async def test_a_guest_who_is_known_stays_as_they_are_when_they_chat(desk: Desk, standing_hotel: Hotel) -> None:
    known = body(await standing_hotel.admin.api.post("/guests", json={**CLARA, "status": "vip"}), 201)
    marker, talk = GuestId(new_id()), new_id()
    await desk.app.publish(started(known["id"], "de", talk), standing_hotel.id, service="conversation")
    await desk.app.publish(started(marker, "fr", talk), standing_hotel.id, service="conversation")

    async def marker_arrived() -> bool:
        return (await standing_hotel.admin.api.get(f"/guests/{marker}")).status_code == 200

    await eventually(marker_arrived)
    assert body(await standing_hotel.admin.api.get(f"/guests/{known['id']}")) == known

"""A guest is erased: what staff noted about them is gone, and what they note later is not kept."""

from datetime import UTC, datetime
from uuid import uuid4

from escalation_play import Conversation, Hotel

from contracts.events import GuestErased, GuestForgotten
from servicekit.testing import Parts
from servicekit.testing.leftovers import in_database


def erased(conversation: Conversation) -> GuestErased:
    return GuestErased(
        guest_id=conversation.guest_id, hotel_id=conversation.hotel.id, erased_at=datetime.now(UTC), version=2
    )


async def confirmed(hotel: Hotel, count: int = 1) -> dict[str, int]:
    events = await hotel.desk.events(GuestForgotten, count, hotel_id=hotel.id)
    return {one.kind: one.count for one in events[-1].forgotten}


async def test_what_staff_noted_is_found_nowhere_any_more(hotel: Hotel, parts: Parts) -> None:
    note = f"Clara Moreau, room 407 at {hotel.id}, was refunded"
    sam = await hotel.member()
    conversation = hotel.conversation()
    escalation = await conversation.in_queue()
    key = {"Idempotency-Key": str(uuid4())}
    assert (await sam.does("resolve", escalation, {"note": note}, **key)).status_code == 200

    async def found() -> list[str]:
        return await in_database(parts.postgres_url, hotel.desk.settings.database_url.rsplit("/", 1)[1], [note])

    places = {place.rsplit(" in ", 1)[1].split(".", 1)[1] for place in await found()}
    assert places == {"escalations.resolution_note", "idempotency_keys.body"}
    await hotel.publish(erased(conversation))
    assert await confirmed(hotel) == {"note": 1, "stored_answer": 1}
    assert await found() == []
    now = await hotel.get(escalation)
    assert (now["status"], now["resolution_note"]) == ("resolved", None)


async def test_a_note_that_comes_after_the_erasure_is_not_kept(hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = hotel.conversation()
    escalation = await conversation.in_queue()
    await hotel.publish(erased(conversation))
    await confirmed(hotel)
    answer = await sam.does("resolve", escalation, {"note": "Clara Moreau was refunded"})
    assert (answer.status_code, answer.json()["resolution_note"]) == (200, None)
    await hotel.publish(erased(conversation))
    assert await confirmed(hotel, 2) == {"note": 0, "stored_answer": 0}, "the same again finds nothing more"


async def test_all_that_is_kept_of_a_guest_is_given_to_their_hotel_alone(hotel: Hotel, other_hotel: Hotel) -> None:
    sam = await hotel.member()
    conversation = hotel.conversation()
    escalation = await conversation.in_queue()
    await hotel.conversation().in_queue()
    await sam.does("resolve", escalation, {"note": "Clara Moreau was refunded"})
    asked = {"guest_id": [str(conversation.guest_id), str(uuid4())]}
    data = (await hotel.viewer.get("/guest-data", params=asked)).json()
    assert [(one["id"], one["resolution_note"]) for one in data["escalations"]] == [
        (escalation["id"], "Clara Moreau was refunded")
    ]
    assert (await other_hotel.viewer.get("/guest-data", params=asked)).json() == {"escalations": []}

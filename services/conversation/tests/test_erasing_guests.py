"""A guest is erased: nothing of what they said is kept, in whatever order the news of them comes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from conversation_play import Guest, Hotel
from service_play import ScriptedEngine

from contracts.events import ConversationEnded, GuestCreated, GuestErased, GuestForgotten, GuestUpdated
from contracts.ids import GuestId, HotelId
from contracts.statuses import GuestStatus
from conversation.reactions import on_guest, on_guest_erased
from servicekit import new_id
from servicekit.testing import Parts, RunningService, eventually
from servicekit.testing.leftovers import in_database


def erased(guest: Guest, version: int = 2) -> GuestErased:
    return GuestErased(
        guest_id=GuestId(guest.id), hotel_id=HotelId(guest.hotel.id), erased_at=datetime.now(UTC), version=version
    )


async def confirmation(desk: RunningService, hotel: Hotel, count: int = 1) -> dict[str, int]:
    events = await desk.events(GuestForgotten, count, hotel_id=hotel.id)
    return {one.kind: one.count for one in events[-1].forgotten}


async def found(desk: RunningService, parts: Parts, words: Sequence[str]) -> list[str]:
    return await in_database(parts.postgres_url, desk.settings.database_url.rsplit("/", 1)[1], words)


async def test_nothing_a_guest_said_or_was_answered_is_found_any_more(
    desk: RunningService, parts: Parts, hotel: Hotel, guest: Guest
) -> None:
    said, name = f"My room 407 at {hotel.slug} smells of smoke", f"Clara Moreau of {hotel.slug}"
    email, phone = f"clara.moreau@{hotel.slug}.example", "+331 98 76 54 32"
    await guest.ask(said)
    identified = await guest.client.post("/widget/identify", json={"name": name, "email": email, "phone": phone})
    assert identified.status_code == 204, identified.text
    words = (said, email, name, phone)
    places = {place.rsplit(" in ", 1)[1].split(".", 1)[1] for place in await found(desk, parts, words)}
    assert places == {"messages.text", "guest_says.email", "guest_says.name", "guest_says.phone"}

    await desk.publish(erased(guest), hotel.id)
    forgotten = await confirmation(desk, hotel)
    assert (forgotten["message"], forgotten["guest_says"]) == (2, 1), "the question and its answer"
    assert await found(desk, parts, words) == []
    [over] = await desk.events(ConversationEnded, hotel_id=hotel.id)
    assert str(over.conversation_id) == guest.conversation_id
    shown = await hotel.staff().get(f"{guest.staff_path}/messages")
    assert [message["text"] for message in shown.json()["items"]] == ["", ""]


async def test_an_answer_that_is_being_written_is_not_said(
    desk: RunningService, engine: ScriptedEngine, hotel: Hotel, guest: Guest
) -> None:
    async with engine.held("smoke"):
        await guest.say("smoke in the room")

        async def asked() -> bool:
            return engine.times_asked("smoke in the room") > 0

        await eventually(asked)
        await desk.publish(erased(guest), hotel.id)
        await confirmation(desk, hotel)
    rows = await hotel.rows("SELECT text FROM messages WHERE conversation_id = $1", UUID(guest.conversation_id))
    assert rows == [{"text": ""}]
    turns = await hotel.rows("SELECT state FROM turns WHERE conversation_id = $1", UUID(guest.conversation_id))
    assert turns == [{"state": "dropped"}]


async def test_an_erased_guests_widget_begins_anew_as_somebody_else(
    desk: RunningService, hotel: Hotel, guest: Guest
) -> None:
    await guest.ask("Can I bring my dog?")
    await desk.publish(erased(guest), hotel.id)
    await confirmation(desk, hotel)
    assert (await guest.say("And my cat?")).status_code == 409, "that conversation is over"
    for path, body in (("/widget/conversations", {}), ("/widget/identify", {"name": "Clara"})):
        assert (await guest.client.post(path, json=body)).status_code == 401, path
    session = await guest.client.post("/widget/sessions", json={"hotel": hotel.slug})
    assert session.json()["guest_id"] != str(guest.id)
    assert await hotel.rows("SELECT 1 FROM guest_says WHERE guest_id = $1", guest.id) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_in_whichever_order_the_news_of_a_guest_comes_they_are_erased(
    desk: RunningService, hotel: Hotel, order: tuple[int, ...]
) -> None:
    guest_id = new_id()
    state: dict[str, Any] = {"guest_id": guest_id, "hotel_id": hotel.id, "status": GuestStatus.VIP}  # Any: fields
    events = (
        GuestCreated.model_validate({**state, "name": "Clara", "version": 1}),
        GuestUpdated.model_validate({**state, "name": "Klara", "version": 2}),
        GuestErased.model_validate({**state, "erased_at": datetime.now(UTC), "version": 3}),
    )
    for place in order:
        event = events[place]
        async with desk.runtime.worker_db.transaction(hotel.id) as tx:
            await (on_guest_erased(event, tx) if isinstance(event, GuestErased) else on_guest(event, tx))
    [row] = await hotel.rows("SELECT status, version, erased_at FROM guests WHERE id = $1", guest_id)
    assert (row["status"], row["version"]) == ("new", 3)
    assert row["erased_at"] is not None


async def test_the_same_erasure_again_finds_nothing_more(desk: RunningService, hotel: Hotel, guest: Guest) -> None:
    await guest.ask("Can I bring my dog?")
    for times in (1, 2):
        await desk.publish(erased(guest), hotel.id)
        forgotten = await confirmation(desk, hotel, times)
    assert set(forgotten.values()) == {0}
    assert len(await desk.events(ConversationEnded, hotel_id=hotel.id)) == 1


async def test_all_that_is_kept_of_a_guest_is_given_to_their_hotel_alone(hotel: Hotel, other_hotel: Hotel) -> None:
    guest, friend = await hotel.guest(), await hotel.guest()
    answer = await guest.ask("Can I bring my dog?")
    await friend.ask("Is there a pool?")
    await guest.client.post(f"{guest.path}/messages/{answer['id']}/rate", json={"helpful": True})
    await hotel.staff().post(f"{guest.staff_path}/messages/{answer['id']}/rate", json={"helpful": False})
    assert (await guest.client.post("/widget/identify", json={"name": "Clara"})).status_code == 204
    asked = {"guest_id": [str(guest.id), str(new_id())]}
    data = (await hotel.staff().get("/guest-data", params=asked)).json()
    assert [said["name"] for said in data["guest_says"]] == ["Clara"]
    [conversation] = data["conversations"]
    assert [message["text"] for message in conversation["messages"]] == [
        "Can I bring my dog?",
        "About Can I bring my dog?",
    ]
    assert [(rating["message_id"], rating["helpful"]) for rating in data["ratings"]] == [(answer["id"], True)]
    theirs = await other_hotel.staff().get("/guest-data", params=asked)
    assert theirs.json() == {"guest_says": [], "conversations": [], "ratings": []}
    assert (await guest.client.get("/guest-data", params=asked)).status_code == 403

"""Guests and staff say whether an answer was helpful: once each, their last word, and only of what the AI answered."""

from datetime import UTC, datetime
from typing import Any

import pytest
from conversation_play import Guest, Hotel
from service_play import ARTICLE

from contracts.events import AnswerRated, GuestErased, GuestForgotten
from contracts.ids import GuestId, HotelId
from servicekit.ids import new_id
from servicekit.testing import RunningService

Json = dict[str, Any]  # Any: JSON


@pytest.fixture
async def answer(guest: Guest) -> Json:
    """What the AI answered the guest."""
    return await guest.ask("Can I bring my dog?")


async def ratings(hotel: Hotel) -> list[Json]:
    """All that are kept."""
    return await hotel.rows("SELECT rater, rater_id, helpful, article_ids FROM knowledge_ratings ORDER BY rated_at, id")


async def test_a_guest_and_staff_each_rate_an_answer_and_the_last_word_counts(
    desk: RunningService, hotel: Hotel, guest: Guest, answer: Json
) -> None:
    path = f"messages/{answer['id']}/rate"
    for helpful in (True, True, False):
        rated = await guest.client.post(f"{guest.path}/{path}", json={"helpful": helpful})
        assert rated.status_code == 200, rated.text
        assert (rated.json()["helpful"], rated.json()["article_ids"]) == (helpful, [str(ARTICLE)])
    by_staff = {"helpful": True, "article_id": str(ARTICLE)}
    assert (await hotel.staff().post(f"{guest.staff_path}/{path}", json=by_staff)).status_code == 200
    assert await ratings(hotel) == [
        {"rater": "guest", "rater_id": guest.id, "helpful": False, "article_ids": [ARTICLE]},
        {"rater": "staff", "rater_id": hotel.sam, "helpful": True, "article_ids": [ARTICLE]},
    ]
    told = await desk.events(AnswerRated, 3, hotel_id=hotel.id)
    assert [(one.by.kind.value, one.helpful) for one in told] == [("guest", True), ("guest", False), ("user", True)]
    versions = [one.version for one in told]
    assert versions == sorted(set(versions))
    audited = await hotel.rows(
        "SELECT payload->>'object_id' AS of FROM outbox WHERE payload->>'action' = 'answer.rate'"
    )
    assert [one["of"] for one in audited].count(str(answer["id"])) == 1, "a guest's rating is its own record"


async def test_what_is_no_answer_is_not_rated(hotel: Hotel, guest: Guest, answer: Json) -> None:
    question = (await guest.messages())[0]["id"]
    handed_over = await guest.ask("I want a refund!")
    for message in (question, handed_over["id"]):
        refused = await guest.client.post(f"{guest.path}/messages/{message}/rate", json={"helpful": False})
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:frontdesk:problem:not-an-answer")
    other = {"helpful": True, "article_id": str(new_id())}
    refused = await guest.client.post(f"{guest.path}/messages/{answer['id']}/rate", json=other)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:frontdesk:problem:not-a-source")
    nobodys = await guest.client.post(f"{guest.path}/messages/{new_id()}/rate", json={"helpful": True})
    assert nobodys.status_code == 404
    assert await ratings(hotel) == []


async def test_nobody_rates_in_anothers_conversation(
    hotel: Hotel, other_hotel: Hotel, guest: Guest, answer: Json
) -> None:
    stranger, rating = await hotel.guest(), {"helpful": False}
    path = f"messages/{answer['id']}/rate"
    assert (await stranger.client.post(f"{guest.path}/{path}", json=rating)).status_code == 404
    assert (await stranger.client.post(f"{stranger.path}/{path}", json=rating)).status_code == 404
    assert (await other_hotel.staff().post(f"{guest.staff_path}/{path}", json=rating)).status_code == 404
    assert (await hotel.staff(role="viewer").post(f"{guest.staff_path}/{path}", json=rating)).status_code == 403
    assert await ratings(hotel) == []


async def test_an_erased_guests_rating_stays_and_leads_to_nobody(
    desk: RunningService, hotel: Hotel, guest: Guest, answer: Json
) -> None:
    path = f"messages/{answer['id']}/rate"
    await guest.client.post(f"{guest.path}/{path}", json={"helpful": False})
    await hotel.staff().post(f"{guest.staff_path}/{path}", json={"helpful": True})
    erased = GuestErased(guest_id=GuestId(guest.id), hotel_id=HotelId(hotel.id), erased_at=datetime.now(UTC), version=2)
    await desk.publish(erased, hotel.id)
    [forgotten] = await desk.events(GuestForgotten, hotel_id=hotel.id)
    assert {one.kind: one.count for one in forgotten.forgotten}["rating"] == 1
    kept = [(row["rater"], row["rater_id"], row["helpful"]) for row in await ratings(hotel)]
    assert kept == [("guest", None, False), ("staff", hotel.sam, True)]
    assert (await guest.client.post(f"{guest.path}/{path}", json={"helpful": True})).status_code == 401
    after = await hotel.staff().post(f"{guest.staff_path}/{path}", json={"helpful": False})
    assert (after.status_code, after.json()["type"]) == (409, "urn:frontdesk:problem:not-an-answer")

"""What guests asked in vain becomes a gap; what staff answered becomes a draft; approved, the same question is answered."""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest
from conversation_play import Guest, Hotel
from service_play import start_without_kafka

from contracts.events import GuestErased
from contracts.ids import GuestId, HotelId, UserId
from conversation.adapters.demo_content import demo_vectors
from conversation.adapters.embedder import LocalEmbedder
from conversation.app import service
from conversation.commands.demo import seed_hotel
from conversation.reactions import on_guest_erased
from servicekit.clock import utc_now
from servicekit.ids import new_id
from servicekit.testing import Parts, RunningService, TokenIssuer, eventually

Json = dict[str, Any]  # Any: JSON
TENNIS = "Do you have a tennis court?"


@pytest.fixture(scope="module")
async def real(parts: Parts, issuer: TokenIssuer) -> AsyncGenerator[RunningService]:
    """The service with its own engine."""
    async with start_without_kafka(service, parts, issuer) as app:
        yield app


@pytest.fixture
async def hotel(real: RunningService, issuer: TokenIssuer) -> Hotel:
    """A hotel with the articles of a demo hotel, which has no tennis court."""
    opened = await Hotel(real, issuer).open_at_once()
    embedder = LocalEmbedder(known=demo_vectors(), warm=False)
    async with real.runtime.db.transaction(opened.id) as tx:
        await seed_hotel("lindenhof", opened.id, tx, embedder)
    embedder.close()
    return opened


def admin(hotel: Hotel) -> Any:  # Any: an httpx client
    """Who decides."""
    return hotel.staff(UserId(new_id()), role="admin")


async def gaps(hotel: Hotel, **params: Any) -> list[Json]:  # Any: JSON
    """What is listed, the open ones if nothing else is asked for."""
    answer = await hotel.staff().get("/knowledge/gaps", params={"state": "open", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def gaps_with(hotel: Hotel, *counts: int, **params: Any) -> list[Json]:  # Any: JSON
    """The gaps, once they have these many questions."""

    async def reached() -> bool:
        return [one["count"] for one in await gaps(hotel, **params)] == list(counts)

    await eventually(reached)
    return await gaps(hotel, **params)


async def asks_in_vain(hotel: Hotel, *questions: str) -> Guest:
    """A guest whose questions go to staff."""
    guest = await hotel.guest()
    for question in questions:
        said = await guest.ask(question)
        assert said["action"] == "hand_over", said
    return guest


async def staff_answer(guest: Guest, *answers: str) -> None:
    """Sam takes over and says this."""
    sam = guest.hotel.staff()
    assert (await sam.post(f"{guest.staff_path}/take-over")).status_code == 200
    for answer in answers:
        sent = await sam.post(f"{guest.staff_path}/messages", json={"id": str(new_id()), "text": answer})
        assert sent.status_code == 201, sent.text


async def test_questions_that_ask_the_same_are_one_gap_per_language(hotel: Hotel) -> None:
    for question in (TENNIS, "Is there a tennis court?", "Is there a casino?", "Gibt es einen Tennisplatz?"):
        await asks_in_vain(hotel, question)
    first, *others = await gaps_with(hotel, 2, 1, 1)
    assert {one["question"] for one in first["examples"]} == {TENNIS, "Is there a tennis court?"}
    assert (first["language"], first["state"], first["rated_badly"]) == ("en", "open", 0)
    assert first["first_asked_at"] < first["last_asked_at"]
    assert sorted(one["language"] for one in others) == ["de", "en"]
    [german] = await gaps(hotel, language="de")
    assert german["examples"][0]["question"] == "Gibt es einen Tennisplatz?"


async def test_what_goes_to_staff_for_other_reasons_is_no_gap(hotel: Hotel) -> None:
    guest = await asks_in_vain(hotel, "I want my money back!")
    await asks_in_vain(hotel, TENNIS)
    [gap] = await gaps_with(hotel, 1)
    assert gap["examples"][0]["conversation_id"] != guest.conversation_id


async def test_an_approved_draft_answers_the_same_question(hotel: Hotel) -> None:
    guest = await asks_in_vain(hotel, TENNIS)
    await guest.client.post("/widget/identify", json={"name": "Clara Moreau"})
    await staff_answer(guest, "Dear Clara, we have two tennis courts behind the house.", "An hour costs 20 euros.")
    [gap] = await gaps_with(hotel, 1)
    assert gap["draft"] == {
        "language": "en",
        "title": "Do you have a tennis court",
        "questions": [TENNIS],
        "body": "We have two tennis courts behind the house. An hour costs 20 euros.",
    }
    assert gap["examples"][0]["answers"][1] == "An hour costs 20 euros."
    path = f"/knowledge/gaps/{gap['id']}/approve"
    assert (await hotel.staff().post(path)).status_code == 403
    approved = await admin(hotel).post(path)
    assert approved.status_code == 200, approved.text
    article = approved.json()
    assert article["published"]
    said = await (await hotel.guest()).ask(TENNIS)
    assert (said["action"], [source["article_id"] for source in said["sources"]]) == ("answer", [article["id"]])
    assert said["text"] == gap["draft"]["body"]
    assert await gaps(hotel) == []
    [closed] = await gaps(hotel, state="approved")
    assert (closed["id"], closed["article_id"]) == (gap["id"], article["id"])
    for decide in (path, f"/knowledge/gaps/{gap['id']}/dismiss"):
        again = await admin(hotel).post(decide)
        assert (again.status_code, again.json()["type"]) == (409, "urn:frontdesk:problem:gap-closed")
    assert len(await hotel.rows("SELECT 1 FROM knowledge_variants WHERE body = $1", said["text"])) == 1


async def test_without_an_answer_of_staff_a_gap_is_approved_with_a_text_of_ones_own(hotel: Hotel) -> None:
    await asks_in_vain(hotel, TENNIS)
    [gap] = await gaps_with(hotel, 1)
    path = f"/knowledge/gaps/{gap['id']}/approve"
    refused = await admin(hotel).post(path)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:frontdesk:problem:gap-without-draft")
    publisher = hotel.staff(UserId(new_id()), scopes=["article:publish"])
    own = {"language": "en", "title": "Tennis", "questions": [TENNIS], "body": "We have no tennis court."}
    assert (await publisher.post(path, json={"variants": [own]})).status_code == 403
    approved = await admin(hotel).post(path, json={"variants": [own]})
    assert approved.json()["variants"] == [own]
    assert (await (await hotel.guest()).ask(TENNIS))["text"] == "We have no tennis court."


async def test_a_dismissed_gap_stays_closed_when_the_same_is_asked_again(hotel: Hotel) -> None:
    await asks_in_vain(hotel, TENNIS)
    [gap] = await gaps_with(hotel, 1)
    dismissed = await admin(hotel).post(f"/knowledge/gaps/{gap['id']}/dismiss")
    assert dismissed.status_code == 204
    await asks_in_vain(hotel, "Is there a tennis court?")
    [still] = await gaps_with(hotel, 2, state="dismissed")
    assert still["id"] == gap["id"]
    assert await gaps(hotel) == []


async def test_an_answer_that_is_found_unhelpful_is_a_gap_until_it_is_found_helpful(hotel: Hotel) -> None:
    guest = await hotel.guest()
    answer = await guest.ask("When is breakfast?")
    assert answer["action"] == "answer"
    rate = f"{guest.path}/messages/{answer['id']}/rate"
    first = await guest.client.post(rate, json={"helpful": False})
    assert first.status_code == 200, first.text
    [gap] = await gaps_with(hotel, 1)
    assert (gap["rated_badly"], gap["examples"][0]["cause"]) == (1, "rated_badly")
    await guest.client.post(rate, json={"helpful": True})
    await gaps_with(hotel)
    assert await hotel.rows("SELECT 1 FROM knowledge_gaps") == []


async def test_an_erased_guests_questions_are_in_no_gap(hotel: Hotel) -> None:
    guest = await asks_in_vain(hotel, TENNIS)
    await gaps_with(hotel, 1)
    await asks_in_vain(hotel, "Is there a tennis court?")
    await asks_in_vain(hotel, "Tennis court?")
    await gaps_with(hotel, 3)
    await erase(guest)
    [gap] = await gaps_with(hotel, 2)
    assert TENNIS not in [one["question"] for one in gap["examples"]]
    [row] = await hotel.rows(
        "SELECT gap.embedding::text = question.embedding::text AS same FROM knowledge_gaps AS gap"
        " JOIN knowledge_gap_questions AS question ON question.gap_id = gap.id ORDER BY asked_at LIMIT 1"
    )
    assert row["same"], "the vector of what they asked is gone"
    for other in await hotel.rows("SELECT DISTINCT guest_id FROM conversations"):
        await erase(Guest(hotel, guest.client, "", UUID(str(other["guest_id"])), ""))
    assert await hotel.rows("SELECT 1 FROM knowledge_gaps UNION ALL SELECT 1 FROM knowledge_gap_questions") == []


async def erase(guest: Guest) -> None:
    """By the reaction alone."""
    event = GuestErased(guest_id=GuestId(guest.id), hotel_id=HotelId(guest.hotel.id), erased_at=utc_now(), version=2)
    async with guest.hotel.app.runtime.worker_db.transaction(guest.hotel.id) as tx:
        await on_guest_erased(event, tx)


async def test_another_hotels_gaps_are_neither_seen_nor_decided(
    real: RunningService, issuer: TokenIssuer, hotel: Hotel
) -> None:
    await asks_in_vain(hotel, TENNIS)
    [gap] = await gaps_with(hotel, 1)
    other = await Hotel(real, issuer).open_at_once()
    path = f"/knowledge/gaps/{gap['id']}"
    assert await gaps(other) == []
    assert (await other.staff().get(path)).status_code == 404
    for decide in ("approve", "dismiss"):
        assert (await admin(other).post(f"{path}/{decide}")).status_code == 404
    assert (await hotel.staff().get(path)).json()["state"] == "open"
    only_articles = hotel.staff(UserId(new_id()), scopes=["article:read"])
    assert (await only_articles.get(path)).status_code == 403, "gaps show what guests said"


async def test_the_list_of_gaps_is_paged_by_count(hotel: Hotel) -> None:
    for question in (TENNIS, "Is there a tennis court?", "Is there a casino?"):
        await asks_in_vain(hotel, question)
    both = await gaps_with(hotel, 2, 1)
    page = (await hotel.staff().get("/knowledge/gaps", params={"limit": 1})).json()
    rest = (await hotel.staff().get("/knowledge/gaps", params={"limit": 1, "cursor": page["next_cursor"]})).json()
    assert [one["id"] for one in page["items"] + rest["items"]] == [one["id"] for one in both]
    refused = await hotel.staff().get("/knowledge/gaps", params={"cursor": "WyJ4IiwieSJd"})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:frontdesk:problem:bad-cursor")

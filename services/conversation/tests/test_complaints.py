"""What users of other desks complain of, each as a test on the whole service: its own engine, a model at the wire."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from conversation_play import Guest, Hotel
from model_server import Fault, ModelServer, answers, model_server
from service_play import start_without_kafka

from conversation.app import service
from conversation.domain.grounding import flaw
from conversation.domain.text import sentences
from servicekit.testing import Parts, RunningService, TokenIssuer, eventually

WORDED = "Dogs are welcome and cost 15 euros per night."


def article(title: str, question: str, body: str) -> dict[str, Any]:
    """An English article, published."""
    variant = {"language": "en", "title": title, "questions": [question], "body": body}
    return {"variants": [variant], "published": True}


DOGS = article(
    "Dogs", "Can I bring my dog?", "Dogs are welcome for 15 euros per night. They are not allowed in the restaurant."
)
BREAKFAST = article("Breakfast", "When is breakfast?", "Breakfast is served from 7:00 to 10:30.")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def serving() -> AsyncGenerator[ModelServer]:
    async with model_server() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(parts: Parts, issuer: TokenIssuer, serving: ModelServer) -> AsyncGenerator[RunningService]:
    """The service with its own engine and a model; without Kafka, so that it takes no other's events."""
    async with start_without_kafka(
        service,
        parts,
        issuer,
        model_provider="anthropic",
        model_name="front-desk-1",
        model_base_url=serving.url,
        model_api_key="sk-secret-of-the-hotel",
    ) as app:
        yield app


@pytest.fixture
def provider(serving: ModelServer) -> ModelServer:
    serving.says, serving.fault, serving.status, serving.pause_seconds = answers(WORDED), Fault.NONE, 200, 0.0
    serving.asked.clear()
    return serving


@pytest.fixture
async def hotel(desk: RunningService, issuer: TokenIssuer, provider: ModelServer) -> Hotel:
    opened = await Hotel(desk, issuer).open_at_once()
    for one in (DOGS, BREAKFAST):
        assert (await opened.staff(role="admin").post("/articles", json=one)).status_code == 201
    return opened


async def id_of(hotel: Hotel, title: str) -> str:
    listed = (await hotel.staff(role="admin").get("/articles")).json()["items"]
    return next(one["id"] for one in listed if one["title"] == title)


async def test_the_ai_does_not_answer_after_a_person_took_over(guest: Guest, hotel: Hotel) -> None:
    await hotel.staff().post(f"{guest.staff_path}/take-over")

    await guest.say("Can I bring my dog?")
    await guest.settled()

    assert not [one for one in await guest.messages() if one["sender"] == "ai"]


async def test_nor_when_the_person_comes_while_the_answer_is_being_written(
    provider: ModelServer, guest: Guest, hotel: Hotel
) -> None:
    provider.pause_seconds = 0.05
    await guest.say("Can I bring my dog?")
    await eventually(lambda: len(provider.asked) == 1)

    await hotel.staff().post(f"{guest.staff_path}/take-over")
    await guest.settled()

    assert not [one for one in await guest.messages() if one["sender"] == "ai"]


async def test_what_was_handed_over_and_handed_back_is_not_handed_over_again(guest: Guest, hotel: Hotel) -> None:
    assert (await guest.ask("I want a refund right now, this is a disgrace!"))["action"] == "hand_over"
    await hotel.staff().post(f"{guest.staff_path}/take-over")
    await hotel.staff().post(f"{guest.staff_path}/hand-back")

    said = await guest.ask("When is breakfast?")

    assert said["action"] == "answer"
    assert (await guest.conversation())["status"] == "open"


async def test_half_a_burst_is_not_answered(provider: ModelServer, guest: Guest) -> None:
    provider.fault = Fault.BROKEN  # so that the articles' own words are said
    await guest.say("Hello,")
    await guest.say("we come with our dog and wonder:")
    await guest.say("Can I bring my dog?")
    await guest.settled()

    said = [one for one in await guest.messages() if one["sender"] == "ai"]
    assert len(said) == 1
    assert "Dogs are welcome for 15 euros per night." in said[0]["text"]


@pytest.mark.parametrize("change", ["unpublish", "delete", "edit"])
async def test_an_article_that_is_taken_back_while_the_answer_is_being_written_is_not_said(
    provider: ModelServer, guest: Guest, hotel: Hotel, change: str
) -> None:
    provider.pause_seconds = 0.05
    admin, dogs = hotel.staff(role="admin"), await id_of(hotel, "Dogs")
    await guest.say("Can I bring my dog?")
    await eventually(lambda: len(provider.asked) == 1)
    if change == "unpublish":
        changed = await admin.post(f"/articles/{dogs}/unpublish")
    elif change == "delete":
        changed = await admin.delete(f"/articles/{dogs}")
    else:
        new = article("Dogs", "Can I bring my dog?", "Dogs are welcome for 30 euros per night.")
        changed = await admin.patch(f"/articles/{dogs}", json={"variants": new["variants"]})
    assert changed.status_code < 300, changed.text
    provider.pause_seconds = 0.0
    await guest.settled()

    [said] = [one for one in await guest.messages() if one["sender"] == "ai"]
    assert "15 euros" not in said["text"]
    assert said["action"] == ("answer" if change == "edit" else "hand_over")
    assert change != "edit" or "30 euros" in said["text"]


async def test_an_unpublished_article_is_answered_from_no_more(guest: Guest, hotel: Hotel) -> None:
    await hotel.staff(role="admin").post(f"/articles/{await id_of(hotel, 'Dogs')}/unpublish")

    assert (await guest.ask("Can I bring my dog?"))["action"] == "hand_over"


async def test_the_same_answer_is_not_given_a_third_time(guest: Guest) -> None:
    said = [await guest.ask("Can I bring my dog?") for _ in range(3)]

    assert [one["action"] for one in said] == ["answer", "answer", "hand_over"]


async def test_the_sources_contain_what_was_said(provider: ModelServer, guest: Guest, hotel: Hotel) -> None:
    provider.says = answers(
        WORDED, "They are not allowed in the restaurant.", "Every guest gets a bone.", ("Breakfast is at 5:00.", "A1")
    )

    said = await guest.ask("Can I bring my dog?")

    bodies = DOGS["variants"][0]
    assert [source["title"] for source in said["sources"]] == ["Dogs"]
    assert sentences(said["text"]) == (WORDED, "They are not allowed in the restaurant.")
    assert not [one for one in sentences(said["text"]) if flaw(one, [f"{bodies['title']}\n{bodies['body']}"])]

"""A guest asks and the real engine answers from the hotel's articles: the whole service, nothing replaced."""

from collections.abc import AsyncGenerator

import pytest
from conversation_play import Hotel
from service_play import start_without_kafka

from conversation.adapters.demo_content import DEMO_HOTELS
from conversation.app import service
from conversation.commands.demo import seed_demo
from conversation.partials import Partials
from servicekit.testing import Parts, RunningService, TokenIssuer


@pytest.fixture(scope="module")
async def demo(parts: Parts, issuer: TokenIssuer) -> AsyncGenerator[RunningService]:
    """The service with its own engine and the demo hotels' articles; without Kafka, so that it takes no other's events."""
    async with start_without_kafka(service, parts, issuer) as app:
        await seed_demo(app.runtime)
        yield app


@pytest.fixture(scope="module")
async def lindenhof(demo: RunningService, issuer: TokenIssuer) -> Hotel:
    """The first demo hotel."""
    return await Hotel(demo, issuer, DEMO_HOTELS["lindenhof"], "lindenhof").open_at_once()


@pytest.fixture(scope="module")
async def harbour_house(demo: RunningService, issuer: TokenIssuer) -> Hotel:
    """The second one."""
    return await Hotel(demo, issuer, DEMO_HOTELS["harbour-house"], "harbour-house").open_at_once()


async def test_each_hotel_answers_from_its_own_articles(lindenhof: Hotel, harbour_house: Hotel) -> None:
    here = await (await lindenhof.guest()).ask("Can I bring my dog?")
    there = await (await harbour_house.guest()).ask("Can I bring my dog?")
    assert (here["action"], there["action"]) == ("answer", "answer")
    assert "25 euros per night" in here["text"]
    assert "We don't take dogs" in there["text"]
    assert (here["sources"][0]["title"], there["sources"][0]["title"]) == ("Dogs and other pets", "Dogs")


async def test_a_guest_is_answered_in_the_language_they_write_in(lindenhof: Hotel) -> None:
    said = await (await lindenhof.guest()).ask("Darf ich meinen Hund mitbringen?")
    assert (said["action"], said["language"]) == ("answer", "de")
    assert said["text"].startswith("Kleine Hunde")


@pytest.mark.parametrize("text", ["I want my money back!", "Do you have a tennis court?", "Can I talk to a human?"])
async def test_what_is_not_the_ais_to_answer_goes_to_staff(lindenhof: Hotel, text: str) -> None:
    guest = await lindenhof.guest()
    said = await guest.ask(text)
    assert said["action"] == "hand_over"
    assert (await guest.conversation())["status"] == "waiting_for_staff"


async def test_a_card_number_is_masked_before_it_is_stored_and_the_question_is_answered(lindenhof: Hotel) -> None:
    guest = await lindenhof.guest()
    said = await guest.ask("My card is 4111 1111 1111 1111. Which cards do you take?")
    assert said["action"] == "answer"
    assert "[card ****1111]" in (await guest.messages())[0]["text"]
    assert await lindenhof.rows("SELECT 1 FROM messages WHERE text LIKE '%4111 1111%'") == []


async def test_an_article_that_is_taken_back_is_answered_from_no_more(lindenhof: Hotel) -> None:
    guest = await lindenhof.guest()
    answer = await guest.ask("Is there a pillow menu?")
    article = answer["sources"][0]["article_id"]
    await lindenhof.staff(role="admin").post(f"/articles/{article}/unpublish")
    again = await (await lindenhof.guest()).ask("Is there a pillow menu?")
    assert article not in [source["article_id"] for source in again["sources"]]


async def test_a_guest_who_is_asked_back_chooses_and_is_answered_from_that_article(lindenhof: Hotel) -> None:
    guest = await lindenhof.guest()
    asked_back = await guest.ask("american")
    assert (asked_back["action"], sorted(asked_back["choices"])) == (
        "clarify",
        ["Power sockets and adapters", "Ways to pay"],
    )
    answer = await guest.ask("Power sockets and adapters")
    assert (answer["action"], answer["confidence"], answer["choices"]) == ("answer", 1.0, [])
    assert [source["title"] for source in answer["sources"]] == ["Power sockets and adapters"]


async def test_the_same_answer_is_not_given_a_third_time(lindenhof: Hotel, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = told_to_guests(monkeypatch)
    guest = await lindenhof.guest()
    first, second = await guest.ask("Can I bring my dog?"), await guest.ask("Can I bring my dog?")
    assert (first["action"], second["action"], first["text"]) == ("answer", "answer", second["text"])
    shown = len(texts)
    third = await guest.ask("Can I bring my dog?")
    assert (third["action"], third["sources"]) == ("hand_over", [])
    assert first["text"] not in third["text"]
    assert len(texts) == shown, "nothing of it was shown either"


def told_to_guests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every partial text from here on, also those that come too fast to be sent."""
    texts: list[str] = []

    def on_text(_: Partials, text: str) -> None:
        texts.append(text)

    monkeypatch.setattr(Partials, "on_text", on_text)
    return texts


async def test_an_answer_grows_sentence_by_sentence_to_what_is_stored(
    lindenhof: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = told_to_guests(monkeypatch)
    guest = await lindenhof.guest()
    answer = await guest.ask("Can I bring my dog? And where can I park?")
    assert answer["action"] == "answer"
    assert len(texts) >= 4
    assert [text for text in texts if not answer["text"].startswith(text)] == []
    assert texts == sorted(texts, key=len)
    assert texts[-1] == answer["text"]


async def test_a_turn_that_goes_to_staff_shows_nothing_before_its_message(
    lindenhof: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = told_to_guests(monkeypatch)
    await (await lindenhof.guest()).ask("I want my money back!")
    assert texts == []

"""A model words the answers of the whole service: real parts, and a provider at the wire that tests direct."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from conversation_play import Guest, Hotel
from model_server import CACHED, IN, OUT, Fault, ModelServer, answers, gives_up, model_server
from service_play import start_without_kafka

from contracts.events import BudgetExhausted, BudgetRestored, TurnAnswered, UsageRecorded
from contracts.ids import BudgetId
from contracts.values import UsageKind, UsageUnit
from conversation.app import service
from conversation.reactions import on_budget
from servicekit.ids import new_id
from servicekit.testing import Parts, RunningService, TokenIssuer, eventually

DOGS: dict[str, Any] = {
    "variants": [
        {
            "language": "en",
            "title": "Dogs",
            "questions": ["Can I bring my dog?"],
            "body": "Dogs are welcome for 15 euros per night. They are not allowed in the restaurant.",
        }
    ],
    "published": True,
}
LOCAL = "Dogs are welcome for 15 euros per night. They are not allowed in the restaurant."
WORDED = "Dogs are welcome and cost 15 euros per night."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def serving() -> AsyncGenerator[ModelServer]:
    async with model_server() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(parts: Parts, issuer: TokenIssuer, serving: ModelServer) -> AsyncGenerator[RunningService]:
    """The service with its own engine and that provider's model; without Kafka, so that it takes no other's events."""
    async with start_without_kafka(
        service,
        parts,
        issuer,
        model_provider="openai",
        model_name="front-desk-1",
        model_base_url=f"{serving.url}/v1",
        model_api_key="sk-secret-of-the-hotel",
    ) as app:
        yield app


@pytest.fixture
def provider(serving: ModelServer) -> ModelServer:
    """The provider, as every test finds it."""
    serving.says, serving.fault, serving.status, serving.pause_seconds = answers(WORDED), Fault.NONE, 200, 0.0
    serving.asked.clear()
    return serving


@pytest.fixture
async def hotel(desk: RunningService, issuer: TokenIssuer) -> Hotel:
    """A hotel with an article on dogs."""
    opened = await Hotel(desk, issuer).open_at_once()
    assert (await opened.staff(role="admin").post("/articles", json=DOGS)).status_code == 201
    return opened


def budget(
    hotel: Hotel, event: type[BudgetExhausted] | type[BudgetRestored], version: int, **changes: object
) -> BudgetExhausted | BudgetRestored:
    given = {
        "budget_id": BUDGET,
        "hotel_id": hotel.id,
        "kinds": (UsageKind.MODEL,),
        "hard": True,
        "version": version,
        **changes,
    }
    return event.model_validate(given)


BUDGET = BudgetId(new_id())


async def tell(hotel: Hotel, event: BudgetExhausted | BudgetRestored) -> None:
    """Have usage say it, by the reaction alone."""
    async with hotel.app.runtime.worker_db.transaction(hotel.id) as tx:
        await on_budget(event, tx)


async def test_the_answer_is_the_models_with_the_articles_as_its_sources(provider: ModelServer, guest: Guest) -> None:
    said = await guest.ask("Can I bring my dog?")

    assert (said["text"], said["action"]) == (WORDED, "answer")
    assert [source["title"] for source in said["sources"]] == ["Dogs"]


async def test_the_turn_and_what_it_took_are_told(provider: ModelServer, guest: Guest, hotel: Hotel) -> None:
    await guest.ask("Can I bring my dog?")

    [answered] = await hotel.published(TurnAnswered)
    [used] = await hotel.published(UsageRecorded)
    assert answered.engine == "front-desk-1"
    assert (used.service, used.kind, used.provider, used.product) == ("conversation", "model", "openai", "front-desk-1")
    assert (used.outcome, used.turn_id, str(used.conversation_id)) == (
        "written",
        answered.turn_id,
        guest.conversation_id,
    )
    assert {one.unit: one.amount for one in used.amounts} == {
        UsageUnit.REQUEST: 1,
        UsageUnit.INPUT: IN,
        UsageUnit.CACHED_INPUT: CACHED,
        UsageUnit.OUTPUT: OUT,
    }


async def test_what_a_model_invents_is_not_said(provider: ModelServer, guest: Guest) -> None:
    provider.says = answers("Dogs are welcome for 5 euros per night.", "The first night is a gift.")

    assert (await guest.ask("Can I bring my dog?"))["text"] == LOCAL


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.MALFORMED, Fault.REFUSAL, Fault.SILENT])
async def test_the_local_writer_answers_in_the_same_turn(
    provider: ModelServer, guest: Guest, hotel: Hotel, fault: Fault
) -> None:
    provider.fault = fault

    said = await guest.ask("Can I bring my dog?")

    assert (said["text"], said["action"]) == (LOCAL, "answer")
    [answered] = await hotel.published(TurnAnswered)
    assert (answered.engine, answered.attempt) == ("local", 1)
    assert answered.waited_ms < 5000


async def test_a_model_that_finds_nothing_hands_over(provider: ModelServer, guest: Guest) -> None:
    provider.says = gives_up

    assert (await guest.ask("Can I bring my dog?"))["action"] == "hand_over"
    await guest.has_status("waiting_for_staff")


async def test_a_spent_budget_turns_to_the_local_writer_until_it_is_restored(
    provider: ModelServer, guest: Guest, hotel: Hotel
) -> None:
    await tell(hotel, budget(hotel, BudgetExhausted, 1))
    spent = await guest.ask("Can I bring my dog?")
    asked = len(provider.asked)
    await tell(hotel, budget(hotel, BudgetRestored, 2))
    restored = await (await hotel.guest()).ask("Can I bring my dog?")

    assert (spent["text"], asked, restored["text"]) == (LOCAL, 0, WORDED)


@pytest.mark.parametrize("change", [{"hard": False}, {"kinds": (UsageKind.TELEPHONY,)}])
async def test_a_budget_that_only_warns_or_pays_for_something_else_stops_nothing(
    provider: ModelServer, guest: Guest, hotel: Hotel, change: dict[str, object]
) -> None:
    await tell(hotel, budget(hotel, BudgetExhausted, 1, budget_id=new_id(), **change))

    assert (await guest.ask("Can I bring my dog?"))["text"] == WORDED


async def test_the_ai_is_silent_when_somebody_takes_over_while_the_answer_is_being_written(
    provider: ModelServer, guest: Guest, hotel: Hotel
) -> None:
    provider.says, provider.pause_seconds = answers(WORDED, "They are not allowed in the restaurant."), 0.05
    await guest.say("Can I bring my dog?")
    await eventually(lambda: len(provider.asked) == 1)

    assert (await hotel.staff().post(f"{guest.staff_path}/take-over")).status_code == 200
    await guest.settled()

    assert not [one for one in await guest.messages() if one["sender"] == "ai"]


async def test_an_answer_that_the_guest_overtook_is_not_said(provider: ModelServer, guest: Guest, hotel: Hotel) -> None:
    provider.pause_seconds = 0.02
    await guest.say("Can I bring my dog?")
    await eventually(lambda: len(provider.asked) == 1)
    provider.pause_seconds = 0.0
    await guest.say("Is my dog welcome?")
    await guest.settled()

    said = [one for one in await guest.messages() if one["sender"] == "ai"]
    assert [one["text"] for one in said] == [WORDED]


async def test_a_question_that_is_not_the_ais_is_not_shown_to_a_model(provider: ModelServer, guest: Guest) -> None:
    said = await guest.ask("I want a refund, this is a disgrace!")

    assert (said["action"], provider.asked) == ("hand_over", [])


async def test_secrets_are_masked_before_a_model_reads_them(provider: ModelServer, guest: Guest) -> None:
    await guest.ask("Can I bring my dog? My card is 4111 1111 1111 1111.")

    assert "4111 1111" not in str([one.body for one in provider.asked])


async def test_a_model_sees_articles_of_its_hotel_only(
    provider: ModelServer, guest: Guest, desk: RunningService, issuer: TokenIssuer
) -> None:
    other = await Hotel(desk, issuer).open_at_once()
    theirs = {**DOGS["variants"][0], "body": "We take no dogs at all, as our cats are afraid."}
    await other.staff(role="admin").post("/articles", json={"variants": [theirs], "published": True})

    await guest.ask("Can I bring my dog?")

    assert "cats" not in str([one.body for one in provider.asked])


async def test_news_of_a_budget_that_comes_late_changes_nothing(
    provider: ModelServer, guest: Guest, hotel: Hotel
) -> None:
    await tell(hotel, budget(hotel, BudgetRestored, 2, budget_id=(late := new_id())))
    await tell(hotel, budget(hotel, BudgetExhausted, 1, budget_id=late))

    assert (await guest.ask("Can I bring my dog?"))["text"] == WORDED


async def test_asking_as_a_guest_costs_nothing(provider: ModelServer, hotel: Hotel) -> None:
    asked = await hotel.staff(role="admin").post("/knowledge/ask", json={"question": "Can I bring my dog?"})

    assert (asked.json()["text"], asked.json()["engine"], provider.asked) == (LOCAL, "local", [])

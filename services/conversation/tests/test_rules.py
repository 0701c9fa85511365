"""The AI's seven rules (the product's catalogue), each as a test on the whole service with its own engine, and no model key."""

from collections.abc import AsyncGenerator

import pytest
from conversation_play import Hotel
from service_play import start_without_kafka
from wording import outside

from contracts.events import GuestUpdated, HotelUpdated
from contracts.ids import GuestId
from contracts.statuses import GuestStatus
from conversation.adapters.demo_content import DEMO_HOTELS
from conversation.app import service
from conversation.commands.demo import seed_demo
from conversation.reactions import on_guest, on_hotel
from servicekit.ids import new_id
from servicekit.testing import Parts, RunningService, TokenIssuer


@pytest.fixture(scope="module")
async def demo(parts: Parts, issuer: TokenIssuer) -> AsyncGenerator[RunningService]:
    async with start_without_kafka(service, parts, issuer) as app:
        await seed_demo(app.runtime)
        yield app


@pytest.fixture(scope="module")
async def lindenhof(demo: RunningService, issuer: TokenIssuer) -> Hotel:
    return await Hotel(demo, issuer, DEMO_HOTELS["lindenhof"], "lindenhof").open_at_once()


async def test_rule_1_it_answers_only_from_published_articles_and_keeps_which(lindenhof: Hotel) -> None:
    guest = await lindenhof.guest()

    said = await guest.ask("What time is breakfast served?")

    assert outside(said["text"]) == ""
    [kept] = await lindenhof.rows("SELECT sources FROM messages WHERE id = $1", said["id"])
    [source] = kept["sources"]
    [article] = await lindenhof.rows("SELECT published FROM knowledge_articles WHERE id = $1", source["article_id"])
    assert article["published"]
    assert 0.5 <= source["score"] <= 1


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("What time is breakfast served?", "answer"),
        ("american", "clarify"),
        ("Thank you very much!", "small_talk"),
        ("Do you have a tennis court?", "hand_over"),
    ],
)
async def test_rule_2_each_turn_ends_in_one_explicit_action(lindenhof: Hotel, text: str, action: str) -> None:
    guest = await lindenhof.guest()

    said = await guest.ask(text)

    turns = await lindenhof.rows("SELECT action, state FROM turns WHERE message_id = $1", said["id"])
    state = "handed_over" if action == "hand_over" else "answered"
    assert (said["action"], turns) == (action, [{"action": action, "state": state}])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Can I talk to a human?", "guest_asked"),
        ("Do you have a tennis court?", "no_article"),
        ("I want my money back!", "never_auto_topic"),
        ("This is a disgrace, I am furious!", "upset"),
        ("There is a fire in my room!", "rule"),
    ],
)
async def test_rule_3_it_hands_over_and_tells_the_guest(lindenhof: Hotel, text: str, reason: str) -> None:
    guest = await lindenhof.guest()

    said = await guest.ask(text)

    [turn] = await lindenhof.rows("SELECT reasons FROM turns WHERE message_id = $1", said["id"])
    assert reason in turn["reasons"]
    assert outside(said["text"]) == ""
    assert (await guest.conversation())["status"] == "waiting_for_staff"


async def test_rule_3_it_hands_over_where_the_hotels_rule_says_so(demo: RunningService, issuer: TokenIssuer) -> None:
    hotel = await Hotel(demo, issuer).open_at_once()

    hotel.version = 2
    guest = await hotel.guest()
    async with demo.runtime.worker_db.transaction(hotel.id) as tx:
        await on_hotel(hotel.described(HotelUpdated, hand_over_vips=True), tx)
        vip = GuestUpdated(
            guest_id=GuestId(guest.id),
            hotel_id=hotel.id,
            name="Vera Ip",
            status=GuestStatus.VIP,
            version=2,
        )
        await on_guest(vip, tx)

    assert (await guest.ask("What time is breakfast served?"))["action"] == "hand_over"


async def test_rule_4_once_a_person_has_the_conversation_the_ai_is_silent_and_old_context_counts_no_more(
    lindenhof: Hotel,
) -> None:
    guest = await lindenhof.guest()
    await guest.ask("I want my money back!")
    await lindenhof.staff().post(f"{guest.staff_path}/take-over")
    await guest.say("What time is breakfast served?")
    await guest.settled()
    silent = [one["action"] for one in await guest.messages() if one["sender"] == "ai"]

    await lindenhof.staff().post(f"{guest.staff_path}/hand-back")

    assert silent == ["hand_over"]
    assert (await guest.ask("What time is breakfast served?"))["action"] == "answer"


async def test_rule_5_a_burst_is_one_turn_and_a_message_that_is_sent_again_is_none(lindenhof: Hotel) -> None:
    guest, message = await lindenhof.guest(), new_id()
    await guest.say("Hello,")
    await guest.say("What time is breakfast served?", message)
    await guest.say("What time is breakfast served?", message)
    await guest.settled()

    assert [one["action"] for one in await guest.messages() if one["sender"] == "ai"] == ["answer"]


async def test_rule_6_secrets_are_masked_before_they_are_stored(lindenhof: Hotel) -> None:
    guest = await lindenhof.guest()

    await guest.ask("My card is 4111 1111 1111 1111, what time is breakfast served?")

    assert "[card ****1111]" in (await guest.messages())[0]["text"]
    for table in ("messages", "outbox", "turns", "idempotency_keys"):
        rows = await lindenhof.rows(f"SELECT * FROM {table}")  # names of ours
        assert "4111 1111" not in str(rows)


async def test_rule_7_no_model_key_is_needed(lindenhof: Hotel) -> None:
    guest = await lindenhof.guest()

    said = await guest.ask("What time is breakfast served?")

    assert said["action"] == "answer"
    assert await lindenhof.rows("SELECT engine FROM turns WHERE message_id = $1", said["id"]) == [{"engine": "local"}]
    # A model that fails, is slow, refuses, or has no money left: test_writing.py.

"""Asking as a guest: the real engine says what it would answer and why, and nothing is left of the question."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from conversation_play import Hotel
from service_play import start_without_kafka

from conversation.adapters.demo_content import DEMO_HOTELS
from conversation.app import service
from conversation.commands.demo import seed_demo
from servicekit.testing import Parts, RunningService, TokenIssuer


@pytest.fixture(scope="module")
async def demo(parts: Parts, issuer: TokenIssuer) -> AsyncGenerator[RunningService]:
    """The service with its own engine and the demo hotels' articles."""
    async with start_without_kafka(service, parts, issuer) as app:
        await seed_demo(app.runtime)
        yield app


@pytest.fixture(scope="module")
async def lindenhof(demo: RunningService, issuer: TokenIssuer) -> Hotel:
    """The first demo hotel."""
    return await Hotel(demo, issuer, DEMO_HOTELS["lindenhof"], "lindenhof").open_at_once()


async def asked(hotel: Hotel, question: str, **more: object) -> dict[str, Any]:  # Any: JSON
    """What would be answered."""
    answer = await hotel.staff().post("/knowledge/ask", json={"question": question, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def counts(hotel: Hotel) -> dict[str, int]:
    """How many rows each table has."""
    tables = await hotel.rows(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    names = sorted(row["relname"] for row in tables)
    readable = [
        name for name in names if (await hotel.rows("SELECT has_table_privilege($1, 'select') AS may", name))[0]["may"]
    ]
    found = {name: (await hotel.rows(f'SELECT count(*) FROM "{name}"'))[0]["count"] for name in readable}
    assert {"messages", "turns", "conversations", "outbox", "due", "idempotency_keys"} <= found.keys()
    return found


async def test_what_a_guest_would_read_is_told_with_its_sources_and_nothing_is_stored(lindenhof: Hotel) -> None:
    before = await counts(lindenhof)
    would = await asked(lindenhof, "Can I bring my dog?")
    assert await counts(lindenhof) == before
    said = await (await lindenhof.guest()).ask("Can I bring my dog?")
    for same in ("action", "text", "language", "confidence", "sources"):
        assert would[same] == said[same], same
    assert (would["threshold"], would["reasons"], would["engine"]) == (0.5, [], "local")
    assert would["why"] == [
        f"Confidence {said['confidence']:.2f} reaches the hotel's threshold of 0.50.",
        "Taken from: Dogs and other pets.",
    ]


async def test_what_no_article_covers_is_told_with_the_reason(lindenhof: Hotel) -> None:
    before = await counts(lindenhof)
    would = await asked(lindenhof, "Do you have a tennis court?")
    assert (would["action"], would["reasons"], would["sources"]) == ("hand_over", ["no_article"], [])
    assert would["why"][0] == "No published article covers this."
    assert await counts(lindenhof) == before


async def test_a_follow_up_is_understood_from_what_was_said_before(lindenhof: Hotel) -> None:
    alone = await asked(lindenhof, "And how much is it?")
    history = [
        {"sender": "guest", "text": "Can I bring my dog?"},
        {"sender": "ai", "text": "Small dogs are welcome."},
    ]
    together = await asked(lindenhof, "And how much is it?", history=history)
    assert alone["sources"] == []
    assert [source["title"] for source in together["sources"]] == ["Dogs and other pets"]


async def test_the_language_of_the_conversation_counts_where_the_question_does_not_tell(lindenhof: Hotel) -> None:
    assert (await asked(lindenhof, "WLAN?", language="de"))["language"] == "de"
    assert (await asked(lindenhof, "Darf mein Hund mit?", language="en"))["language"] == "de"


async def test_secrets_are_masked_before_the_engine_sees_them(lindenhof: Hotel) -> None:
    would = await asked(lindenhof, "My card is 4111 1111 1111 1111. Which cards do you take?")
    assert would["question"] == "My card is [card ****1111]. Which cards do you take?"


async def test_whoever_may_not_read_articles_does_not_ask(lindenhof: Hotel) -> None:
    nobody = lindenhof.staff(scopes=["conversation:read"])
    refused = await nobody.post("/knowledge/ask", json={"question": "Can I bring my dog?"})
    assert refused.status_code == 403
    guest = await lindenhof.guest()
    assert (await guest.client.post("/knowledge/ask", json={"question": "Dogs?"})).status_code == 403

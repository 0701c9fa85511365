"""Partial text: at once, then as often as it is of use, always the latest, and taken back when nothing comes of it."""

import asyncio
from uuid import UUID

import pytest

from conversation.partials import Partials
from servicekit.hints import Hints, Subscription
from servicekit.ids import new_id

TURN = UUID("0190a000-0000-7000-8000-000000000001")


@pytest.fixture
def watched() -> tuple[Partials, Subscription]:
    """A turn's partials, and who watches the conversation in the same process."""
    conversation_id, hints = new_id(), Hints(None, "test", "conversation")
    return Partials(hints, conversation_id, TURN), hints.subscribe(f"conversation:{conversation_id}")


async def shown(watching: Subscription) -> str:
    hint = await watching.wait(5)
    assert hint is not None
    assert hint["partial"]["turn_id"] == str(TURN)
    return hint["partial"]["text"]


async def test_the_first_text_comes_at_once_and_then_the_latest(watched: tuple[Partials, Subscription]) -> None:
    partials, watching = watched
    for text in ("Yes.", "Yes. Small", "Yes. Small dogs", "Yes. Small dogs may."):
        partials.on_text(text)
    assert await shown(watching) == "Yes."
    assert await shown(watching) == "Yes. Small dogs may."


async def test_nothing_follows_once_the_message_is_about_to_be_seen(watched: tuple[Partials, Subscription]) -> None:
    partials, watching = watched
    partials.on_text("Yes.")
    assert await shown(watching) == "Yes."
    partials.on_text("Yes. Small")
    partials.stop()
    partials.stop()
    assert await watching.wait(0.1) is None


async def test_what_was_shown_is_taken_back_once(watched: tuple[Partials, Subscription]) -> None:
    partials, watching = watched
    partials.on_text("Yes.")
    assert await shown(watching) == "Yes."
    await partials.withdraw()
    await partials.withdraw()
    assert await shown(watching) == ""
    assert await watching.wait(0.1) is None


async def test_what_nobody_was_shown_is_not_taken_back(watched: tuple[Partials, Subscription]) -> None:
    partials, watching = watched
    await partials.withdraw()
    assert await watching.wait(0.1) is None


async def test_a_text_that_comes_later_is_told_too(
    watched: tuple[Partials, Subscription], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversation.partials.PARTIAL_SECONDS", 0)
    partials, watching = watched
    partials.on_text("Yes.")
    assert await shown(watching) == "Yes."
    for _ in range(10):
        await asyncio.sleep(0)  # the telling comes to its end
    partials.on_text("Yes. Small dogs may.")
    assert await shown(watching) == "Yes. Small dogs may."

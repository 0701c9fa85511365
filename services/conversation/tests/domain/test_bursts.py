"""When a guest's message is a whole question."""

import pytest

from conversation.domain.bursts import is_complete


@pytest.mark.parametrize(
    "text",
    [
        "Can I bring my dog?",
        "wifi password",
        "Gibt es einen Parkplatz",
        "Merci!",
        "thanks",
        "我可以带狗吗？",
        "?",
        "🙂",
        "Guten Tag, wann gibt es Frühstück?",
        "I would like to know what the price is.",
    ],
)
def test_a_whole_question_is_answered_at_once(text: str) -> None:
    assert is_complete(text)


@pytest.mark.parametrize(
    "text",
    [
        "Hi",
        "Hello!",
        "Guten Abend",
        "Bonjour",
        "one more thing:",
        "We arrive late,",
        "so...",
        "We have a dog and",
        "aber",
        "the room -",
    ],
)
def test_a_beginning_waits_for_the_rest(text: str) -> None:
    assert not is_complete(text)

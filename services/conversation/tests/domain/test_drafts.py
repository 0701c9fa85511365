"""A draft says what staff said of the hotel, and nothing of whom they said it to."""

import pytest

from conversation.domain.drafts import Asked, Draft, draft


def body(*answers: str, people: tuple[str, ...] = (), guest_said: str = "") -> str:
    """The draft's text."""
    return draft("en", [Asked("Is there a sauna?", answers, people, guest_said)]).body


def test_a_draft_has_the_questions_as_phrasings_and_the_newest_answer() -> None:
    made = draft(
        "en",
        [
            Asked("Do you have a tennis court?"),
            Asked("is there tennis?", ("There are two courts. An hour costs 20 euros.",)),
            Asked("Do you have a tennis court?", ("An hour costs 15 euros.",)),
        ],
    )
    assert made == Draft(
        "en",
        "Is there tennis",
        ("Do you have a tennis court?", "Is there tennis?"),
        "There are two courts. An hour costs 20 euros.",
    )


def test_several_messages_of_staff_are_one_answer() -> None:
    assert (
        body("We have two courts.", "They are open from 8 to 20.") == "We have two courts. They are open from 8 to 20."
    )


def test_without_an_answer_there_is_no_text() -> None:
    assert body() == ""
    assert body("Hello!", "Let me check. Kind regards", people=("Sam",)) == "Let me check."


@pytest.mark.parametrize(
    "said",
    [
        "Dear Mrs. Moreau, we have a sauna.",
        "Dear Clara, we have a sauna.",
        "Hello Clara! We have a sauna.",
        "Sehr geehrte Frau Dr. Moreau, we have a sauna.",
        "We have a sauna. Best regards, Sam",
        "We have a sauna. Shall I book it for you?",
        "We have a sauna. Clara, see you soon.",
        "We have a sauna. I wrote to clara@example.com.",
        "We have a sauna. It is beside your room 407.",
        "We have a sauna. We charged card 4111 1111 1111 1111.",
        "We have a sauna. Your password: hunter2secret!",
        "We have a sauna. We told Mr. Moreau.",
    ],
)
def test_names_and_secrets_are_left_out(said: str) -> None:
    assert body(said, people=("Clara Moreau", "Sam")) == "We have a sauna."


def test_a_name_that_the_guest_said_only_in_passing_is_left_out_too() -> None:
    said = "We have a sauna. Rosalind, enjoy it."
    assert body(said) == said
    assert body(said, guest_said="Hi, I'm Rosalind Franklin") == "We have a sauna."


def test_a_phrasing_names_nobody_either() -> None:
    made = draft(
        "en",
        [
            Asked("Hello, my name is Clara Moreau. Is there a sauna?"),
            Asked("Is there a steam bath? Regards, Clara", people=("Clara Moreau",)),
            Asked("My card is [card ****1111]. Can I rent skis?"),
            Asked("I'm Ben Low"),
        ],
    )
    assert made.questions == ("Is there a sauna?", "Is there a steam bath?", "Can I rent skis?")


def test_where_no_question_can_be_shown_there_is_no_title() -> None:
    made = draft("en", [Asked("My name is Clara", ("We have a sauna.",))])
    assert (made.title, made.questions, made.body) == ("", (), "We have a sauna.")


def test_long_answers_end_with_a_sentence() -> None:
    long = " ".join(f"Sentence number {n} says something of the hotel." for n in range(100))
    assert len(body(long)) <= 2000
    assert body(long).endswith("hotel.")

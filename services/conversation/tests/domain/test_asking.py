"""What a question asks, without what leads up to it."""

import pytest

from conversation.domain.asking import AT_MOST, asked_words, essence


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ("okay great uh do you happen to know if they have, um, parking", "they have, parking"),
        ("Können Sie mir bitte sagen, ob es einen Föhn gibt?", "es einen Föhn gibt?"),
        ("Bonjour, savez-vous si le petit-déjeuner est inclus ?", "Bonjour, le petit-déjeuner est inclus ?"),
        ("Por favor, ¿tienen parking?", "¿tienen parking?"),
    ],
)
def test_fillers_and_politeness_say_nothing_about_the_topic(said: str, asks: str) -> None:
    assert essence(said) == asks


@pytest.mark.parametrize("text", ["Okay, great, thank you!", "um, so", "?"])
def test_a_text_of_fillers_alone_stays_as_it_was(text: str) -> None:
    assert essence(text) == text


def test_the_hotels_name_is_left_out_and_only_as_a_whole_is_a_word_a_filler() -> None:
    assert essence("Does Hotel Lindenhof have a sauna?", "Hotel Lindenhof") == "Does have a sauna?"
    assert essence("wellness umbrella", "") == "wellness umbrella"


def test_asked_words_are_content_words_each_once_without_the_place() -> None:
    assert asked_words("Is parking at the Hotel Lindenhof free parking?", "Hotel Lindenhof") == ("parking", "free")
    assert asked_words("Does the place have parking?") == ("parking",)


def test_of_a_story_the_first_words_are_asked() -> None:
    assert len(asked_words(" ".join(f"thing{number}" for number in range(40)))) == AT_MOST

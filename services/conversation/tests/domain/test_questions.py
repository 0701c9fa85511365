"""Which questions a turn holds, and which lean on what was said before."""

import pytest

from conversation.domain.masking import mask, without_marks
from conversation.domain.questions import core, follow_up, leans, questions


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("When is breakfast?", ("When is breakfast?",)),
        ("When is breakfast?\nDo you have parking?", ("When is breakfast?", "Do you have parking?")),
        ("I'm a coeliac. What can I eat? And is there a pool?", ("I'm a coeliac. What can I eat?", "And is there a pool?")),
        ("Is there a pool? Is there a gym? We love sports.", ("Is there a pool?", "Is there a gym? We love sports.")),
        ("hello\nneed towels", ("hello need towels",)),
        ("Hm? Really? When is breakfast?", ("Hm? Really? When is breakfast?",)),
        ("早餐几点？可以带狗吗？", ("早餐几点？", "可以带狗吗？")),
        ("", ("",)),
    ],
)  # fmt: skip
def test_questions_are_told_apart_and_keep_what_leads_up_to_them(text: str, asked: tuple[str, ...]) -> None:
    assert questions(text) == asked


def test_a_long_list_of_questions_is_read_as_a_whole() -> None:
    assert len(questions("Is there a pool? A gym? A sauna? A bar?")) == 1


def test_the_sentence_that_asks_is_found_among_others() -> None:
    assert core("We come by van. It is big. Where can we park our car?") == "Where can we park our car?"
    assert core("Where can we park?") is None
    assert core("We come by car. Ok?") is None


@pytest.mark.parametrize(
    "text", ["And on Sundays?", "How much is it?", "und am Sonntag?", "What about children?", "why?"]
)
def test_half_sentences_lean_on_what_was_said_before(text: str) -> None:
    assert follow_up(text)


@pytest.mark.parametrize("text", ["Is there a swimming pool nearby?", "Wo kann ich mein Fahrrad abstellen?"])
def test_whole_questions_stand_by_themselves(text: str) -> None:
    assert not follow_up(text)


def test_what_stands_in_place_of_a_secret_is_not_read() -> None:
    masked = mask("Card 4111 1111 1111 1111 cvv 123, my password is hunter2, AT61 1904 3002 3457 3201. Pool?").text
    assert "removed" in masked
    assert not set("[]*") & set(without_marks(masked))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("When is breakfast and do you have parking?", ("When is breakfast?", "do you have parking?")),
        ("Haben Sie WLAN, und kann mein Hund mit?", ("Haben Sie WLAN?", "kann mein Hund mit?")),
        (
            "À quelle heure est le départ et où sont les bagages ?",
            ("À quelle heure est le départ?", "où sont les bagages ?"),
        ),
        ("¿Hay wifi y a qué hora es el desayuno?", ("¿Hay wifi?", "a qué hora es el desayuno?")),
        ("where is the gym and is it free", ("where is the gym?", "is it free?")),
        ("Is there a sauna and a pool?", ("Is there a sauna?", "Is there a pool?")),
        ("Gibt es einen Parkplatz und ein Babybett?", ("Gibt es einen Parkplatz?", "Gibt es ein Babybett?")),
    ],
)
def test_two_questions_joined_by_and_are_two(text: str, asked: tuple[str, ...]) -> None:
    assert questions(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        "How much is bed and breakfast?",
        "We are two adults and a child, is there a bed for her?",
        "I know where the gym is and what it costs",
        "my husband and can openers do not go together",
    ],
)
def test_an_and_that_joins_no_two_questions_parts_nothing(text: str) -> None:
    assert len(questions(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "and for kids?",
        "Und am Wochenende?",
        "¿y cuánto cuesta?",
        "et le week-end ?",
        "are towels there too?",
        "How much is it?",
    ],
)
def test_what_points_back_says_that_it_leans_on_what_was_said(text: str) -> None:
    assert leans(text)
    assert follow_up(text)


@pytest.mark.parametrize(
    "text",
    [
        "Is there a sauna?",
        "Are there towels?",
        "parking",
        "And do you have a gym with a good rowing machine somewhere?",
    ],
)
def test_what_stands_by_itself_leans_on_nothing(text: str) -> None:
    assert not leans(text)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("hello, we are a family from Graz, is breakfast included?", "is breakfast included?"),
        ("ok thanks. one more thing, can we check in earlier", "can we check in earlier"),
        ("Is breakfast included?", None),
        ("when is breakfast, where is the gym", None),
    ],
)
def test_the_clause_that_asks_is_found_among_those_that_lead_up_to_it(text: str, asks: str | None) -> None:
    assert core(text) == asks

"""Articles that contradict each other are found; articles that only say more, or of something else, are not."""

from decimal import Decimal
from uuid import UUID

import pytest

from contracts.ids import ArticleId
from conversation.adapters.demo_content import DEMO_HOTELS, demo_articles
from conversation.domain.article import Variant
from conversation.domain.conflicts import ConflictingStatements, Kind, conflicts
from conversation.domain.figures import prices, times
from conversation.domain.text import normalise


def compared(*bodies: str, language: str = "en", title: str = "Title") -> tuple[ConflictingStatements, ...]:
    """The conflicts between articles with these bodies."""
    return conflicts(
        (ArticleId(UUID(int=number)), [Variant(language, title, (), body)]) for number, body in enumerate(bodies, 1)
    )


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("until 11:00", {660}),
        ("by 11 am", {660}),
        ("by 11 a.m.", {660}),
        ("bis 11 Uhr", {660}),
        ("bis 11.30 Uhr", {690}),
        ("jusqu'à 11h", {660}),
        ("jusqu'à 14h30", {870}),
        ("from 7 to 10", {420, 600}),
        ("from 7 to 10 in the restaurant", {420, 600}),
        ("2-6 pm", {840, 1080}),
        ("von 7 bis 10 Uhr", {420, 600}),
        ("from 12 pm until midnight", {720, 0}),
        ("at 12 am", {0}),
        ("from 2 to 4 people", set[int]()),
        ("11.50 euros", set[int]()),
        ("on 24.12.", set[int]()),
        ("room 11", set[int]()),
    ],
)
def test_times_are_read_however_they_are_written(text: str, minutes: set[int]) -> None:
    assert times(normalise(text)) == minutes


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("25 euros", {"25"}),
        ("€25", {"25"}),
        ("12,50 €", {"12.50"}),
        ("EUR 12.50 or 15 EUR", {"12.50", "15"}),
        ("It is free of charge.", {"0"}),
        ("Parken ist kostenlos.", {"0"}),
        ("Feel free to ask.", set[str]()),
        ("smoke-free rooms", set[str]()),
        ("up to 15 kilograms", set[str]()),
    ],
)
def test_prices_are_read_however_they_are_written(text: str, amounts: set[str]) -> None:
    assert prices(normalise(text)) == {Decimal(amount) for amount in amounts}


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("Check-out is until 11:00.", "Please check out by 10 am.", Kind.TIME),
        ("Check-in is from 3 pm and check-out until 11 am.", "Check-out is at 12:00.", Kind.TIME),
        ("Breakfast is from 7 to 10.", "Breakfast is served from 6:30 to 10:00.", Kind.TIME),
        ("A dog costs 25 euros per night.", "Dogs cost 30 euros.", Kind.PRICE),
        ("Parking is free.", "Parking costs €20 per day.", Kind.PRICE),
    ],
)
def test_other_figures_for_the_same_thing_are_a_conflict(first: str, second: str, kind: Kind) -> None:
    [found] = compared(first, second)
    assert found.kind is kind
    assert (found.first.article_id, found.second.article_id) == (UUID(int=1), UUID(int=2))
    assert found.first.text in first
    assert found.second.text in second


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Check-out is until 11:00.", "Check-out is until 11 am."),
        ("Check-out is until 11:00.", "Check-in is from 15:00."),
        ("Check-out is until 11:00.", "Late check-out until 14:00 is possible."),
        ("Breakfast is from 7 to 10.", "Breakfast on Sundays is from 8 to 11."),
        ("Breakfast in the restaurant is from 7 to 10.", "Breakfast in the restaurant on weekends is from 8 to 11."),
        ("Breakfast is from 7 to 10.", "Breakfast starts at 7:00."),
        ("The spa costs 20 euros per day.", "The spa costs 90 euros per week."),
        ("Dogs cost 25 euros.", "Bikes cost 15 euros."),
        ("The pool opens at 9:00.", "The pool costs 9 euros."),
    ],
)
def test_the_same_said_otherwise_and_other_things_are_none(first: str, second: str) -> None:
    assert compared(first, second) == ()


def test_a_sentence_that_does_not_say_what_it_is_about_is_about_its_title() -> None:
    assert len(compared("It is from 7 to 10.", "It is from 8 to 11.", title="Breakfast")) == 1


def test_figures_are_compared_within_a_language() -> None:
    articles = [
        (ArticleId(UUID(int=1)), [Variant("en", "Spa", (), "The spa opens at 9:00.")]),
        (ArticleId(UUID(int=2)), [Variant("nl", "Spa", (), "Spa 10:00.")]),
    ]
    assert conflicts(articles) == ()
    [found] = compared("Das Frühstück gibt es von 7 bis 10 Uhr.", "Frühstück gibt es bis 11 Uhr.", language="de")
    assert found.kind is Kind.TIME


def test_what_one_article_says_is_no_conflict_with_itself() -> None:
    assert compared("Check-out is until 11:00. Check-out is until 12:00.") == ()


@pytest.mark.parametrize("name", sorted(DEMO_HOTELS))
def test_the_demo_hotels_do_not_contradict_themselves(name: str) -> None:
    articles = demo_articles(name, DEMO_HOTELS[name])
    assert len(articles) >= 20
    assert [(one.first.text, one.second.text) for one in conflicts((one.id, one.variants) for one in articles)] == []

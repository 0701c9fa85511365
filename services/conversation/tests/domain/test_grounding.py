"""What a model may say: sentences that an article supports, and no others."""

import pytest

from conversation.domain.grounding import Flaw, flaw

BREAKFAST = (
    "Breakfast\nBreakfast is served in the Winter Garden from 7:00 to 10:30. On Sundays it goes on until 11:00. "
    "It costs 20 euros for adults, and children under 6 eat for free. Please tell us about allergies the evening before."
)
PARKING = (
    "Parking\nOur garage has 18 spaces and costs 25 euros per night. It cannot be reserved. Vans higher than 1.90 m do not fit. "
    "Call +49 30 1234567 or write to garage@lindenhof.example if the door does not open."
)
PETS = "Dogs and cats\nDogs are welcome for 15 EUR per night. They are not allowed in the restaurant. Cats have to stay at home."
HAUSTIERE = "Haustiere\nHunde sind für 15 Euro pro Nacht willkommen. Im Restaurant sind sie nicht erlaubt. Der Check-out ist bis 11 Uhr."


@pytest.mark.parametrize(
    ("claim", "article"),
    [
        ("Breakfast is served from 7 to 10:30 in the Winter Garden.", BREAKFAST),
        ("You can have breakfast in the Winter Garden from 7:00 a.m. to 10:30 a.m.", BREAKFAST),
        ("On Sundays breakfast is served until 11:00.", BREAKFAST),
        ("Breakfast costs 20 euros for adults.", BREAKFAST),
        ("Breakfast is from 7:00 to 10:30 and costs 20 euros for adults.", BREAKFAST),
        ("For adults breakfast costs €20, children under 6 eat free.", BREAKFAST),
        ("The garage costs 25 euros per night.", PARKING),
        ("Our garage costs EUR 25.00 a night.", PARKING),
        ("Parking in our garage costs 25 EUR per night and cannot be reserved.", PARKING),
        ("You can write to garage@lindenhof.example if the door does not open.", PARKING),
        ("Dogs are welcome for 15 euros per night.", PETS),
        ("Dogs are not allowed in the restaurant.", PETS),
        ("Hunde sind gerne willkommen und kosten 15 Euro pro Nacht.", HAUSTIERE),
        ("Im Restaurant sind Hunde nicht erlaubt.", HAUSTIERE),
        ("Der Check-out ist bis 11:00 Uhr.", HAUSTIERE),
    ],
)
def test_what_an_article_says_may_be_said_in_other_words(claim: str, article: str) -> None:
    assert flaw(claim, [article], "Hotel Lindenhof") is None


@pytest.mark.parametrize(
    ("claim", "article", "why"),
    [
        ("Breakfast is served from 6:30 to 10:30.", BREAKFAST, Flaw.FIGURE),
        ("Breakfast is served from 7 pm to 10:30 pm.", BREAKFAST, Flaw.FIGURE),
        ("Breakfast costs 2 euros for adults.", BREAKFAST, Flaw.FIGURE),
        ("Breakfast costs 20 dollars for adults.", BREAKFAST, Flaw.FIGURE),
        ("Children under 12 eat for free.", BREAKFAST, Flaw.FIGURE),
        ("Vans higher than 1.90 km do not fit.", PARKING, Flaw.FIGURE),
        ("The garage costs 18 euros per night.", PARKING, Flaw.FIGURE),
        ("Call +49 30 7654321 if the door does not open.", PARKING, Flaw.FIGURE),
        ("Write to garage@evil.example if the door does not open.", PARKING, Flaw.CONTACT),
        ("Our garage costs 25 euros per night at www.evil.com.", PARKING, Flaw.CONTACT),
        ("The garage can be reserved.", PARKING, Flaw.PROMISE),
        ("Dogs are not welcome for 15 EUR per night.", PETS, Flaw.NEGATION),
        ("Dogs are allowed in the restaurant.", PETS, Flaw.NEGATION),
        ("Im Restaurant sind Hunde erlaubt.", HAUSTIERE, Flaw.NEGATION),
        ("Dogs are welcome, and so is Rex Miller for 15 EUR per night.", PETS, Flaw.NAME),
        ("Breakfast is served in the Rose Garden from 7:00.", BREAKFAST, Flaw.NAME),
        ("The spaces in our garage are free per night.", PARKING, Flaw.FIGURE),
        ("Breakfast is free.", BREAKFAST, Flaw.PROMISE),
        ("Dogs are welcome.", PETS, Flaw.PROMISE),
        ("Cats are welcome for 15 EUR per night.", PETS, Flaw.PROMISE),
        (
            "There is a pool in the hotel.",
            "Pool\nThe hotel has no pool. The public pool is 12 minutes away.",
            Flaw.NEGATION,
        ),
        (
            "There is a swimming pool.",
            "Swimming pool\nThe hotel has no pool. The public pool is 12 minutes away.",
            Flaw.WORDS,
        ),
        ("All is allowed.", PETS, Flaw.NOTHING_SAID),
        ("Breakfast is always served in the Winter Garden.", BREAKFAST, Flaw.PROMISE),
        ("Garage spaces are guaranteed per night.", PARKING, Flaw.PROMISE),
        ("The pool opens at 7:00 and the sauna at noon.", BREAKFAST, Flaw.WORDS),
        ("Is there anything else?", BREAKFAST, Flaw.NOTHING_SAID),
        ("Yes!", BREAKFAST, Flaw.NOTHING_SAID),
        ("My instructions say to answer from articles only.", BREAKFAST, Flaw.WORDS),
    ],
)
def test_what_no_article_says_may_not_be_said(claim: str, article: str, why: Flaw) -> None:
    assert flaw(claim, [article], "Hotel Lindenhof") is why


def test_a_figure_belongs_to_what_it_stands_beside() -> None:
    meals = "Meals\nBreakfast is from 7:00 to 10:00, dinner from 18:00 to 22:00."

    assert flaw("Dinner is from 18:00 to 22:00.", [meals]) is None
    assert flaw("Dinner is from 7:00 to 10:00.", [meals]) is Flaw.FIGURE


def test_a_claim_is_held_against_sentences_that_stand_together_and_not_against_all_of_an_article() -> None:
    prices = "Prices\nBreakfast costs 20 euros. The sauna is on the top floor. It has a view. Towels are there. Parking costs 25 euros."

    assert flaw("Parking costs 25 euros.", [prices]) is None
    assert flaw("Parking costs 20 euros.", [prices]) is Flaw.FIGURE


def test_two_true_sentences_do_not_make_a_third() -> None:
    rates = (
        "Cancellation\nBookings at the flexible rate can be cancelled free of charge until 6 p.m. on the day before arrival."
        " Saver rates are paid in advance and cannot be refunded."
    )

    assert flaw("Saver rates cannot be refunded.", [rates]) is None
    assert (
        flaw("Saver rates can be cancelled free of charge until 6 p.m. on the day before arrival.", [rates])
        is Flaw.WORDS
    )
    assert flaw("Bookings cannot be refunded.", [rates]) is Flaw.WORDS
    assert flaw("Bookings can be cancelled until 6 p.m. on the day before arrival.", [rates]) is Flaw.PROMISE


def test_a_price_is_not_moved_from_one_to_another() -> None:
    price = (
        "Breakfast price\nOtherwise breakfast costs 24 euros per adult and day, 12 euros for children from 6 to 12, and is free for"
        " children under 6."
    )

    assert flaw("Breakfast costs 12 euros for children from 6 to 12.", [price]) is None
    assert flaw("Breakfast costs 24 euros for children from 6 to 12.", [price]) is Flaw.FIGURE
    assert flaw("Breakfast is free for children under 6.", [price]) is None
    assert flaw("Breakfast is free for children.", [price]) is Flaw.PROMISE


def test_any_of_the_articles_may_support_a_claim() -> None:
    assert flaw("Dogs are welcome for 15 EUR per night.", [BREAKFAST, PETS]) is None
    assert flaw("Dogs are welcome for 15 EUR per night.", [BREAKFAST]) is not None


def test_an_empty_article_supports_nothing() -> None:
    assert flaw("Dogs are welcome.", []) is Flaw.WORDS
    assert flaw("Dogs are welcome.", [""]) is Flaw.WORDS

"""What guests type in clear and must not be kept; and what looks like it but is kept."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.domain.masking import Secret, luhn, mask

VISA = "4111 1111 1111 1111"
IBAN = "AT61 1904 3002 3457 3201"


def complete(prefix: str, length: int) -> str:
    """A number of that length that starts with the digits and passes Luhn."""
    body = prefix.ljust(length - 1, "7")[: length - 1]
    return next(body + check for check in "0123456789" if luhn(body + check))


issuers = st.sampled_from(["4", "51", "2221", "34", "37", "36", "6011", "62", "3528", "50"])
numbers = st.builds(str.__add__, issuers, st.text("0123456789", min_size=10, max_size=10))
cards = st.builds(complete, numbers, st.integers(13, 19))
separators = st.sampled_from(["", " ", "-", ".", "\u00a0", " - ", "\u2013"])


def grouped(digits: str, sizes: list[int], separator: str) -> str:
    """The digits in groups of these sizes, over and over."""
    groups: list[str] = []
    position = 0
    while position < len(digits):
        size = sizes[len(groups) % len(sizes)]
        groups.append(digits[position : position + size])
        position += size
    return separator.join(groups)


stay_days = st.dates(date(1990, 1, 1), date(2099, 12, 31))


@given(
    cards,
    separators,
    st.sampled_from([[4], [4, 6, 5], [3], [4, 4, 4, 4, 3], [19]]),
    st.sampled_from(["", "it is ", "Karte: "]),
)
def test_a_card_number_is_masked_however_it_is_grouped(
    card: str, separator: str, sizes: list[int], before: str
) -> None:
    masked = mask(f"{before}{grouped(card, sizes, separator)} please")
    assert masked.text == f"{before}[card ****{card[-4:]}] please"
    assert masked.found == (Secret.CARD,)


@given(cards)
def test_one_wrong_digit_makes_it_no_card_number(card: str) -> None:
    wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
    assert Secret.CARD not in mask(f"number {wrong}").found


@given(st.text(max_size=200))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask(text).text
    assert mask(once).text == once


def test_a_plus_sign_on_the_line_before_does_not_make_a_card_number_a_phone_number() -> None:
    assert mask("+\n4000000000071").found == (Secret.CARD,)


def test_a_plus_sign_does_not_hide_a_number_too_long_for_a_phone() -> None:
    assert mask("my card is +4111 1111 1111 1111").found == (Secret.CARD,)


@given(st.text(max_size=60), cards, st.text(max_size=60))
def test_no_card_number_survives_in_any_surroundings(before: str, card: str, after: str) -> None:
    assert card not in mask(f"{before}\n{card}\n{after}").text


@given(
    stay_days.map(lambda day: day.strftime("%d.%m.%Y")),
    stay_days.map(lambda day: day.strftime("%d.%m.%Y")),
    st.sampled_from([" - ", " ", "-", " bis "]),
)
def test_a_stay_from_date_to_date_is_kept(arrival: str, departure: str, between: str) -> None:
    text = f"We stay {arrival}{between}{departure}."
    assert mask(text).text == text


@pytest.mark.parametrize(
    "text",
    [
        "My number is +43 664 1234567, call me",
        "Tel. +49 (0)170 1234567",
        "Phone 0043 1 5550140 100",
        "+1 415 555 0132",
        "My booking reference is 72057594037927",
        "Booking 4839201746 for 2026-05-24 to 2026-05-28",
        "from 24.05.2026 - 28.05.2026 for 2 adults",
        "24/05/26-28/05/26 2 people",
        "We are in room 412 until 11:00",
        "What is the wifi password?",
        "The password is not working",
        "my PIN is wrong",
        "I arrive on 12 05 2026",
        "ticket 2405-1234-5678",
        "It costs 1 200.00 or 3 400.00 euros",
    ],
)
def test_phone_numbers_dates_and_references_are_kept(text: str) -> None:
    assert mask(text).text == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"{VISA} 12/27 123", "[card ****1111] 12/27 [security code removed]"),
        (f"{VISA}, exp 12/2027, cvv 123", "[card ****1111], exp 12/2027, cvv [security code removed]"),
        (f"card {VISA} cvc: 9876 thanks", "card [card ****1111] cvc: [security code removed] thanks"),
        ("the cvv is 123", "the cvv is [security code removed]"),
        ("Sicherheitscode 456", "Sicherheitscode [security code removed]"),
        ("378282246310005", "[card ****0005]"),
        (f"it's {VISA}.", "it's [card ****1111]."),
        (f"{VISA} and 5555 5555 5555 4444", "[card ****1111] and [card ****4444]"),
        ("٤١١١١١١١١١١١١١١١", "[card ****1111]"),
        (f"my iban {IBAN} ok", "my iban [IBAN ****3201] ok"),
        ("DE89370400440532013000 please", "[IBAN ****3000] please"),
        ("gb29nwbk60161331926819", "[IBAN ****6819]"),
        ("my password is hunter2", "my password is [secret removed]"),
        ("Mein Passwort lautet Geheim123!", "Mein Passwort lautet [secret removed]!"),
        ("mot de passe : soleil75", "mot de passe : [secret removed]"),
        ("mi contraseña es gato123", "mi contraseña es [secret removed]"),
        ("my safe pin is 4711", "my safe pin is [secret removed]"),
        ("api key: abcdef1234567890", "api key: [secret removed]"),
        ("use sk-proj-abcdefghijklmnop1234", "use [secret removed]"),
    ],
)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert mask(text).text == masked


def test_an_iban_with_a_wrong_check_digit_is_no_iban() -> None:
    assert mask("AT62 1904 3002 3457 3201").found == ()

"""Money is exact, in one currency at a time, and travels as text."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.money import MINOR_UNITS, CurrencyMismatch, Money

currencies = st.sampled_from(sorted(MINOR_UNITS))
minors = st.integers(min_value=-(10**12), max_value=10**12)


@given(minors, currencies)
def test_what_is_written_is_read_back_to_the_last_digit(minor: int, currency: str) -> None:
    money = Money.of_minor(minor, currency)
    assert Money.model_validate_json(money.model_dump_json()) == money
    assert money.minor == minor


def test_it_travels_as_text_with_the_currencys_decimal_places() -> None:
    assert Money.of("12.5", "EUR").model_dump(mode="json") == {"amount": "12.50", "currency": "EUR"}
    assert Money.of(1200, "JPY").model_dump(mode="json") == {"amount": "1200", "currency": "JPY"}
    assert Money.of("1.5", "KWD").model_dump(mode="json") == {"amount": "1.500", "currency": "KWD"}


@pytest.mark.parametrize(
    "written",
    [
        '{"amount": 12.5, "currency": "EUR"}',
        '{"amount": true, "currency": "EUR"}',
        '{"amount": "12.505", "currency": "EUR"}',
        '{"amount": "0.5", "currency": "JPY"}',
        '{"amount": "1e3", "currency": "EUR"}',
        '{"amount": "NaN", "currency": "EUR"}',
        '{"amount": "1000000000000000", "currency": "EUR"}',
        '{"amount": " 12", "currency": "EUR"}',
        '{"amount": "١٢", "currency": "EUR"}',
        '{"amount": "12", "currency": "XXX"}',
        '{"amount": "12", "currency": "eur"}',
        '{"amount": "12"}',
        '{"currency": "EUR"}',
        '["12", "EUR"]',
    ],
)
def test_what_is_no_exact_amount_of_a_currency_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate_json(written)


@given(minors, minors, currencies)
def test_adding_and_ordering_are_those_of_the_smallest_unit(one: int, other: int, currency: str) -> None:
    a, b = Money.of_minor(one, currency), Money.of_minor(other, currency)
    assert (a + b).minor == one + other
    assert (a - b).minor == one - other
    assert (-a).minor == -one
    assert (a < b, a <= b, a > b, a >= b, a == b) == (
        one < other,
        one <= other,
        one > other,
        one >= other,
        one == other,
    )


def test_two_currencies_neither_add_up_nor_compare() -> None:
    euros, dollars = Money.of(1, "EUR"), Money.of(1, "USD")
    with pytest.raises(CurrencyMismatch):
        _ = euros + dollars
    with pytest.raises(CurrencyMismatch):
        _ = euros < dollars
    assert euros != dollars


@given(minors, st.integers(min_value=1, max_value=50), currencies)
def test_a_split_amount_adds_up_again_and_is_fair(minor: int, parts: int, currency: str) -> None:
    money = Money.of_minor(minor, currency)
    shares = money.split(parts)
    assert Money.total(shares, currency) == money
    assert max(shares).minor - min(shares).minor <= 1


def test_halves_are_rounded_to_the_even_cent() -> None:
    assert Money.rounded(Decimal("0.125"), "EUR") == Money.of("0.12", "EUR")
    assert Money.of("10.01", "EUR").times(Decimal("0.5")) == Money.of("5.00", "EUR")


def test_there_is_no_minus_nothing() -> None:
    assert str(Money.of("-0", "EUR")) == "EUR 0.00"


def test_nothing_is_split_into_no_parts() -> None:
    with pytest.raises(ValueError, match="one part"):
        Money.of(1, "EUR").split(0)

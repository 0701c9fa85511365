"""The form of API keys, as secret scanners and we know them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.apikeys import DIGITS, PREFIX, RANDOM_LENGTH, api_key, is_api_key

RANDOM = st.text(DIGITS, min_size=RANDOM_LENGTH, max_size=RANDOM_LENGTH)


def test_a_key_written_by_hand_is_the_one_that_scanners_expect() -> None:
    """CRC-32 (zlib's) of `fd_live_` and 43 zeros is 3284736248, which is 3aIPwu in base 62."""
    assert api_key("0" * RANDOM_LENGTH) == PREFIX + "0" * RANDOM_LENGTH + "3aIPwu"


@given(RANDOM)
def test_every_key_that_is_made_is_one(random: str) -> None:
    assert is_api_key(api_key(random))


@given(RANDOM, st.integers(0, RANDOM_LENGTH + 5), st.sampled_from(DIGITS))
def test_one_mistyped_letter_is_always_found(random: str, at: int, letter: str) -> None:
    key, place = api_key(random), len(PREFIX) + at
    typed = key[:place] + letter + key[place + 1 :]
    assert is_api_key(typed) == (typed == key)


@given(RANDOM, st.integers(0, RANDOM_LENGTH - 2))
def test_two_letters_the_wrong_way_round_are_always_found(random: str, at: int) -> None:
    key, place = api_key(random), len(PREFIX) + at
    typed = key[:place] + key[place + 1] + key[place] + key[place + 2 :]
    assert is_api_key(typed) == (typed == key)


@pytest.mark.parametrize("text", ["", PREFIX, "fd_test_" + "0" * 49, PREFIX + "\u0660" * 49, api_key("0" * 43) + "\n"])
def test_what_looks_otherwise_is_none(text: str) -> None:
    assert not is_api_key(text)

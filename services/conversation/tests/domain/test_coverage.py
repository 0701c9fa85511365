"""How much of a question's words an article has."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from conversation.domain.coverage import NEAR_MEANING, Coverage, coverage

NONE: dict[str, NDArray[np.float32]] = {}


def pair(cosine: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two vectors of length 1 with that cosine."""
    return np.array([1, 0], np.float32), np.array([cosine, (1 - cosine**2) ** 0.5], np.float32)


def test_the_same_word_is_covered_and_a_strange_one_is_the_gap() -> None:
    (found,) = coverage(["parking", "xyz"], [["parking", "garage"]], NONE)
    assert 0 < found.share < 1
    assert found.share + found.gap == pytest.approx(1.0)


def test_a_misspelt_word_is_covered_in_part() -> None:
    right, misspelt, other = (
        coverage([word], [["breakfast"]], NONE)[0].share for word in ("breakfast", "brekfast", "sauna")
    )
    assert right == pytest.approx(1.0)
    assert 0.7 < misspelt < 1.0
    assert other == 0.0


def test_a_word_of_near_meaning_is_covered_as_far_as_it_is_nearer_than_unrelated_words() -> None:
    dog, poodle = pair(0.92)
    (found,) = coverage(["poodle"], [["dog"]], {"dog": dog, "poodle": poodle})
    assert found.share == pytest.approx((0.92 - NEAR_MEANING) / (1 - NEAR_MEANING), abs=1e-3)
    far, away = pair(NEAR_MEANING - 0.01)
    assert coverage(["poodle"], [["dog"]], {"dog": far, "poodle": away})[0].share == 0.0


def test_a_word_that_every_article_has_counts_less_than_one_that_few_have() -> None:
    texts = [["room", "dog"], ["room", "sauna"], ["room", "bike"]]
    dog, sauna, _ = coverage(["room", "dog"], texts, NONE)
    assert dog.share == pytest.approx(1.0)
    assert sauna.share < 0.3
    assert sauna.gap > 0.7


def test_nothing_asked_nothing_there() -> None:
    assert coverage([], [["dog"]], NONE) == (Coverage(),)
    assert coverage(["dog", "cat"], [[], []], NONE) == (Coverage(0.0, 0.5), Coverage(0.0, 0.5))
    assert coverage(["dog"], [[], ["dog"]], NONE) == (Coverage(0.0, 1.0), Coverage(1.0, 0.0))


WORDS = st.lists(st.sampled_from(["dog", "dogs", "sauna", "parking", "fee", "x"]), max_size=5, unique=True)


@given(asked=WORDS, texts=st.lists(WORDS, min_size=1, max_size=4))
def test_share_and_gap_are_shares_and_more_words_never_cover_less(asked: list[str], texts: list[list[str]]) -> None:
    for one, text in zip(coverage(asked, texts, NONE), texts, strict=True):
        assert -1e-6 <= one.share <= 1 + 1e-6
        assert -1e-6 <= one.gap <= 1 - one.share + 1e-6 or not asked
        if set(asked) <= set(text) and asked:
            assert one.share == pytest.approx(1.0)

"""Which gap a question belongs to."""

import math

import numpy as np
from numpy.typing import NDArray

from conversation.domain.gaps import ALIKE, is_rated_badly, nearest


def at(cosine: float) -> NDArray[np.float32]:
    """A vector of length 1 that has this cosine with (1, 0)."""
    return np.asarray([cosine, math.sqrt(1 - cosine**2)], dtype=np.float32)


HERE = at(1.0)


def test_the_first_question_begins_a_gap() -> None:
    assert nearest(HERE, np.empty((0, 2), dtype=np.float32)) is None


def test_a_question_joins_the_gap_that_it_is_closest_to() -> None:
    assert nearest(HERE, np.stack([at(0.2), at(0.95), at(0.99), at(0.92)])) == 2


def test_a_question_that_is_close_to_none_begins_another() -> None:
    assert nearest(HERE, np.stack([at(ALIKE - 0.01), at(0.5)])) is None
    assert nearest(HERE, np.stack([at(ALIKE + 0.01), at(0.5)])) == 0


def test_of_equally_close_gaps_it_is_the_earlier() -> None:
    assert nearest(HERE, np.stack([at(0.95), at(0.95)])) == 0


def test_an_answer_is_bad_when_more_found_it_so() -> None:
    assert is_rated_badly(0, 1)
    assert is_rated_badly(1, 2)
    assert not is_rated_badly(1, 1)
    assert not is_rated_badly(0, 0)

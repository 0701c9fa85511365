"""The performance score: explained, fair to those who had nothing to do, between 0 and 100."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.performance import WEIGHTS, Measure, Work, performance


@st.composite
def works(draw: st.DrawFn) -> Work:
    def part_of(whole: int) -> int:
        return draw(st.integers(0, whole))

    first, resolutions, resolved, ratings = (draw(st.integers(0, 200)) for _ in range(4))
    return Work(
        first_responses=first,
        first_responses_in_time=part_of(first),
        resolutions=resolutions,
        resolutions_in_time=part_of(resolutions),
        resolved=resolved,
        reopened=part_of(resolved),
        ratings=ratings,
        rating_sum=ratings + part_of(4 * ratings),
    )


@given(works())
def test_the_reasons_add_up_to_the_score_and_what_was_lost_to_a_hundred(work: Work) -> None:
    found = performance(work)
    if found is None:
        assert work == Work()
        return
    assert 0 <= found.score <= 100
    assert sum(reason.points for reason in found.reasons) == pytest.approx(found.score)
    assert found.score + sum(reason.lost for reason in found.reasons) == pytest.approx(100)
    assert [reason.lost for reason in found.reasons] == sorted((reason.lost for reason in found.reasons), reverse=True)


def test_the_weights_sum_to_one_and_name_every_measure() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    assert set(WEIGHTS) == set(Measure)


def test_a_known_example() -> None:
    work = Work(
        first_responses=10,
        first_responses_in_time=9,
        resolutions=10,
        resolutions_in_time=5,
        resolved=10,
        reopened=1,
        ratings=4,
        rating_sum=18,
    )
    found = performance(work)
    assert found is not None
    assert found.score == pytest.approx(27 + 10 + 26.25 + 18)
    assert found.reasons[0].measure is Measure.RESOLUTION


def test_nobody_is_marked_down_for_work_that_did_not_come() -> None:
    found = performance(Work(ratings=1, rating_sum=5))
    assert found is not None
    assert (found.score, len(found.reasons)) == (100, 1)
    assert performance(Work()) is None


@pytest.mark.parametrize(
    "work",
    [
        Work(first_responses_in_time=1),
        Work(resolved=1, reopened=2),
        Work(ratings=2, rating_sum=1),
        Work(ratings=1, rating_sum=6),
        Work(rating_sum=3),
    ],
)
def test_counts_that_contradict_each_other_are_refused(work: Work) -> None:
    with pytest.raises(ValueError, match="contradict"):
        performance(work)

"""The performance score of a member of staff: formula, weights and reasons, here and nowhere else.

Four measures, each a share between 0 and 1 of the work in the period:

    first response   escalations whose first answer came within the SLA / escalations with an SLA on it
    resolution       escalations resolved within the SLA / resolved escalations with an SLA on it
    satisfaction     (mean of the guests' ratings - 1) / 4, so that the scale's ends, 1 and 5, are 0 and 1
    lasting          1 - reopened escalations / resolved escalations

    score = 100 * sum(weight * measure) / sum(weight), over the measures that have any work to show

Why so: the two SLA measures together weigh as much as what the guest got out of it (satisfaction, and that it lasted);
the first answer outweighs the resolution because staff have it in their own hands. Nobody is marked down for what did
not happen, so a measure without work is left out and its weight goes to the others. How many conversations somebody
handles is load, which assignment decides, and no merit: it is shown beside the score, not in it.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.event import Fact

PerformanceScore = Annotated[float, Field(ge=0, le=100, description="0 to 100, see contracts.performance")]
Count = Annotated[int, Field(ge=0)]

BEST_RATING, WORST_RATING = 5, 1


class Measure(StrEnum):
    """What the score is made of."""

    FIRST_RESPONSE = "first_response"
    RESOLUTION = "resolution"
    SATISFACTION = "satisfaction"
    LASTING = "lasting"


WEIGHTS: dict[Measure, float] = {
    Measure.FIRST_RESPONSE: 0.30,
    Measure.RESOLUTION: 0.20,
    Measure.SATISFACTION: 0.30,
    Measure.LASTING: 0.20,
}
"""Sums to 1."""


class Work(Fact):
    """What one person did in a period. Counts; `rating_sum` is the sum of `ratings` ratings from 1 to 5."""

    first_responses: Count = 0
    first_responses_in_time: Count = 0
    resolutions: Count = 0
    resolutions_in_time: Count = 0
    resolved: Count = 0
    reopened: Count = 0
    ratings: Count = 0
    rating_sum: Count = 0


class Reason(Fact):
    """How one measure moved the score."""

    measure: Measure
    share: Annotated[float, Field(ge=0, le=1, description="the measure itself")]
    out_of: Annotated[int, Field(ge=1, description="how many pieces of work it was measured on")]
    weight: Annotated[float, Field(gt=0, le=1, description="its part of the score, after missing measures left")]
    points: Annotated[float, Field(ge=0, le=100, description="what it gave; the points add up to the score")]
    lost: Annotated[float, Field(ge=0, le=100, description="what it could have given more")]


class Performance(Fact):
    """A score and its reasons, the one that cost most first."""

    score: PerformanceScore
    reasons: tuple[Reason, ...]


def performance(work: Work) -> Performance | None:
    """The score of that work; None when there is nothing to judge.

    Raises:
        ValueError: the counts contradict each other (more in time than there were, ratings outside 1 to 5).
    """
    measured = {measure: found for measure, found in _measures(work).items() if found is not None}
    if not measured:
        return None
    total = sum(WEIGHTS[measure] for measure in measured)
    reasons = [
        _reason(measure, share, out_of, WEIGHTS[measure] / total) for measure, (share, out_of) in measured.items()
    ]
    score = min(100.0, sum(reason.points for reason in reasons))
    return Performance(score=score, reasons=tuple(sorted(reasons, key=lambda reason: -reason.lost)))


def _measures(work: Work) -> dict[Measure, tuple[float, int] | None]:
    return {
        Measure.FIRST_RESPONSE: _share(work.first_responses_in_time, work.first_responses),
        Measure.RESOLUTION: _share(work.resolutions_in_time, work.resolutions),
        Measure.SATISFACTION: _share(
            work.rating_sum - WORST_RATING * work.ratings, (BEST_RATING - WORST_RATING) * work.ratings, work.ratings
        ),
        Measure.LASTING: _share(work.resolved - work.reopened, work.resolved),
    }


def _share(part: int, whole: int, out_of: int | None = None) -> tuple[float, int] | None:
    if not 0 <= part <= whole:
        raise ValueError("the counts contradict each other")
    return (part / whole, whole if out_of is None else out_of) if whole else None


def _reason(measure: Measure, share: float, out_of: int, weight: float) -> Reason:
    points = 100 * weight * share
    lost = max(0.0, 100 * weight - points)
    return Reason(measure=measure, share=share, out_of=out_of, weight=min(1.0, weight), points=points, lost=lost)

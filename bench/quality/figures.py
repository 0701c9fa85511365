"""What is counted, with 95 % intervals that keep the questions of one place together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.ids import ArticleId

Floats = NDArray[np.float64]
DRAWS = 1000
BINS = 10


def interval(values: Floats, groups: Sequence[str], seed: int, figure: Callable[[Floats], float] | None = None) -> str:
    """`figure (low to high)`: of the rows, and the middle 95 % of it when whole groups are drawn again.

    Args:
        values: a row for each question.
        groups: whose rows are drawn together.
        seed: of the draws.
        figure: of rows; the mean unless given.
    """
    said = figure or _mean
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    rows = [np.array(one) for one in members.values()]
    draw = np.random.default_rng(seed)
    drawn = [
        said(values[np.concatenate([rows[k] for k in draw.integers(len(rows), size=len(rows))])]) for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{said(values):.3f} ({low:.3f} to {high:.3f})"


def _mean(rows: Floats) -> float:
    return float(rows.mean())


def place_of(order: Sequence[ArticleId], right: frozenset[ArticleId]) -> int | None:
    """The place of the first right one, from 1; None where there is none."""
    return next((place for place, one in enumerate(order, 1) if one in right), None)


def reciprocal(place: int | None) -> float:
    """1 / place among the first five; 0 where the right one is not among them."""
    return 0.0 if place is None or place > 5 else 1 / place


def calibration_error(p: Floats, right: Floats, weights: Floats) -> float:
    """The expected calibration error: mean distance of confidence and share of right ones, in ten bins of confidence."""
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    apart = weights * (p - right)
    return sum(abs(float(apart[bins == one].sum())) for one in range(BINS)) / float(weights.sum())


def f1(rows: Floats) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean of rows (wanted, said), each 1.0 or 0.0; 0 where nothing was said."""
    wanted, said = rows[:, 0], rows[:, 1]
    both = float((wanted * said).sum())
    precision, recall = both / max(float(said.sum()), 1.0), both / max(float(wanted.sum()), 1.0)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def best_threshold(p: Floats, wanted: Floats) -> float:
    """The threshold among the given probabilities with the highest F1."""
    return float(max(np.unique(p), key=lambda one: f1(np.c_[wanted, p >= one])[2]))


def caught(good: Floats, without: Floats, lost: float) -> float:
    """Share of the second kind under the threshold that loses that share of the first."""
    return float((without < np.quantile(good, lost)).mean())

"""The fits: what counts for an article's place, whether a turn asks for knowledge, and how likely the first article is right.

All are penalised and deterministic.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.quality.examples import Example
from conversation.domain.confidence import INPUTS, SEEKING_INPUTS, SURE, values
from conversation.domain.ranking import Weights

Floats = NDArray[np.float64]
FOLDS, INNER_FOLDS = 5, 4
UNANSWERABLE_SHARE = 0.3
"""Share of questions without an article that the confidence is fitted to."""
ORDER_PENALTY, PENALTY, SEEKING_PENALTY = 1.0, 1.0, 10.0
_STEPS = 60


def fold_of(group: str, folds: int = FOLDS) -> int:
    """Which part of the data a group belongs to; the same in every run."""
    return zlib.crc32(group.encode()) % folds


def fit_order(questions: Sequence[tuple[Floats, Floats]], weights: Sequence[float]) -> Floats:
    """Weights under which the right article is the likeliest of its place's (a softmax over them).

    Args:
        questions: for each the parts of every article, shape (articles, parts), and 1.0 for those that are right.
        weights: how much each counts.
    """
    parts = np.concatenate([one for one, _ in questions])
    spread = parts.std(axis=0) + 1e-9
    found = np.zeros(parts.shape[1])
    for _ in range(_STEPS):
        slope, curve = ORDER_PENALTY * found, ORDER_PENALTY * np.eye(len(found))
        for (raw, right), weight in zip(questions, weights, strict=True):
            one = raw / spread
            share = _softmax(one @ found)
            aim = share * right
            slope += weight * (one.T @ (share - aim / aim.sum()))
            curve += weight * (one.T @ (one * share[:, None]) - np.outer(share @ one, share @ one))
        step = np.linalg.solve(curve, slope)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    return found / spread


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max())
    return raised / raised.sum()


class LogisticFit:
    """Penalised logistic regression on standardised inputs, by Newton's method."""

    def __init__(self, inputs: Floats, right: Floats, weights: Floats, penalty: float) -> None:
        self._means, self._deviations = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
        design = self._design(inputs)
        ridge = penalty * np.diag([0.0] + [1.0] * inputs.shape[1])
        self._coefficients = np.zeros(design.shape[1])
        for _ in range(_STEPS):
            p = 1 / (1 + np.exp(-design @ self._coefficients))
            hessian = (design * (weights * p * (1 - p))[:, None]).T @ design + ridge
            step = np.linalg.solve(hessian, design.T @ (weights * (right - p)) - ridge @ self._coefficients)
            self._coefficients += step
            if np.abs(step).max() < 1e-9:
                break

    def log_odds(self, inputs: Floats) -> Floats:
        """One for each row."""
        return self._design(inputs) @ self._coefficients

    def plain(self) -> tuple[float, list[float]]:
        """Intercept and weights for inputs as they come, five digits each."""
        weights = self._coefficients[1:] / self._deviations
        intercept = float(self._coefficients[0] - weights @ self._means)
        return float(f"{intercept:.5g}"), [float(f"{one:.5g}") for one in weights]

    def _design(self, inputs: Floats) -> Floats:
        return np.c_[np.ones(len(inputs)), (inputs - self._means) / self._deviations]


def probability(log_odds: Floats) -> Floats:
    """The logistic."""
    return 1 / (1 + np.exp(-log_odds))


@dataclass(frozen=True, slots=True)
class Read:
    """What the two models read of every example under one order, and what is true of it, a row each."""

    seeking: Floats
    right: Floats
    first: Floats
    """1.0 where the first article is a right one."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Everything that is fitted, on one part of the data."""

    order: Weights
    seeking: LogisticFit
    right: LogisticFit


def fit(examples: Sequence[Example]) -> Fitted:
    """All three on these examples."""
    order = _order([one for one in examples if one.kind == "asked"])
    read = reading(examples, order)
    asks = np.array([float(one.kind != "other") for one in examples])
    counts = _seeking_counts(examples)
    # What the second model learns to trust in the first must be said of questions that the first has not seen.
    inner = np.array([fold_of(f"inner {one.group}", INNER_FOLDS) for one in examples])
    unseen = np.zeros(len(examples))
    for part in range(INNER_FOLDS):
        train = inner != part
        model = LogisticFit(read.seeking[train], asks[train], counts[train], SEEKING_PENALTY)
        unseen[~train] = model.log_odds(read.seeking[~train])
    answerable = np.array([one.kind == "asked" for one in examples])
    return Fitted(
        order,
        LogisticFit(read.seeking, asks, counts, SEEKING_PENALTY),
        LogisticFit(_with(read.right, unseen), read.first, answerable_share(answerable), PENALTY),
    )


def reading(examples: Sequence[Example], order: Weights) -> Read:
    """What the models read, when the articles stand in this order."""
    seeking: list[Floats] = []
    right: list[Floats] = []
    first: list[float] = []
    for one in examples:
        ranked = one.ordered(order)
        read = one.read(ranked)
        seeking.append(np.concatenate([values(read, SEEKING_INPUTS), one.vector.astype(np.float64)]))
        right.append(values(read, INPUTS))
        first.append(float(bool(ranked) and ranked[0].candidate.article_id in one.right))
    return Read(np.array(seeking), np.array(right), np.array(first))


def believed(fitted: Fitted, read: Read) -> tuple[Floats, Floats]:
    """(asks for knowledge, the first article is right): probabilities of both models, a row each."""
    seeking = fitted.seeking.log_odds(read.seeking)
    return probability(seeking), probability(fitted.right.log_odds(_with(read.right, seeking)))


def answerable_share(answerable: NDArray[np.bool_]) -> Floats:
    """How much each example counts, so that `UNANSWERABLE_SHARE` of all have no article."""
    odds = UNANSWERABLE_SHARE / (1 - UNANSWERABLE_SHARE) * answerable.sum() / max(int((~answerable).sum()), 1)
    return np.where(answerable, 1.0, odds)


def _with(inputs: Floats, seeking: Floats) -> Floats:
    return np.c_[inputs, np.clip(seeking, -SURE, SURE)]


def _order(asked: Sequence[Example]) -> Weights:
    """Each set counts the same; articles in another language say nothing about words and are left out."""
    used = [one for one in asked if one.source != "demo foreign" and any(_rights(one))]
    sizes = {source: sum(one.source == source for one in used) for source in {one.source for one in used}}
    parts = [np.array([[r.parts.asked, r.parts.said, r.parts.coverage] for r in one.ranked]) for one in used]
    counts = [len(used) / len(sizes) / sizes[one.source] for one in used]
    found = fit_order([(part, np.array(_rights(one))) for part, one in zip(parts, used, strict=True)], counts)
    return Weights(*(round(float(one), 4) for one in found / (found[0] + found[1])))


def _rights(one: Example) -> list[float]:
    return [float(ranked.candidate.article_id in one.right) for ranked in one.ranked]


def _seeking_counts(examples: Sequence[Example]) -> Floats:
    """Written and spoken turns count the same, the demo's questions (which all ask) half; a removed article changes no turn."""
    counts = np.array([float(one.kind != "removed") for one in examples])
    sources = np.array([one.source.split()[0] for one in examples])
    for source, share in (("written", 1.0), ("spoken", 1.0), ("demo", 0.5)):
        of = sources == source
        if counts[of].sum():
            counts[of] *= share * 600 / counts[of].sum()
    return counts

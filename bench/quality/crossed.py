"""Cross-validation: everything is fitted on four parts of the data and read on the fifth, in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.quality.examples import Example
from bench.quality.figures import Floats, best_threshold
from bench.quality.fitting import FOLDS, believed, fit, fold_of, reading
from contracts.ids import ArticleId

PUBLIC = ("written", "spoken")


@dataclass(frozen=True, slots=True)
class Crossed:
    """Every example as the fit saw it that did not know its place, a row each.

    Attributes:
        order: the articles, best first.
        first: 1.0 where the first is right.
        right: the confidence that it is.
        seeking: the probability that the turn asks for knowledge.
        said_seeking: 1.0 where that is over the threshold, which comes from the other parts, too.
        splits: a line on each part.
    """

    order: tuple[tuple[ArticleId, ...], ...]
    first: Floats
    right: Floats
    seeking: Floats
    said_seeking: Floats
    splits: tuple[str, ...]


def cross(examples: Sequence[Example]) -> Crossed:
    """Fit and read, part by part; the questions of a place, or of a demo article, are always in one part."""
    folds = np.array([fold_of(one.group) for one in examples])
    order: list[tuple[ArticleId, ...]] = [()] * len(examples)
    first, right, seeking, said = (np.zeros(len(examples)) for _ in range(4))
    splits: list[str] = []
    for part in range(FOLDS):
        train = [one for one, fold in zip(examples, folds, strict=True) if fold != part]
        of: list[int] = np.flatnonzero(folds == part).tolist()
        fitted = fit(train)
        read = reading([examples[place] for place in of], fitted.order)
        first[of], (seeking[of], right[of]) = read.first, believed(fitted, read)
        known, _ = believed(fitted, reading(train, fitted.order))
        for source in {examples[place].source for place in of}:
            limit = _limit(train, known, source)
            rows = [place for place in of if examples[place].source == source]
            said[rows] = seeking[rows] >= limit
        for place in of:
            order[place] = tuple(one.candidate.article_id for one in examples[place].ordered(fitted.order))
        there = [examples[place] for place in of]
        splits.append(
            f"part {part + 1}: {len({one.group for one in there})} places, "
            + ", ".join(f"{sum(one.kind == kind for one in there)} {kind}" for kind in ("asked", "removed", "other"))
            + f"; fitted on the others: asked {fitted.order.asked:.3f}, said {fitted.order.said:.3f}, "
            f"coverage {fitted.order.coverage:.3f}"
        )
    return Crossed(tuple(order), first, right, seeking, said, tuple(splits))


def _limit(train: Sequence[Example], known: Floats, source: str) -> float:
    rows = [place for place, one in enumerate(train) if one.source == source and one.kind != "removed"]
    if source not in PUBLIC:
        return 0.5
    return best_threshold(known[rows], np.array([float(train[place].kind == "asked") for place in rows]))

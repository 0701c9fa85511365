"""How likely the best article is the right one: a small logistic model over the ranking's features. Pure.

`tools/fit_confidence.py` fits it and writes `artefacts/confidence.json` with the figures it was measured at. Fitted so
that one question in four has no article: at another share the probabilities lean, their order stays.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from conversation.domain.ranking import Features

INPUTS = ("cosine", "score", "lead", "outstanding", "coverage", "agreement", "foreign")
"""The features that the model reads, in its order."""


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """Weights on standardised features; the logistic of their sum is the confidence."""

    intercept: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]

    @classmethod
    def from_json(cls, text: str) -> "ConfidenceModel":
        """The model as `tools/fit_confidence.py` wrote it.

        Raises:
            ValueError: it was fitted for other features than this code has.
        """
        stored: Mapping[str, object] = json.loads(text)
        if tuple(_strings(stored["inputs"])) != INPUTS:
            raise ValueError("confidence.json was fitted for other features; run tools/fit_confidence.py")
        (intercept,) = _numbers([stored["intercept"]])
        return cls(intercept, _numbers(stored["weights"]), _numbers(stored["means"]), _numbers(stored["deviations"]))

    def confidence(self, features: Features) -> float:
        """The probability that the best article answers the question, 0 to 1; 0 where there is no article."""
        if features.cosine == 0.0:
            return 0.0
        total = self.intercept
        for name, weight, mean, deviation in zip(INPUTS, self.weights, self.means, self.deviations, strict=True):
            total += weight * (float(getattr(features, name)) - mean) / deviation
        return round(1 / (1 + math.exp(-max(-30.0, min(30.0, total)))), 4)


def _numbers(values: object) -> tuple[float, ...]:
    if not isinstance(values, list):
        raise ValueError("confidence.json: a list of numbers is expected")  # noqa: TRY004 - the file is wrong, not a type
    return tuple(float(value) for value in values)


def _strings(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise ValueError("confidence.json: a list of names is expected")  # noqa: TRY004 - the file is wrong, not a type
    return tuple(str(value) for value in values)

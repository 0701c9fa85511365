"""How likely a turn asks for knowledge at all, and the best article is the right one: two small logistic models. Pure.

`make bench-quality ARGS=--write` fits them and writes `artefacts/confidence.json`. The second is fitted so that three
questions in ten have no article: at another share the probabilities lean, their order stays.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conversation.domain.ranking import Features, Weights

INPUTS = ("cosine", "score", "lead", "outstanding", "coverage", "gap", "agreement", "foreign")
"""The features that both models read, in their order."""
SEEKING_INPUTS = (*INPUTS, "length")
"""Those of the first one; the question's vector follows."""
SURE = 4.0
"""Log-odds beyond which a turn's asking for knowledge counts no further."""
Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Logistic:
    """Weights on inputs as they come; the logistic of their sum is a probability."""

    intercept: float
    weights: Floats

    def log_odds(self, inputs: Floats) -> float:
        """The sum, within what a float's exponential holds."""
        return float(np.clip(self.intercept + self.weights @ inputs, -30.0, 30.0))


@dataclass(frozen=True, slots=True)
class Confidence:
    """What is believed of a question and its best article.

    Attributes:
        seeking: probability that the turn asks for something that an article may say, 0 to 1.
        right: probability that the best article answers it, 0 to 1; 0 where there is no article.
    """

    seeking: float
    right: float


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """Both models, and what counts for an article's place, fitted together.

    Attributes:
        order: of the ranking.
        seeking: reads `SEEKING_INPUTS` and the question's vector.
        right: reads `INPUTS` and the first one's log-odds.
    """

    order: Weights
    seeking: Logistic
    right: Logistic

    @classmethod
    def from_json(cls, text: str) -> "ConfidenceModel":
        """The models as the fit wrote them.

        Raises:
            ValueError: they were fitted for other features than this code has.
        """
        stored: Mapping[str, Mapping[str, object]] = json.loads(text)
        if tuple(_strings(stored["seeking"]["inputs"])) != SEEKING_INPUTS:
            raise ValueError("confidence.json was fitted for other features; run make bench-quality ARGS=--write")
        order = stored["order"]
        weights = Weights(*_numbers([order["asked"], order["said"], order["coverage"]]))
        return cls(weights, _logistic(stored["seeking"]), _logistic(stored["right"]))

    def confidence(self, features: Features, vector: Floats) -> Confidence:
        """What is believed of the best article for a question.

        Args:
            features: of both.
            vector: of the question, length 1.
        """
        if features.cosine == 0.0:
            return Confidence(0.0, 0.0)
        seeking = self.seeking.log_odds(np.concatenate([values(features, SEEKING_INPUTS), vector]))
        right = self.right.log_odds(np.append(values(features, INPUTS), bounded(seeking)))
        return Confidence(_probability(seeking), _probability(right))


def values(features: Features, names: tuple[str, ...]) -> NDArray[np.float64]:
    """These features, in this order."""
    return np.array([float(getattr(features, name)) for name in names])


def bounded(seeking: float) -> float:
    """The first model's log-odds as the second reads them."""
    return max(-SURE, min(SURE, seeking))


def _probability(log_odds: float) -> float:
    return round(1 / (1 + math.exp(-log_odds)), 4)


def _logistic(stored: Mapping[str, object]) -> Logistic:
    (intercept,) = _numbers([stored["intercept"]])
    return Logistic(intercept, np.array(_numbers(stored["weights"])))


def _numbers(values: object) -> tuple[float, ...]:
    if not isinstance(values, list):
        raise ValueError("confidence.json: a list of numbers is expected")  # noqa: TRY004 - the file is wrong, not a type
    return tuple(float(value) for value in values)


def _strings(values: object) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise ValueError("confidence.json: a list of names is expected")  # noqa: TRY004 - the file is wrong, not a type
    return tuple(str(value) for value in values)

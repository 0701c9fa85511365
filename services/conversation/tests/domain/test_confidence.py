"""The two fitted models: what they read, what they refuse."""

import json
from dataclasses import replace

import numpy as np
import pytest

from conversation.adapters.artefacts import confidence_model
from conversation.domain.confidence import INPUTS, SEEKING_INPUTS, Confidence, ConfidenceModel
from conversation.domain.ranking import Features, Weights

FEATURES = Features(cosine=0.9, score=0.1, lead=0.05, outstanding=2.0, coverage=0.8, gap=0.1, agreement=1.0, length=1.1)
VECTOR = np.zeros(2)


def stored(**changed: object) -> str:
    """A small artefact: seeking reads the vector's first number, right reads the score and seeking."""
    seeking = {"inputs": SEEKING_INPUTS, "intercept": 0.5, "weights": [0.0] * len(SEEKING_INPUTS) + [10.0, 0.0]}
    right = {"intercept": -1.0, "weights": [10.0 if name == "score" else 0.0 for name in INPUTS] + [0.25]}
    order = {"asked": 0.4, "said": 0.6, "coverage": 0.05}
    return json.dumps({"order": order, "seeking": seeking, "right": right} | changed)


def logistic(odds: float) -> float:
    return 1 / (1 + float(np.exp(-odds)))


def test_both_probabilities_are_the_logistic_of_their_sums() -> None:
    model = ConfidenceModel.from_json(stored())
    assert model.order == Weights(0.4, 0.6, 0.05)
    found = model.confidence(FEATURES, np.array([0.1, 9.0]))
    assert found.seeking == pytest.approx(logistic(1.5), abs=1e-4)
    assert found.right == pytest.approx(logistic(-1.0 + 1.0 + 0.25 * 1.5), abs=1e-4)


def test_however_sure_a_turn_asks_for_knowledge_it_counts_only_so_far() -> None:
    model = ConfidenceModel.from_json(stored())
    most = model.confidence(FEATURES, np.array([5.0, 0.0]))
    assert most.seeking == 1.0
    assert most.right == pytest.approx(logistic(0.25 * 4), abs=1e-4)


def test_without_an_article_there_is_no_confidence() -> None:
    assert ConfidenceModel.from_json(stored()).confidence(Features(), VECTOR) == Confidence(0.0, 0.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seeking": {"inputs": ["cosine"], "intercept": 0, "weights": [1]}},
        {"right": {"intercept": 0, "weights": "much"}},
        {"seeking": {"inputs": "cosine", "intercept": 0, "weights": [1]}},
    ],
)
def test_an_artefact_of_another_code_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"confidence\.json"):
        ConfidenceModel.from_json(stored(**wrong))


def test_the_packages_model_believes_an_article_more_that_stands_out_more() -> None:
    model, vector = confidence_model(), np.zeros(384)
    near, far = (model.confidence(replace(FEATURES, lead=lead), vector).right for lead in (0.0, 0.1))
    assert far > near

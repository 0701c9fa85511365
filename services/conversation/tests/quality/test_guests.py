"""150 turns as guests type them (guests.yaml): how many are right. Run with `-s` to see the figures and every wrong one."""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from wording import outside

from contracts.values import TurnAction
from conversation.adapters.demo_content import demo_articles
from conversation.adapters.engine import HistoryItem, Reply

KINDS: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("guests.yaml").read_text(encoding="utf-8")
)
TURNS = [(kind, turn) for kind, turns in KINDS.items() for turn in turns]
Z = 1.96


@dataclass(frozen=True, slots=True)
class Played:
    """A turn with what came of it."""

    kind: str
    turn: dict[str, Any]
    reply: Reply
    sources: frozenset[str]

    @property
    def right(self) -> bool:
        """The action is a right one, and what is answered comes from the right articles, all of them."""
        if self.reply.action not in [TurnAction(action) for action in self.turn["a"]]:
            return False
        if "both" in self.turn:
            several = [set(one) for one in self.turn["both"]]
            return all(self.sources & one for one in several) and self.sources <= set().union(*several)
        answered = self.reply.action is TurnAction.ANSWER
        return self.sources <= set(self.turn["s"]) and bool(self.sources) >= answered


@pytest.fixture(scope="module")
async def played(ask: Any, article_names: dict[Any, str]) -> list[Played]:
    """Every turn, with what was said before it."""
    found: list[Played] = []
    for kind, turn in TURNS:
        said = turn.get("before", [])
        history = tuple(HistoryItem("guest" if place % 2 == 0 else "ai", text) for place, text in enumerate(said))
        reply = await ask(turn["q"], language="en", history=history)
        sources = frozenset(article_names[source.article_id] for source in reply.sources)
        found.append(Played(kind, turn, reply, sources))
    return found


def wilson(right: int, total: int) -> str:
    """`share (low to high)`: the score interval of Wilson (1927), 95 %."""
    share, spread = right / total, Z**2 / total
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / total + spread / (4 * total)) / (1 + spread)
    return f"{share:.3f} ({middle - half:.3f} to {middle + half:.3f})"


def test_the_set_is_what_it_says_it_is() -> None:
    articles = demo_articles("lindenhof")
    own = {
        text.casefold() for one in articles for variant in one.variants for text in (variant.title, *variant.questions)
    }
    asked = Counter(turn["q"].casefold() for kind, turn in TURNS if kind != "follow-up")
    assert len(TURNS) == 150
    assert max(asked.values()) == 1
    assert not own & asked.keys()
    assert {turn["l"] for _, turn in TURNS} == {"en", "de", "fr", "es"}
    names = {one.name for one in articles}
    for _, turn in TURNS:
        assert {TurnAction(action) for action in turn["a"]}
        assert {name for group in turn.get("both", [turn.get("s")]) for name in group} <= names


def test_most_turns_end_as_a_good_receptionist_would_end_them(played: list[Played]) -> None:
    for by in ("kind", "language"):
        total = Counter(one.kind if by == "kind" else one.turn["l"] for one in played)
        right = Counter(one.kind if by == "kind" else one.turn["l"] for one in played if one.right)
        print("\n" + ", ".join(f"{name} {right[name]}/{count}" for name, count in total.items()))
    for one in played:
        if not one.right:
            want = one.turn.get("both") or one.turn["s"]
            got = f"{one.reply.action.value} {sorted(one.sources)} {one.reply.confidence:.2f}"
            print(f"  {one.kind}: {one.turn['q']!r}: {got}, wanted {one.turn['a']} {want}")
    right = sum(one.right for one in played)
    print(f"right: {right} of {len(played)}, {wilson(right, len(played))}")
    assert right >= 0.8 * len(played)


def test_not_one_sentence_comes_from_outside_articles_and_templates(played: list[Played]) -> None:
    for one in played:
        assert not outside(one.reply.text), (one.turn["q"], one.reply.text)

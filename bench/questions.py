"""What guests ask: the demo hotel's questions of the quality tests, in English, each of which an article answers."""

from __future__ import annotations

import random
from typing import Any

import yaml

from bench.report import ROOT

_FILE = ROOT / "services" / "conversation" / "tests" / "quality" / "lindenhof.yaml"


def demo_questions(rng: random.Random, count: int) -> list[str]:
    """So many questions, in an order of the seed; each may come more than once."""
    found: Any = yaml.safe_load(_FILE.read_text(encoding="utf-8"))  # Any: YAML
    asked = sorted(str(question) for question, _ in found["covered"]["en"])
    return [rng.choice(asked) for _ in range(count)]

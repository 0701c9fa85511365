"""What a round came to: findings by kind, and figures."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Defect(StrEnum):
    """What can be wrong."""

    LOST = "lost"
    DOUBLED = "doubled"
    DISORDER = "out of order"
    ORPHAN = "orphaned"
    DEAD = "dead letter"
    LEAKED = "crossed hotels"


@dataclass(slots=True)
class Verdict:
    """The findings of one round, and its figures.

    Attributes:
        said: messages that guests and staff wrote.
        acknowledged: of these, how many the system said it has.
        repeats: at-least-once made visible: the same event twice in a topic or on a stream, the same frame twice.
            By design; the effects are single, which the findings speak of.
    """

    findings: list[tuple[Defect, str]] = field(default_factory=list[tuple[Defect, str]])
    said: int = 0
    acknowledged: int = 0
    stored: int = 0
    turns: int = 0
    answered: int = 0
    handed_over: int = 0
    dropped: int = 0
    events: int = 0
    repeats: Counter[str] = field(default_factory=Counter[str])
    resyncs: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def count(self, defect: Defect) -> int:
        """How many findings are of that kind."""
        return sum(found is defect for found, _ in self.findings)

    def add(self, defect: Defect, sentences: Iterable[str]) -> None:
        """Add findings of a kind."""
        self.findings += [(defect, sentence) for sentence in sentences]

"""Finding by what somebody types: what holds the words first, then words like them, by rank. Accents and case do not count.

The database folds texts (`guest_folded`, third migration) and compares them by trigrams (pg_trgm).
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, literal, or_, text

from servicekit import Transaction

LIKENESS = 0.3
"""How alike words must be to be found (pg_trgm's word similarity, 0 to 1): a wrong letter in a word of five is found."""
_FOUND_AS_TYPED = 1000
"""Ranks what holds the words as they were typed before all that is only like them, which ranks 0 to 1000."""

_PREPARED = text(
    "select guest_folded(:typed), set_config('pg_trgm.word_similarity_threshold', cast(:likeness as text), true)"
)

SearchText = Annotated[str, Field(min_length=1, max_length=100)]
"""What somebody types to find a person."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which rows are shown, and how they rank: 0 to 2000, the best highest."""

    shown: ColumnElement[bool]
    rank: ColumnElement[int]


async def folded(typed: str, tx: Transaction) -> str:
    """The words as they are compared; empty: nothing that could be looked for. Sets the likeness for the transaction."""
    return await tx.scalar(_PREPARED, {"typed": " ".join(typed.split()), "likeness": str(LIKENESS)})


def match(words: str, searched: ColumnElement[str], digits: str | None = None) -> Match:
    """How folded `words` are looked for in a folded text; `digits` of a number find what holds them, and nothing like it."""
    found: ColumnElement[bool] = searched.like(f"%{_escaped(digits or words)}%")
    like = literal(words, Text)
    shown: ColumnElement[bool] = found if digits else or_(found, like.op("<%", is_comparison=True)(searched))
    likeness = cast(func.round(func.word_similarity(like, searched) * _FOUND_AS_TYPED), Integer)
    return Match(shown, case((found, _FOUND_AS_TYPED), else_=0) + likeness)


def _escaped(part: str) -> str:
    """For LIKE: the signs that stand for any character are meant as they are."""
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

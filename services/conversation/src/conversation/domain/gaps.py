"""Questions that the knowledge base left open, put together by meaning. Pure.

A question joins the gap whose first question it is closest to, if it is close enough; else it begins a gap. So a gap never moves
when others come, and the same questions in the same order always make the same gaps.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from contracts.values import HandOverReason

ALIKE = 0.91
"""Cosine of two questions from which they ask the same. Of 27 pairs that do, in eleven little groups of questions to hotels, four
fifths reach it, of 259 pairs that do not one."""
OPEN_REASONS = frozenset({HandOverReason.NO_ARTICLE, HandOverReason.LOW_CONFIDENCE})
"""Why a turn that went to staff tells of a gap."""


class GapState(StrEnum):
    """What was done about a gap. An approved one takes no more questions: what is asked again is a gap of its own."""

    OPEN = "open"
    APPROVED = "approved"
    DISMISSED = "dismissed"


class Cause(StrEnum):
    """How a turn told of a gap."""

    UNANSWERED = "unanswered"
    RATED_BADLY = "rated_badly"


def nearest(question: NDArray[np.float32], firsts: NDArray[np.float32]) -> int | None:
    """Which gap a question belongs to; None where it begins one. Of equals the earlier.

    Args:
        question: vector of length 1, shape (d,).
        firsts: those of each gap's first question, shape (n, d), in a fixed order.
    """
    if not len(firsts):
        return None
    cosines = firsts @ question
    best = int(np.argmax(cosines))
    return best if float(cosines[best]) >= ALIKE else None


def is_rated_badly(helpful: int, unhelpful: int) -> bool:
    """Whether an answer's marks tell of a gap: more found it of no help than of help."""
    return unhelpful > helpful

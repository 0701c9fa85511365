"""Why the AI did what it did with a question, in sentences for the hotel's people. Pure."""

from collections.abc import Sequence

from contracts.values import HandOverReason, TurnAction

_REASONS = {
    HandOverReason.GUEST_ASKED: "The guest asks for a person.",
    HandOverReason.LOW_CONFIDENCE: "There is an article that may fit, but not surely enough.",
    HandOverReason.NO_ARTICLE: "No published article covers this.",
    HandOverReason.NEVER_AUTO_TOPIC: "The topic is one that the hotel keeps from the AI.",
    HandOverReason.UPSET: "The guest is upset.",
    HandOverReason.RULE: "A rule says so: an emergency, a VIP, or an engine that could not answer.",
    HandOverReason.STAFF: "Staff asked for it.",
}


def why(
    action: TurnAction,
    reasons: Sequence[HandOverReason],
    confidence: float,
    threshold: float,
    titles: Sequence[str],
) -> tuple[str, ...]:
    """What led to the action, the most telling first.

    Args:
        action: what the AI did.
        reasons: of a hand-over.
        confidence: of the reply, 0 to 1.
        threshold: of the hotel, 0 to 1.
        titles: of the articles that the reply was taken from, or, of a question back, that may be meant.
    """
    if action is TurnAction.HAND_OVER:
        weighed = {HandOverReason.LOW_CONFIDENCE, HandOverReason.NO_ARTICLE} & set(reasons)
        measure = (f"Confidence {confidence:.2f}; the hotel's threshold is {threshold:.2f}.",) if weighed else ()
        partly = (f"Answered in part from: {', '.join(titles)}.",) if titles else ()
        return (*(_REASONS[reason] for reason in reasons), *measure, *partly)
    if action is TurnAction.ANSWER:
        return (
            f"Confidence {confidence:.2f} reaches the hotel's threshold of {threshold:.2f}.",
            f"Taken from: {', '.join(titles)}.",
        )
    if action is TurnAction.CLARIFY:
        between = f" between: {', '.join(titles)}" if titles else ""
        return (f"The question does not tell what is meant{between}.",)
    return ("This is small talk; no article is needed.",)

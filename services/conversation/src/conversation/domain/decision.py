"""What the AI does with a turn: `decide(evidence, policy)` gives one explicit action and its reasons. Pure, no I/O.

Kept topics ("never auto": billing, refund, cancellation, complaint by default) are told apart as a hotel would:

- a demand ("I want my money back", "cancel my booking", "you charged me twice", "the bathroom was filthy") always goes
  to staff: something has to be done, decided or made good, and an article can't do that;
- a question that only touches the topic ("What is your cancellation policy?", "How do I get an invoice?") is answered
  where a published article does so confidently (`CAREFUL` at least, whatever lower threshold the hotel has). The hotel
  wrote that article for guests to read; a guest who reads it needs no colleague. Anything less goes to staff.
"""

from dataclasses import dataclass

from contracts.values import HandOverReason, NeverAutoTopic, Priority, TurnAction
from conversation.domain.intents import Intents

CAREFUL = 0.6
"""Confidence from which an article answers a question that touches a kept topic."""
NEAR_SHARE = 0.5
"""Share of the threshold from which there is an article, though not a sure one."""
CLOSE = 0.03
"""Distance of scores within which two articles are both meant, perhaps."""
COVERED = 0.9
"""Share of a short question's words that the best article must have: "umbrellas?" is not ambiguous, but unknown."""
SHORT = 2
"""Content words up to which a question may be too short to tell what is meant."""
NOTHING = Intents()
DEFAULT_NEVER_AUTO = frozenset(NeverAutoTopic)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a turn.

    Attributes:
        intents: what was recognised in the text besides a question.
        confidence: calibrated probability that the best article is the right one, 0 to 1.
        articles: number of articles that the search found.
        lead: distance between the best and the second article's score.
        coverage: share of the question's content words that the best article has, 0 to 1.
        content_words: number of content words in the question.
        asked_back: the AI's last message was a question back; it does not ask twice.
        vip: the guest is a VIP of the hotel.
        said_twice: the answer would be what the AI said the last two times: it does not help this guest.
    """

    intents: Intents = NOTHING
    confidence: float = 0.0
    articles: int = 0
    lead: float = 1.0
    coverage: float = 0.0
    content_words: int = 3
    asked_back: bool = False
    vip: bool = False
    said_twice: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """The hotel's rules for the AI.

    Attributes:
        threshold: confidence under which it hands over, 0 to 1.
        never_auto: the topics it keeps from the AI.
        hand_over_vips: whether VIPs always get a person.
    """

    threshold: float = 0.5
    never_auto: frozenset[NeverAutoTopic] = DEFAULT_NEVER_AUTO
    hand_over_vips: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The action; `reasons` and a priority above normal come with a hand-over only."""

    action: TurnAction
    reasons: tuple[HandOverReason, ...] = ()
    priority: Priority = Priority.NORMAL


def decide(evidence: Evidence, policy: Policy) -> Decision:
    """The one action for a turn. What must go to staff comes first, whatever the articles say."""
    must = must_hand_over(evidence, policy)
    if must is not None:
        return must
    intents = evidence.intents
    if intents.small_talk is not None:
        return Decision(TurnAction.SMALL_TALK)
    if evidence.said_twice:
        return _hand_over(HandOverReason.LOW_CONFIDENCE)
    if intents.mentions & policy.never_auto and evidence.confidence < max(CAREFUL, policy.threshold):
        return _hand_over(HandOverReason.NEVER_AUTO_TOPIC)
    if evidence.articles and evidence.content_words and evidence.confidence >= policy.threshold:
        return Decision(TurnAction.ANSWER)
    if _ambiguous(evidence):
        return Decision(TurnAction.CLARIFY)
    if evidence.articles and evidence.confidence >= policy.threshold * NEAR_SHARE:
        return _hand_over(HandOverReason.LOW_CONFIDENCE)
    return _hand_over(HandOverReason.NO_ARTICLE)


def must_hand_over(evidence: Evidence, policy: Policy) -> Decision | None:
    """The hand-over that no article can avert, or None. It needs no search."""
    intents = evidence.intents
    if intents.emergency:
        return _hand_over(HandOverReason.RULE, priority=Priority.URGENT)
    reasons: list[HandOverReason] = []
    if intents.human:
        reasons.append(HandOverReason.GUEST_ASKED)
    if intents.demands & policy.never_auto:
        reasons.append(HandOverReason.NEVER_AUTO_TOPIC)
    if intents.upset:
        reasons.append(HandOverReason.UPSET)
    if policy.hand_over_vips and evidence.vip:
        reasons.append(HandOverReason.RULE)
    if not reasons:
        return None
    urgent = intents.upset or evidence.vip
    return _hand_over(*reasons, priority=Priority.HIGH if urgent else Priority.NORMAL)


def _ambiguous(evidence: Evidence) -> bool:
    """Whether asking back helps: nothing was asked yet, or a word or two fits two articles. Never twice in a row.

    The confidence says nothing here: two articles that fit alike are just what makes it low.
    """
    if evidence.asked_back:
        return False
    if evidence.content_words == 0:
        return True
    return (
        evidence.articles > 1
        and evidence.content_words <= SHORT
        and evidence.coverage >= COVERED
        and evidence.lead < CLOSE
    )


def _hand_over(*reasons: HandOverReason, priority: Priority = Priority.NORMAL) -> Decision:
    return Decision(TurnAction.HAND_OVER, reasons, priority)

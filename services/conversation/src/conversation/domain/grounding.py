"""Whether a sentence that a model wrote says no more than an article does. Pure, and strict: a true sentence that is refused
costs a nicer wording, for the article's own sentences are said instead; a false one that passes costs a guest's trust.

Every clause of a claim is held against one sentence of an article, with its title and what a pronoun stands for: taken
together, the sentences of an article have the words and figures for a great deal that none of them says.
"""

from collections.abc import Sequence
from enum import StrEnum

from conversation.domain.claims import PROMISES, Clause, Said, clauses_of, has, hours_of, names_in, names_known, said_in

UNKNOWN = 0.25
"""Share of a clause's content words that may be new to the whole article: other wording. Words that stand elsewhere in it may
not be brought along: that is how two true sentences make a false one."""
WHOLE = 0.75
"""Share of an article's clause that a claim must have which takes a promise from it: the rest may be the condition."""


class Flaw(StrEnum):
    """Why a sentence may not be said, in the order of the checks."""

    NOTHING_SAID = "nothing_said"
    """It has too little that could be held against an article, or asks something."""
    NAME = "name"
    WORDS = "words"
    CONTACT = "contact"
    FIGURE = "figure"
    PROMISE = "promise"
    NEGATION = "negation"


def flaw(claim: str, articles: Sequence[str], known_names: str = "") -> Flaw | None:
    """What keeps a sentence from being said; None where the articles support it.

    Args:
        claim: one sentence, as the model wrote it.
        articles: what it may be taken from, in the claim's language: each its title, a line break, its body.
        known_names: what may be called by its name besides, such as the hotel.
    """
    clauses = clauses_of(claim)
    pieces = [len(clause.stems) + len(clause.numbers) for clause in clauses]
    if sum(pieces) < 2 or not any(clause.stems for clause in clauses) or claim.rstrip().endswith(("?", "？", "؟")):
        return Flaw.NOTHING_SAID
    if not names_in(claim) <= names_known(articles, known_names):
        return Flaw.NAME
    said = [one for article in articles for one in said_in(article)]
    for clause in clauses:
        found = [_unsupported(clause, clauses, one) for one in said]
        if None not in found:
            # The sentence that comes nearest tells why.
            return max((one for one in found if one is not None), key=list(Flaw).index, default=Flaw.WORDS)
    return None


def _unsupported(clause: Clause, claim: Sequence[Clause], said: Said) -> Flaw | None:
    own = any(has(word, said.own) for word in clause.stems - said.around) or clause.numbers or clause.times
    missing = [word for word in clause.stems if not own or not has(word, said.stems)]
    if any(has(word, said.elsewhere) for word in missing) or len(missing) > UNKNOWN * len(clause.stems):
        return Flaw.WORDS
    if not all(any(contact in one.contacts for one in said.clauses) for contact in clause.contacts):
        return Flaw.CONTACT
    if not _figures_stand(clause, said):
        return Flaw.FIGURE
    if not _promises_stand(clause, claim, said):
        return Flaw.PROMISE
    if not _polarity_stands(clause, said):
        return Flaw.NEGATION
    return None


def _figures_stand(clause: Clause, said: Said) -> bool:
    """Whether the sentence has the clause's figures, and each of them about the same thing."""
    of_time = frozenset[int]().union(*(one.times for one in said.clauses))
    if not (
        clause.times <= of_time
        and clause.amounts <= frozenset[object]().union(*(one.amounts for one in said.clauses))
        and clause.measures <= frozenset[tuple[str, str]]().union(*(one.measures for one in said.clauses))
    ):
        return False
    with_figures = [one for one in said.clauses if one.numbers or one.times]
    told_apart = frozenset[str]().union(*(one.stems for one in with_figures)) - said.around
    for number in clause.numbers:
        there = [one for one in with_figures if number in one.numbers | hours_of(one.times)]
        wanted = [word for word in clause.stems if has(word, told_apart) and not has(word, said.around)]
        if not any(all(has(word, one.stems | one.subject) for word in wanted) for one in there):
            return False
    return True


def _promises_stand(clause: Clause, claim: Sequence[Clause], said: Said) -> bool:
    """Whether the sentence promises, allows or forbids the same, under no condition that the claim leaves out."""
    all_said = frozenset[str]().union(*(one.stems for one in claim))
    numbers = frozenset[str]().union(*(one.numbers for one in claim))
    for word in clause.stems & PROMISES:
        promising = [one for one in said.clauses if has(word, one.stems)]
        if not any(
            one.numbers <= numbers and sum(has(other, all_said) for other in one.stems) >= WHOLE * len(one.stems)
            for one in promising
        ):
            return False
    return True


def _polarity_stands(clause: Clause, said: Said) -> bool:
    """Whether what is affirmed is affirmed there, and what is denied, denied.

    The words of a denial may be half a clause before it ("Dogs are welcome. They are not allowed inside."); the words of an
    affirmation may not stand in denials alone.
    """
    alike = frozenset[str]().union(*(one.stems for one in said.clauses if one.negated == clause.negated))
    other = frozenset[str]().union(*(one.stems for one in said.clauses if one.negated != clause.negated))
    turned = [word for word in clause.stems if not has(word, alike) and has(word, other)]
    if clause.negated and not any(one.negated for one in said.clauses):
        return False
    return not (set(turned) & PROMISES) and len(turned) <= (len(clause.stems) / 2 if clause.negated else 0)

"""One reply of what was found and decided for each question of a turn, in the local writer's words or a model's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from contracts.values import HandOverReason, Priority, TurnAction
from conversation.adapters.engine_port import (
    HistoryItem,
    HotelPolicy,
    OnText,
    Reply,
    Source,
    WritingArticle,
    WritingTask,
    Written,
)
from conversation.domain import writer
from conversation.domain.decision import Decision
from conversation.domain.injection import for_a_model
from conversation.domain.language import language_of
from conversation.domain.ranking import Ranked
from conversation.domain.text import content_words, sentences
from conversation.domain.words import Language


@dataclass(frozen=True, slots=True)
class Answered:
    """One question of a turn, with what was found and decided."""

    question: str
    ranked: tuple[Ranked, ...]
    confidence: float
    decision: Decision


def compose(
    answered: Sequence[Answered], language: Language, policy: HotelPolicy, written: Written | None = None
) -> Reply:
    """One reply for all questions of a turn. What is known is said; if one part needs staff, the turn goes to them.

    A model that was asked to word it may have given up: then what it was asked to answer goes to staff.
    """
    if written is not None and written.declined:
        answered = [_given_up(one) for one in answered]
    reply = _composed(answered, language, policy, written)
    return reply if written is None else replace(reply, use=written.use)


def task_of(
    answered: Sequence[Answered],
    question: str,
    language: Language,
    history: Sequence[HistoryItem],
    policy: HotelPolicy,
) -> WritingTask | None:
    """What a model is asked to word; None where nothing is to be said of articles, or one has no variant in the guest's
    language: what is not in the article's own language can't be held against it."""
    answers = [one for one in answered if one.decision.action is TurnAction.ANSWER]
    variants = {one.ranked[0].candidate.article_id: one.ranked[0].candidate.variant(language) for one in answers}
    if not answers or any(language_of(variant.language) != language for variant in variants.values()):
        return None
    articles = tuple(WritingArticle(key, for_a_model(variant.title, variant.body)) for key, variant in variants.items())
    return WritingTask(question, language, policy.hotel_name, tuple(history), articles)


def _given_up(one: Answered) -> Answered:
    if one.decision.action is not TurnAction.ANSWER:
        return one
    return replace(one, decision=Decision(TurnAction.HAND_OVER, (HandOverReason.NO_ARTICLE,)))


def _composed(answered: Sequence[Answered], language: Language, policy: HotelPolicy, written: Written | None) -> Reply:
    answers = [one for one in answered if one.decision.action is TurnAction.ANSWER]
    sources = tuple({source.article_id: source for source in map(_source_in(language), answers)}.values())
    said, engine = said_of(answered, language), "local"
    if written is not None and written.text is not None:
        said, engine = [written.text], written.use.model
        sources = tuple(source for source in sources if source.article_id in written.used)
    open_parts = [one for one in answered if one.decision.action is TurnAction.HAND_OVER]
    if open_parts:
        reasons = tuple(dict.fromkeys(reason for one in open_parts for reason in one.decision.reasons))
        priority = max(one.decision.priority for one in open_parts)
        confidence = min(one.confidence for one in open_parts)
        decision = Decision(TurnAction.HAND_OVER, reasons, priority)
        return replace(handed_over(decision, language, policy, confidence, said, sources), engine=engine)
    if answers:
        confidence = min(one.confidence for one in answers)
        return Reply(TurnAction.ANSWER, "\n\n".join(said), language, confidence, sources, engine=engine)
    unclear = answered[0]
    options = [one.candidate for one in unclear.ranked] if content_words(unclear.question) else []
    choices = tuple(dict.fromkeys(writer.titles(options, language)))
    return Reply(TurnAction.CLARIFY, writer.clarify(options, language), language, unclear.confidence, choices=choices)


def said_of(answered: Sequence[Answered], language: Language) -> list[str]:
    """The answers, each once."""
    answers = [one for one in answered if one.decision.action is TurnAction.ANSWER]
    return list(dict.fromkeys(writer.answer(one.ranked[0].candidate, language) for one in answers))


def tell(on_text: OnText, answered: Sequence[Answered], language: Language) -> None:
    """The last answer, sentence by sentence, after those before it."""
    if answered[-1].decision.action is not TurnAction.ANSWER:
        return
    whole, before = "\n\n".join(said_of(answered, language)), "\n\n".join(said_of(answered[:-1], language))
    end = len(before)
    for sentence in sentences(whole[end:]):
        found = whole.find(sentence, end)
        if found >= 0:  # else it was written otherwise: the next one, or the message, has it
            end = found + len(sentence)
            on_text(whole[:end])


def handed_over(
    decision: Decision,
    language: Language,
    policy: HotelPolicy,
    confidence: float = 0.0,
    said: Sequence[str] = (),
    sources: tuple[Source, ...] = (),
) -> Reply:
    """The turn goes to staff; what was `said` before that is kept."""
    urgent = decision.priority is Priority.URGENT
    last = writer.hand_over_text(language, policy.expected_wait, decision.reasons, urgent=urgent, answered=bool(said))
    text = "\n\n".join([*said, last])
    return Reply(TurnAction.HAND_OVER, text, language, confidence, sources, decision.reasons, decision.priority)


def _source_in(language: Language) -> Callable[[Answered], Source]:
    def source(one: Answered) -> Source:
        best = one.ranked[0].candidate
        return Source(best.article_id, best.variant(language).title, one.confidence, best.version)

    return source

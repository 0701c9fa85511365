"""The local engine: a question and a hotel's articles in, one reply with one explicit action out. No model key needed.

What it does is put together from the pure parts: intents, language, search, ranking, confidence, `decide`, writer.
"""

import time
from collections.abc import Sequence

from contracts.values import TurnAction
from conversation.adapters.artefacts import confidence_model
from conversation.adapters.embedder import Embedder, with_asked_words
from conversation.adapters.engine_port import HistoryItem, HotelPolicy, OnText, Reply, Search, Source, Writer
from conversation.adapters.replies import Answered, compose, handed_over, task_of, tell
from conversation.domain import writer
from conversation.domain.article import words_of
from conversation.domain.asking import asked_words, essence
from conversation.domain.coverage import coverage
from conversation.domain.decision import Decision, Evidence, Policy, decide, must_hand_over
from conversation.domain.intents import Intents, recognise
from conversation.domain.language import detect, language_of
from conversation.domain.masking import without_marks
from conversation.domain.questions import core, follow_up, leans, questions
from conversation.domain.ranking import Candidate, Features, Found, Ranked, features, rank
from conversation.domain.text import content_words
from conversation.domain.words import Language
from servicekit.metrics import histogram

__all__ = [
    "Answered",
    "Candidate",
    "Found",
    "HistoryItem",
    "HotelPolicy",
    "LocalEngine",
    "OnText",
    "Reply",
    "Search",
    "Source",
]

SECONDS = histogram("conversation_engine_seconds", "Time the local engine spent on a turn, seconds", "part")
SPOKEN_OF = 0.3
"""Share of a follow-up's words that the article must have which is found together with what it follows."""
_READ = 2000
"""Characters of a turn that are read; a longer text is no question for an article."""


class LocalEngine:
    """Answers from articles by embedding search and extraction.

    engine = LocalEngine(embedder)
    reply = await engine.answer("Can I bring my dog?", [], HotelPolicy(hotel_name="Hotel Lindenhof"), search)
    """

    def __init__(self, embedder: Embedder, writer: Writer | None = None) -> None:
        """`writer` words the answers of hotels that allow a model; everything else is as without one."""
        self._embedder = embedder
        self._writer = writer
        self._model = confidence_model()

    async def answer(
        self,
        question: str,
        history: Sequence[HistoryItem],
        policy: HotelPolicy,
        search: Search,
        on_text: OnText | None = None,
    ) -> Reply:
        """The reply to a turn: one guest message or several, joined by line breaks, secrets masked already.

        `on_text` hears of each sentence of an answer as soon as it is known.
        """
        text = without_marks(question)[:_READ]
        language = detect(text, language_of(policy.default_language)).language
        intents = recognise(text)
        must = must_hand_over(Evidence(intents=intents, vip=policy.guest_is_vip), _rules(policy))
        if must is not None:
            return handed_over(must, language, policy)
        if intents.small_talk is not None:
            said = writer.small_talk(intents.small_talk, language, policy.hotel_name)
            return Reply(TurnAction.SMALL_TALK, said, language, confidence=1.0)
        last = _last_said_twice(history)
        if last is not None:
            on_text = None  # what may be said for the third time is not shown before that is known
        model = self._writer if policy.model_allowed else None
        if (chosen := _chosen(text, history)) is not None:
            language = language_of(policy.default_language)  # a title alone does not tell the guest's
            answered = [await self._article(chosen, language, policy, search)]
            if on_text is not None and model is None:
                tell(on_text, answered, language)
        else:
            answered, said = [], list(history)
            for one in questions(text):
                answered.append(await self._one(one, language, recognise(one), said, policy, search))
                said.append(HistoryItem("guest", one))
                if on_text is not None and model is None:
                    tell(on_text, answered, language)
        task = task_of(answered, text, language, history, policy) if model else None
        written = await model.write(task, on_text) if model and task else None
        reply = compose(answered, language, policy, written)
        if reply.action is TurnAction.ANSWER and reply.text == last:
            evidence = Evidence(confidence=reply.confidence, articles=len(reply.sources), said_twice=True)
            return handed_over(decide(evidence, _rules(policy)), language, policy, reply.confidence)
        return reply

    async def _article(self, title: str, language: Language, policy: HotelPolicy, search: Search) -> Answered:
        """The article that the guest chose by its title when we asked back; a person's own choice is certain.

        Where it is no longer published, what is found by its title is looked at as any other question.
        """
        ranked, read, confidence, _ = await self._look(title, language, policy, search)
        of_title = [one for one in ranked if _has_title(one.candidate, title)]
        if of_title:
            return Answered(title, (of_title[0],), 1.0, Decision(TurnAction.ANSWER))
        evidence = Evidence(
            confidence=confidence,
            articles=len(ranked),
            lead=read.lead,
            coverage=read.coverage,
            content_words=len(content_words(title)),
            asked_back=True,
            vip=policy.guest_is_vip,
        )
        return Answered(title, ranked, confidence, decide(evidence, _rules(policy)))

    async def _one(
        self,
        question: str,
        language: Language,
        intents: Intents,
        history: Sequence[HistoryItem],
        policy: HotelPolicy,
        search: Search,
    ) -> Answered:
        """Search and decide. Where the whole text finds too little, the sentence that asks is looked at by itself, and
        a follow-up ("And how much is it?") together with what it follows.
        """
        ranked, read, confidence, _ = await self._look(question, language, policy, search)
        asks = core(question)
        if confidence < policy.threshold and asks is not None:
            closer, near, higher, _ = await self._look(asks, language, policy, search)
            if higher > confidence:
                ranked, read, confidence = closer, near, higher
        before = next((item.text for item in reversed(history) if item.sender == "guest"), None)
        pointing = leans(question)
        if before is not None and follow_up(question) and (pointing or confidence < policy.threshold):
            together = f"{before[-300:]} {question}"
            wider, wide, higher, found = await self._look(together, language, policy, search)
            enough = policy.threshold if pointing else confidence
            if (
                wider
                and higher >= enough
                and await self._speaks_of(wider[0].candidate, question, language, policy, found)
            ):
                question, ranked, read, confidence = together, wider, wide, higher
        evidence = Evidence(
            intents=intents,
            confidence=confidence,
            articles=len(ranked),
            lead=read.lead,
            coverage=read.coverage,
            content_words=len(content_words(question)),
            asked_back=_asked_back(history),
            vip=policy.guest_is_vip,
        )
        return Answered(question, ranked, confidence, decide(evidence, _rules(policy)))

    async def _speaks_of(
        self, candidate: Candidate, question: str, language: Language, policy: HotelPolicy, found: Found
    ) -> bool:
        """Whether the article has what a follow-up adds, in the same words or others, so that it isn't about something new."""
        asked = asked_words(question, policy.hotel_name)
        if not asked:
            return True
        found = await with_asked_words(found, asked, self._embedder)
        return coverage(asked, [words_of(candidate.variant(language))], found.words)[0].share >= SPOKEN_OF

    async def _look(
        self, question: str, language: Language, policy: HotelPolicy, search: Search
    ) -> tuple[tuple[Ranked, ...], Features, float, Found]:
        started = time.perf_counter()
        asks = essence(question, policy.hotel_name)
        vector = await self._embedder.query(asks)
        embedded = time.perf_counter()
        found = await search(vector, asks, language)
        searched = time.perf_counter()
        found = await with_asked_words(found, asked_words(question, policy.hotel_name), self._embedder)
        ranked = rank(question, language, found, self._model.order, policy.hotel_name)
        read = features(question, language, ranked, policy.hotel_name)
        SECONDS.labels("embed").observe(embedded - started)
        SECONDS.labels("search").observe(searched - embedded)
        SECONDS.labels("rank").observe(time.perf_counter() - searched)
        return ranked, read, self._model.confidence(read, vector).right, found


def _rules(policy: HotelPolicy) -> Policy:
    return Policy(policy.threshold, policy.never_auto, policy.hand_over_vips)


def _chosen(text: str, history: Sequence[HistoryItem]) -> str | None:
    """What the guest chose of what we asked back, if that is all they say."""
    last = next((item for item in reversed(history) if item.sender != "guest"), None)
    said = text.strip().casefold()
    return next((one for one in (last.choices if last else ()) if one.casefold() == said), None)


def _has_title(candidate: Candidate, title: str) -> bool:
    return title in [variant.title for variant in candidate.variants]


def _last_said_twice(history: Sequence[HistoryItem]) -> str | None:
    """What the AI said the last two times, if that was the same."""
    said = [item.text for item in history if item.sender == "ai"][-2:]
    return said[0] if len(said) == 2 and said[0] == said[1] else None


def _asked_back(history: Sequence[HistoryItem]) -> bool:
    """Whether our last message was a question back; we recognise our own two sentences."""
    last = next((item for item in reversed(history) if item.sender != "guest"), None)
    return last is not None and last.sender == "ai" and writer.is_clarification(last.text)

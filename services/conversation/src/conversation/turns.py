"""The turn runner: claims due turns, asks the engine outside any transaction, and stores the answer once."""

import asyncio
from typing import Any

from contracts.values import HandOverReason, Priority, TurnAction
from conversation.adapters.engine import Found, Reply
from conversation.commands.messages import channel
from conversation.commands.turns import Question, SourceChanged, read_question, store_reply
from conversation.commands.usage import record_use
from conversation.domain.writer import hand_over_text
from conversation.partials import Partials
from conversation.queries.articles import candidates
from conversation.resources import resources_of
from conversation.tables import TurnRow
from servicekit.due import DueItem, LeaseLost
from servicekit.logging import log
from servicekit.metrics import counter, histogram
from servicekit.runtime import Runtime
from servicekit.tracing import span

ENGINE_SECONDS = 25.0
"""An answer that takes longer is given up; the lease is renewed until then."""
GIVE_UP_AFTER = 3
"""Failures of the engine after which the guest is passed to staff instead of waiting on."""

ANSWERS_AT_MOST = 3
"""To one question whose articles are being changed; then it waits as after any failure."""
CLAIMS_AT_MOST = 20
"""Claims of one turn after which the engine is not asked again: what it is asked may be what ends the process. A guest
who adds to a turn while it is worked on costs a claim, too, so the number is well above any burst."""

TURNS = counter("conversation_turns_total", "Turns that were settled", "action")
TURN_SECONDS = histogram("conversation_turn_duration_seconds", "From a turn's closing to its stored answer", "action")
CONFIDENCE = histogram(
    "conversation_turn_confidence", "Calibrated confidence of replies", "action", buckets=[i / 10 for i in range(1, 11)]
)
ENGINE_FAILURES = counter("conversation_engine_failures_total", "Engine calls that raised or took too long", "error")


async def run_turn(item: DueItem, rt: Runtime) -> None:
    """Answer one turn. A crash anywhere leaves it due: whoever claims it next answers it, once."""
    async with rt.worker_db.transaction(item.hotel_id, read_only=True) as tx:
        question = await read_question(item.object_id, tx)
    if question is None:
        async with rt.worker_db.transaction(item.hotel_id) as tx:
            await tx.finish(item)
        return
    with span("turn", traceparent=question.traceparent, attempt=item.attempt):
        await rt.hints.send(channel(question.conversation_id), {"typing": "ai"})
        partials = Partials(rt.hints, question.conversation_id, question.turn_id)
        try:
            reply, turn = await _answer(question, item, rt, partials)
        except BaseException:
            await partials.withdraw()
            raise
        if turn.state == "dropped":
            await partials.withdraw()
        _count(turn.state, reply, turn.waited_ms)
        log.info(
            "turn.settled", turn_id=str(turn.id), state=turn.state, action=reply.action.value, attempt=item.attempt
        )


async def _answer(question: Question, item: DueItem, rt: Runtime, partials: Partials) -> tuple[Reply, TurnRow]:
    """Ask, and store what comes of it. Where the hotel changes the article meanwhile, it is asked again."""
    for left in reversed(range(ANSWERS_AT_MOST)):
        reply = await _reply(question, item, rt, partials)
        partials.stop()
        try:
            return reply, await _store(question, reply, item, rt)
        except SourceChanged:
            await partials.withdraw()
            if not left:
                raise
    raise AssertionError  # the last one is returned or raised


async def _store(question: Question, reply: Reply, item: DueItem, rt: Runtime) -> TurnRow:
    """Store the reply. One that comes too late is not said, but what a model took for it is told all the same."""
    try:
        async with rt.worker_db.transaction(item.hotel_id) as tx:
            return await store_reply(question, reply, item, tx)
    except (LeaseLost, SourceChanged):
        if reply.use is not None:
            async with rt.worker_db.transaction(item.hotel_id) as tx:
                record_use(reply.use, question.conversation_id, question.turn_id, tx)
        raise


async def _reply(question: Question, item: DueItem, rt: Runtime, partials: Partials) -> Reply:
    """The engine's reply; after several failures a hand-over, so that no guest waits for a machine that is broken."""
    if item.attempt > CLAIMS_AT_MOST:
        log.error("turn.gave_up", turn_id=str(question.turn_id), attempt=item.attempt)
        return _pass_on(question)
    try:
        return await _ask_engine(question, item, rt, partials)
    except LeaseLost:
        raise
    except Exception as error:
        ENGINE_FAILURES.labels(type(error).__name__).inc()
        if item.failures + 1 < GIVE_UP_AFTER:
            raise
        log.error(
            "engine.gave_up", turn_id=str(question.turn_id), error=type(error).__name__, failures=item.failures + 1
        )
        return _pass_on(question)


def _pass_on(question: Question) -> Reply:
    language = question.policy.default_language
    return Reply(
        action=TurnAction.HAND_OVER,
        text=hand_over_text(language, question.policy.expected_wait),
        language=language,
        confidence=0.0,
        sources=(),
        reasons=(HandOverReason.RULE,),
        priority=Priority.NORMAL,
    )


async def _ask_engine(question: Question, item: DueItem, rt: Runtime, partials: Partials) -> Reply:
    async def search(vector: Any, words: str, language: str) -> Found:  # Any: the embedder's own array type
        async with rt.worker_db.transaction(item.hotel_id, read_only=True) as tx:
            return await candidates(tx, vector, words, language)

    engine = resources_of(rt)
    if earlier := engine.working.get(question.turn_id):
        earlier.cancel()  # it answers what was asked before the guest said more
    task = asyncio.ensure_future(
        engine.answer(question.text, question.history, question.policy, search, partials.on_text)
    )
    engine.working[question.turn_id] = task
    try:
        async with asyncio.timeout(ENGINE_SECONDS):
            return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():
            raise LeaseLost(f"turn {question.turn_id} starts again") from None
        raise
    finally:
        task.cancel()
        if engine.working.get(question.turn_id) is task:
            del engine.working[question.turn_id]


def _count(state: str, reply: Reply, waited_ms: int | None) -> None:
    action = reply.action.value if state != "dropped" else "dropped"
    TURNS.labels(action).inc()
    if waited_ms is not None:
        TURN_SECONDS.labels(action).observe(waited_ms / 1000)
        CONFIDENCE.labels(action).observe(reply.confidence)

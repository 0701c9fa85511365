"""From a guest's question to the answer on the guest's WebSocket, at given rates of questions."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7
from websockets.asyncio.client import ClientConnection, connect

from bench import cpu, drain, report
from bench.guests import Guest, make_guests
from bench.questions import demo_questions
from bench.stackside import Bench

PATIENCE_SECONDS = 20.0
LIMIT_SECONDS = 0.5
"""The rate that is looked for is the one at which p95 passes this."""
RAMP = (30, 40, 50, 60, 80, 100, 130, 160, 200)
CONNECTING = 20
"""WebSockets opened side by side."""


@dataclass(slots=True)
class Asked:
    """One question. Times are wall clock, seconds since 1970: the database's and ours are of one machine."""

    guest: Guest
    sent_at: float = 0.0
    seen_at: float = 0.0
    closed_at: float = 0.0
    stored_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What was seen at one rate; the CPU is what was used while it lasted, in seconds."""

    per_second: float
    asked: list[Asked]
    cpu_seconds: dict[str, float]
    lasted: float

    @property
    def answered(self) -> list[Asked]:
        """Those whose answer was seen in time."""
        return [one for one in self.asked if one.seen_at and one.closed_at]

    def visible(self) -> list[float]:
        """Seconds from the turn's closing to the frame at the guest."""
        return [one.seen_at - one.closed_at for one in self.answered]


async def measure(bench: Bench, *, rates: Sequence[float], seconds: float, ramp: bool, seed: int) -> None:
    """Each rate once with questions that were asked before (their vectors are cached) and once with new ones."""
    report.header(
        "Question to visible answer",
        seed,
        f"Poisson arrivals for {seconds:g} s a rate; every question from a guest of its own with an open WebSocket, sent on it",
        "from the turn's closing (the message's arrival, for a complete question) to the answer's frame at the guest",
    )
    await trial(bench, 5, 4, seed, fresh=False)
    rows = [
        _row(await trial(bench, rate, seconds, seed, fresh=fresh), fresh) for fresh in (False, True) for rate in rates
    ]
    columns = [
        "asked/s",
        "wording",
        "asked, answered",
        "visible, p50 / p95 / p99 ms",
        "due to stored, ms",
        "sent to visible, ms",
        "CPU ms per question",
    ]
    report.table(columns, rows)
    if ramp:
        await _ramp(bench, seconds, seed)


async def _ramp(bench: Bench, seconds: float, seed: int) -> None:
    rows: list[list[object]] = []
    passed: float | None = None
    for rate in RAMP:
        seen = await trial(bench, rate, seconds, seed, fresh=True)
        p95 = report.percentile(seen.visible(), 0.95)
        missing = len(seen.asked) - len(seen.answered)
        rows.append([rate, len(seen.asked), missing, report.milliseconds(seen.visible())])
        if p95 > LIMIT_SECONDS or missing:
            passed = rate
            break
    report.table(["asked/s (new wordings)", "asked", "not answered", "visible, p50 / p95 / p99 ms"], rows)
    where = f"between {rows[-2][0] if len(rows) > 1 else 'under 30'} and {passed}" if passed else f"above {RAMP[-1]}"
    print(f"p95 passes {LIMIT_SECONDS * 1000:.0f} ms {where} questions a second\n")


async def trial(bench: Bench, rate: float, seconds: float, seed: int, *, fresh: bool) -> Trial:
    """Ask at that rate for so long; `fresh` wordings have never been asked before."""
    rng = random.Random(seed)
    count = max(1, round(rate * seconds))
    asked = [Asked(guest) for guest in await make_guests(bench, count, "ai")]
    texts = demo_questions(rng, count)
    if fresh:
        texts = [f"{text.rstrip('?.! ')}, in room {rng.randrange(100, 99_999)}?" for text in texts]
    lines = await _connect_all(bench, asked)
    listening = [asyncio.create_task(_listen(line, one)) for line, one in zip(lines, asked, strict=True)]
    before = cpu.used(bench)
    at = time.perf_counter()
    for line, one, text in zip(lines, asked, texts, strict=True):
        at += rng.expovariate(rate)
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        one.sent_at = time.time()
        await line.send(json.dumps({"type": "message", "id": str(uuid7()), "text": text}))
    _, late = await asyncio.wait(listening, timeout=PATIENCE_SECONDS)
    after = cpu.used(bench)
    spent, lasted = cpu.between(before, after), after.at - before.at
    for task in late:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    await asyncio.gather(*(line.close() for line in lines), return_exceptions=True)
    await _times_of_turns(bench, asked)
    await drain.until_quiet(bench)
    return Trial(rate, asked, spent, lasted)


async def _connect_all(bench: Bench, asked: Sequence[Asked]) -> list[ClientConnection]:
    gate = asyncio.Semaphore(CONNECTING)
    address = bench.conversation.replace("http", "ws", 1)

    async def one(guest: Guest) -> ClientConnection:
        async with gate:
            path = f"/widget/conversations/{guest.conversation_id}/live"
            line = await connect(address + path, proxy=None, compression=None, ping_interval=None)
            await line.send(json.dumps({"type": "hello", "token": guest.token, "after_seq": 0}))
            first = json.loads(await line.recv())
            assert first["type"] == "state", first
            return line

    return await asyncio.gather(*(one(each.guest) for each in asked))


async def _listen(line: ClientConnection, one: Asked) -> None:
    async for frame in line:
        said = json.loads(frame)
        if said["type"] == "message" and said["message"]["sender"] == "ai":
            one.seen_at = time.time()
            return
        assert said["type"] != "error", said


async def _times_of_turns(bench: Bench, asked: Sequence[Asked]) -> None:
    by_conversation: dict[UUID, Asked] = {one.guest.conversation_id: one for one in asked}
    connection = await asyncpg.connect(bench.database())
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.hotel_id', $1, true)", str(bench.hotel_id))
            rows = await connection.fetch(
                "SELECT turn.conversation_id, turn.due_at, message.sent_at FROM turns AS turn"
                " JOIN messages AS message ON message.conversation_id = turn.conversation_id AND message.id = turn.message_id"
                " WHERE turn.conversation_id = ANY ($1::uuid[]) AND turn.state IN ('answered', 'handed_over')",
                list(by_conversation),
            )
    finally:
        await connection.close()
    for conversation_id, due_at, sent_at in rows:
        one = by_conversation[conversation_id]
        one.closed_at, one.stored_at = _seconds(due_at), _seconds(sent_at)


def _seconds(at: datetime) -> float:
    return at.timestamp()


def _row(seen: Trial, fresh: bool) -> list[object]:
    stored = [one.stored_at - one.closed_at for one in seen.answered]
    sent = [one.seen_at - one.sent_at for one in seen.answered]
    return [
        f"{seen.per_second:g}",
        "new" if fresh else "asked before",
        f"{len(seen.asked)}, {len(seen.answered)}",
        report.milliseconds(seen.visible()),
        report.milliseconds(stored),
        report.milliseconds(sent),
        report.layers(seen.cpu_seconds, len(seen.asked), 0.3),
    ]

"""What a large knowledge base costs: CPU of a question's whole turn, memory, and how soon what is published is answered."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import replace
from uuid import UUID

import asyncpg
import httpx
from uuid_utils.compat import uuid7

from bench import answers, cpu, report
from bench.guests import make_guests
from bench.stackside import HOTEL, Bench
from contracts.ids import HotelId
from conversation.adapters.demo_content import demo_articles

ADMIN, PASSWORD = "anna.admin@lindenhof.example", "front-desk-demo"
SIDE_BY_SIDE = 4
RATE = 2.0
"""Questions a second while their CPU is counted: few enough that none waits for another."""
IDLE_SECONDS = 10.0
PUBLISHED = 10
BATCH = 1000
_KEYS = {
    "hotels": "id",
    "knowledge_articles": "id",
    "knowledge_variants": "article_id",
    "knowledge_chunks": "article_id",
    "knowledge_words": "hotel_id",
}
"""The tables that are copied, each with the column that names what it belongs to."""
_COPY = """
INSERT INTO {table}
SELECT (jsonb_populate_record(NULL::{table}, one::jsonb || jsonb_build_object(
           '{key}', CASE WHEN '{table}' IN ('hotels', 'knowledge_words') THEN $2
                         ELSE md5((one::jsonb ->> '{key}') || $2)::uuid::text END,
           'hotel_id', $2, 'slug', $2))).*
  FROM unnest($1::text[]) AS one
"""


async def measure(bench: Bench, *, articles: int, hotels: int, seconds: float, seed: int) -> None:
    """Fill the demo hotel up to `articles`, ask, publish; then give as many to more hotels and look at the memory."""
    report.header(
        "A large knowledge base",
        seed,
        f"the demo hotel filled up to {articles} articles, made of the demo's sentences in other company; {RATE:g} new wordings a second",
        "CPU of everything a question causes, in all processes, less what they take while nothing happens",
    )
    rows = [["as it comes", *await _asked(bench, seconds, seed)]]
    async with _editor(bench) as http:
        there, took = await _fill(http, articles, random.Random(seed))
        rows.append([f"{there} articles", *await _asked(bench, seconds, seed)])
        report.table(["hotel", "asked, answered", "CPU ms a question", "by layer", "visible, p50 / p95 / p99 ms"], rows)
        print(f"Written over the API: {took:.0f} s for what was missing, {SIDE_BY_SIDE} at a time.\n")
        waits = [await _until_answered(bench, http, number) for number in range(PUBLISHED)]
    print(
        f"From the answer to POST /articles to an answer from that article: {report.milliseconds(waits)} ms (p50 / p95 / p99).\n"
    )
    before = cpu.memory(bench)
    ids = await _copies(bench, hotels - 1)
    for hotel_id in ids:
        await answers.trial(replace(bench, hotel_id=hotel_id), RATE, 5, seed, fresh=True)
    after = cpu.memory(bench)
    grown = {name: after[name] - before.get(name, 0.0) for name in ("conversation", "postgres")}
    print(f"{hotels} hotels with as many each, all asked: " + ", ".join(f"{n} {mb:+.0f} MB" for n, mb in grown.items()))


def _editor(bench: Bench) -> httpx.AsyncClient:
    body = {"email": ADMIN, "password": PASSWORD}
    answer = httpx.post(f"{bench.stack.addresses['identity']}/tokens", json=body, trust_env=False)
    token = answer.raise_for_status().json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=bench.conversation, headers=headers, timeout=60, trust_env=False)


async def _fill(http: httpx.AsyncClient, articles: int, rng: random.Random) -> tuple[int, float]:
    demo = [article.variants[0] for article in demo_articles(HOTEL)]
    said = [sentence for one in demo for sentence in one.body.replace("\n", " ").split(". ") if sentence]
    asked = [question for one in demo for question in one.questions]
    missing = articles - len(demo)
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def write(number: int) -> None:
        body = ". ".join(rng.sample(said, 4)).rstrip(".") + "."
        title = f"{rng.choice(demo).title}, house {number}"
        variant = {"language": "en", "title": title, "questions": rng.sample(asked, 2), "body": body}
        async with gate:
            answer = await http.post("/articles", json={"variants": [variant], "published": True})
        answer.raise_for_status()

    started = time.monotonic()
    await asyncio.gather(*(write(number) for number in range(missing)))
    return len(demo) + missing, time.monotonic() - started


async def _asked(bench: Bench, seconds: float, seed: int) -> list[object]:
    await answers.trial(bench, RATE, 5, seed + 1, fresh=True)
    before = cpu.used(bench)
    await asyncio.sleep(IDLE_SECONDS)
    idle = {name: spent / IDLE_SECONDS for name, spent in cpu.between(before, cpu.used(bench)).items()}
    found = await answers.trial(bench, RATE, seconds, seed, fresh=True)
    own = {name: spent - idle.get(name, 0.0) * found.lasted for name, spent in found.cpu_seconds.items()}
    each = {name: 1000 * spent / len(found.asked) for name, spent in own.items()}
    layers = ", ".join(
        f"{name} {one:.1f}" for name, one in sorted(each.items(), key=lambda item: -item[1]) if one > 0.5
    )
    counted = f"{len(found.asked)}, {len(found.answered)}"
    return [counted, f"{sum(each.values()):.1f}", layers, report.milliseconds(found.visible())]


async def _until_answered(bench: Bench, http: httpx.AsyncClient, number: int) -> float:
    """Seconds from the moment an article is published to the moment an answer from it is there."""
    word = f"zeppelin{uuid7().hex[-6:]}"
    body = f"The {word} tour leaves at {number + 8} o'clock from the garden."
    variant = {
        "language": "en",
        "title": f"The {word} tour",
        "questions": [f"When does the {word} tour leave?"],
        "body": body,
    }
    (guest,) = await make_guests(bench, 1, "ai")
    answer = await http.post("/articles", json={"variants": [variant], "published": True})
    answer.raise_for_status()
    published = time.monotonic()
    async with httpx.AsyncClient(
        base_url=bench.conversation, headers={"authorization": f"Bearer {guest.token}"}, trust_env=False
    ) as widget:
        path = f"/widget/conversations/{guest.conversation_id}/messages"
        sent = await widget.post(path, json={"id": str(uuid7()), "text": f"When does the {word} tour leave?"})
        sent.raise_for_status()
        while True:
            items = (await widget.get(path)).raise_for_status().json()["items"]
            if said := [one["text"] for one in items if one["sender"] == "ai"]:
                assert body in said[0], said
                return time.monotonic() - published
            await asyncio.sleep(0.01)


async def _copies(bench: Bench, count: int) -> list[HotelId]:
    """So many more hotels with the demo hotel's knowledge, as rows."""
    made = [HotelId(uuid7()) for _ in range(count)]
    connection = await asyncpg.connect(bench.database(role="worker"))
    try:
        async with connection.transaction():
            await _in_hotel(connection, bench.hotel_id)
            rows = {
                table: [row[0] for row in await connection.fetch(f"SELECT to_jsonb(one)::text FROM {table} AS one")]
                for table in _KEYS
            }
        for hotel_id in made:
            for table, key in _KEYS.items():
                for start in range(0, len(rows[table]), BATCH):
                    async with connection.transaction():
                        await _in_hotel(connection, hotel_id)
                        await connection.execute(
                            _COPY.format(table=table, key=key), rows[table][start : start + BATCH], str(hotel_id)
                        )
    finally:
        await connection.close()
    return made


async def _in_hotel(connection: asyncpg.Connection, hotel_id: UUID) -> None:
    await connection.execute("SELECT set_config('app.hotel_id', $1, true)", str(hotel_id))

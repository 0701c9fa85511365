"""Pages, ETags, limits and the replica: what a client sees of them."""

import contextlib
from types import ModuleType
from uuid import uuid4

import asyncpg
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from contracts.ids import HotelId
from servicekit import decode_cursor, encode_cursor
from servicekit.pagination import BadCursor
from servicekit.problems import TooManyRequests
from servicekit.ratelimit import RateLimits
from servicekit.recentwrites import RecentWrites
from servicekit.testing import Parts, RunningService, StartService, TokenIssuer
from servicekit.testing.parts import temporary_database

STORABLE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
JSON_SCALARS = st.none() | st.booleans() | st.integers() | STORABLE | st.floats(allow_nan=False, allow_infinity=False)


async def test_pages_follow_each_other_without_gaps_or_repeats(desk: RunningService, staff: str) -> None:
    client = desk.client(staff)
    made = [(await client.post("/notes", json={"text": str(number)})).json()["id"] for number in range(7)]
    seen: list[str] = []
    cursor, pages = "", 0
    while pages == 0 or cursor:
        page = (await client.get("/notes", params={"limit": 3, **({"cursor": cursor} if cursor else {})})).json()
        seen += [note["id"] for note in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert (seen, pages) == (made, 3)
    exact = (await client.get("/notes", params={"limit": 7})).json()
    assert exact["next_cursor"] is None


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "bm9uc2Vuc2U",
        encode_cursor(),
        encode_cursor(1, 2),
        "e30",
        "%",
        "W1tdXQ",
        encode_cursor("\ud800"),
        encode_cursor("\0"),
    ],
)
async def test_a_made_up_cursor_is_refused(desk: RunningService, staff: str, cursor: str) -> None:
    answer = await desk.client(staff).get("/notes", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:frontdesk:problem:bad-cursor"
    assert answer.json()["errors"][0]["pointer"] == "query:cursor"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many"])
async def test_a_limit_out_of_bounds_is_refused(desk: RunningService, staff: str, limit: str) -> None:
    assert (await desk.client(staff).get("/notes", params={"limit": limit})).status_code == 422


@given(st.lists(JSON_SCALARS, max_size=4))
def test_a_cursor_gives_back_the_position_it_was_made_of(position: list[object]) -> None:
    assert list(decode_cursor(encode_cursor(*position))) == position


@given(st.text(max_size=50))
def test_any_other_text_is_a_bad_cursor_and_nothing_worse(cursor: str) -> None:
    with contextlib.suppress(BadCursor):
        assert isinstance(decode_cursor(cursor), tuple)


async def test_who_changes_what_another_has_changed_is_told(desk: RunningService, staff: str) -> None:
    client = desk.client(staff)
    made = await client.post("/notes", json={"text": "one"})
    path = made.headers["location"]
    etag = (await client.get(path)).headers["etag"]
    changed = await client.patch(path, json={"text": "two"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    late = await client.patch(path, json={"text": "three"}, headers={"If-Match": etag})
    assert late.status_code == 412
    assert late.json()["type"] == "urn:frontdesk:problem:precondition-failed"
    assert (await client.patch(path, json={"text": "four"}, headers={"If-Match": "*"})).status_code == 200
    assert (await client.patch(path, json={"text": "five"})).status_code == 200
    assert (await client.patch(path, json={"text": "x"}, headers={"If-Match": "banana"})).status_code == 400


async def test_over_the_limit_is_a_429_that_says_when_to_come_back(desk: RunningService) -> None:
    client = desk.client()
    answers = [await client.get("/limited") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].json()["type"] == "urn:frontdesk:problem:too-many-requests"
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60


async def test_instances_count_together_and_alone_while_valkey_is_away(parts: Parts) -> None:
    name = uuid4().hex
    there = Redis.from_url(parts.valkey_url)
    one, two = (RateLimits(there, name, "desk") for _ in range(2))
    await one.check("2/minute", "ann")
    await two.check("2/minute", "ann")
    with pytest.raises(TooManyRequests):
        await one.check("2/minute", "ann")
    await one.check("2/minute", "bob")
    await there.aclose()
    nowhere = Redis.from_url("redis://127.0.0.1:9/0")
    lonely = RateLimits(nowhere, name, "desk")
    await lonely.check("1/minute", "ann")
    with pytest.raises(TooManyRequests):
        await lonely.check("1/minute", "ann")
    await nowhere.aclose()


async def test_queries_go_to_the_replica_unless_the_caller_has_just_written(
    desk_module: ModuleType, service_app: StartService, issuer: TokenIssuer, parts: Parts, hotel: HotelId
) -> None:
    """The replica here is another database, so that one sees who answers."""
    from servicekit.migrations import upgrade_database

    async with temporary_database(parts.postgres_url, "replica") as replica:
        await upgrade_database(replica.owner, desk_module.service.migrations_dir)
        connection = await asyncpg.connect(replica.owner)
        await connection.execute("select set_config('app.hotel_id', $1, false)", str(hotel))
        await connection.execute(
            "insert into notes (id, hotel_id, version, created_at, updated_at, text)"
            " values (gen_random_uuid(), $1, 1, now(), now(), 'of the replica')",
            hotel,
        )
        await connection.close()
        app = await service_app(desk_module.service, role="api", database_read_url=replica.app)
        writer, reader = (app.client(issuer.token(hotel_id=hotel)) for _ in range(2))

        async def seen(client: object) -> list[str]:
            return [note["text"] for note in (await client.get("/notes")).json()["items"]]  # type: ignore[attr-defined]  # httpx

        assert await seen(writer) == ["of the replica"]
        await writer.post("/notes", json={"text": "of the primary"})
        assert await seen(writer) == ["of the primary"]
        assert await seen(reader) == ["of the replica"]
        await app.stop()


async def test_another_instance_knows_who_has_written_and_without_valkey_everybody_has(parts: Parts) -> None:
    there, nowhere = Redis.from_url(parts.valkey_url), Redis.from_url("redis://127.0.0.1:9/0")
    name = uuid4().hex
    one, two, alone = (RecentWrites(there, name, "d"), RecentWrites(there, name, "d"), RecentWrites(nowhere, name, "d"))
    await one.note("ann")
    assert await two.has("ann")
    assert not await two.has("bob")
    assert await alone.has("bob")
    await there.aclose()
    await nowhere.aclose()


def test_the_app_can_be_described_without_running(desk_module: ModuleType) -> None:
    assert isinstance(desk_module.service.app(), FastAPI)

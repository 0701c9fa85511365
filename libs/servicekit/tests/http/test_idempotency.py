"""Idempotency-Key: the same request again gets the same answer, and its effect happens once."""

import asyncio
from types import ModuleType
from uuid import uuid4

import pytest
from sqlalchemy import text

from contracts.ids import HotelId
from servicekit import idempotency
from servicekit.testing import RunningService, TokenIssuer


async def notes(desk: RunningService, token: str) -> list[str]:
    return [note["text"] for note in (await desk.client(token).get("/notes")).json()["items"]]


async def test_the_same_request_again_gets_the_same_answer(
    desk: RunningService, staff: str, desk_module: ModuleType
) -> None:
    client = desk.client(staff, **{"Idempotency-Key": str(uuid4())})
    first = await client.post("/notes", json={"text": "towels"})
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    called = len(desk_module.calls)
    again = await client.post("/notes", json={"text": "towels"})
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(desk_module.calls) == called
    assert await notes(desk, staff) == ["towels"]


async def test_another_body_under_the_same_key_is_refused(desk: RunningService, staff: str) -> None:
    client = desk.client(staff, **{"Idempotency-Key": "one"})
    await client.post("/notes", json={"text": "towels"})
    other = await client.post("/notes", json={"text": "pillows"})
    assert other.status_code == 422
    assert other.json()["type"] == "urn:frontdesk:problem:idempotency-key-reused"
    assert await notes(desk, staff) == ["towels"]


@pytest.mark.parametrize("condition", ['"3"', ""])
async def test_another_condition_under_the_same_key_is_refused(
    desk: RunningService, staff: str, condition: str
) -> None:
    client = desk.client(staff, **{"Idempotency-Key": "one"})
    await client.post("/notes", json={"text": "towels"})
    other = await client.post("/notes", json={"text": "towels"}, headers={"If-Match": condition})
    assert other.json()["type"] == "urn:frontdesk:problem:idempotency-key-reused"


async def test_who_comes_with_the_same_key_at_once_waits_and_gets_the_same_answer(
    desk: RunningService, staff: str
) -> None:
    client = desk.client(staff, **{"Idempotency-Key": '"quoted-as-in-the-draft"'})
    answers = await asyncio.gather(*(client.post("/notes", json={"text": "once"}) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 3
    assert await notes(desk, staff) == ["once"]


async def test_a_key_belongs_to_its_hotel_actor_and_route(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId
) -> None:
    key = {"Idempotency-Key": "shared"}
    people = [issuer.token(hotel_id=hotel), issuer.token(hotel_id=hotel), issuer.token(hotel_id=uuid4())]
    made = [await desk.client(token, **key).post("/notes", json={"text": "x"}) for token in people]
    elsewhere = await desk.client(people[0], **key).post(f"/hotels/{hotel}/notes", json={"text": "x"})
    assert len({answer.json()["id"] for answer in (*made, elsewhere)}) == 4


async def test_a_refusal_is_not_kept_so_that_it_can_be_mended(desk: RunningService, staff: str) -> None:
    client = desk.client(staff, **{"Idempotency-Key": "mend"})
    assert (await client.post("/notes", json={"text": ""})).status_code == 422
    assert (await client.post("/notes", json={"text": "mended"})).status_code == 201


async def test_a_commit_that_fails_keeps_no_answer(desk: RunningService, staff: str) -> None:
    await desk.client(staff).post("/notes", json={"text": "first", "slot": 1})
    client = desk.client(staff, **{"Idempotency-Key": "fails"})
    for _ in range(2):
        assert (await client.post("/notes", json={"text": "second", "slot": 1})).status_code == 500


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, '"open', "a,b", "\u00e9"])
async def test_a_malformed_key_is_refused(desk: RunningService, staff: str, key: str) -> None:
    answer = await desk.client(staff).post("/notes", json={"text": "x"}, headers=[(b"Idempotency-Key", key.encode())])
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "header:idempotency-key"


async def test_an_answer_that_nobody_may_store_is_not_kept(desk: RunningService, staff: str) -> None:
    client = desk.client(staff, **{"Idempotency-Key": "secret"})
    secrets = {(await client.post("/secrets")).json()["secret"] for _ in range(2)}
    assert len(secrets) == 2


async def test_a_password_in_the_body_leaves_nothing_to_guess_from(desk: RunningService, staff: str) -> None:
    client = desk.client(staff, **{"Idempotency-Key": "with-a-password"})
    bodies = [{"text": "x", "extra": {"password": password, "a": "b"}} for password in ("hunter2", "another")]
    first, again = [await client.post("/notes", json=body) for body in bodies]
    assert again.content == first.content  # the password plays no part in telling requests apart
    assert (await client.post("/notes", json={**bodies[0], "text": "y"})).status_code == 422


async def test_after_a_day_the_key_is_forgotten(desk: RunningService, staff: str, hotel: HotelId) -> None:
    async def a_day_passes() -> None:
        async with desk.runtime.db.transaction(hotel) as tx:
            await tx.execute(text("update idempotency_keys set created_at = now() - interval '25 hours'"))

    client = desk.client(staff, **{"Idempotency-Key": "yesterday"})
    await client.post("/notes", json={"text": "old"})
    await a_day_passes()
    assert (await client.post("/notes", json={"text": "new"})).status_code == 201
    await a_day_passes()
    async with desk.runtime.worker_db.autocommit() as connection:
        assert await idempotency.purge(connection) == 1
    async with desk.runtime.db.transaction(hotel) as tx:
        assert await tx.scalar(text("select count(*) from idempotency_keys")) == 0

"""Whatever is sent to whichever route, the answer is a clear problem and nothing has changed.

The routes come from the services' own OpenAPI documents: a new route is covered by itself.
"""

import json
from collections.abc import Iterator

import httpx
import pytest

from devstack.stack import Stack
from kit.hotels import Hotel, documents, open_hotel, own_token, path_at, state_of
from kit.samples import Operation

JSON = {"content-type": "application/json"}
TOKENS = ("/tokens", "/oauth", "/api/session", "/webhooks")
PLATFORM = ("/hotels", "/clerk-organisation", "/impersonations", "/confirm-domains")
"""What superadmins alone send."""
"""Routes about passwords: limited per minute and address, so tried in their service's own tests."""


@pytest.fixture(scope="module")
async def hotel(stack: Stack) -> Hotel:
    """Signed in, with a conversation, an escalation, an article."""
    return await open_hotel(stack, "lindenhof", "anna.admin@lindenhof.example")


def bad_bodies(operation: Operation, hotel: Hotel) -> Iterator[tuple[str, bytes, set[int]]]:
    """What is wrong, the body, and the statuses that say so."""
    good = operation.body(hotel.ids)
    yield "broken JSON", b'{"broken": ', {400, 422}
    yield "invalid UTF-8", b'{"text": "\xff\xfe"}', {400, 422}
    yield "a list", b"[]", {422}
    yield "an unknown field", json.dumps({**(good or {}), "surprise": 1}).encode(), {422}
    yield "NUL", json.dumps({**(good or {}), "surprise": "\x00"}).encode(), {422}
    yield "numbers for everything", json.dumps(dict.fromkeys(good or {"surprise": 1}, -1.5)).encode(), {422}
    brings_files = operation.path.endswith("/knowledge/imports")
    yield "a huge body", b'{"text": "' + b"x" * (12_000_000 if brings_files else 1_000_000) + b'"}', {413}


async def test_a_bad_body_is_a_clear_problem_and_changes_nothing(stack: Stack, hotel: Hotel) -> None:
    before = await state_of(stack, hotel.ids["hotel_id"])
    tried = 0
    wrong: list[str] = []
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for operation in await documents(stack):
            if "application/json" not in operation.details.get("requestBody", {}).get("content", {}):
                continue
            if operation.path.startswith(TOKENS) or operation.path.endswith(PLATFORM):
                continue
            url = path_at(stack, operation, hotel.ids)
            bearer = {"authorization": f"Bearer {own_token(operation, hotel)}"}
            for what, body, expected in bad_bodies(operation, hotel):
                answer = await http.request(operation.method.upper(), url, content=body, headers=JSON | bearer)
                tried += 1
                problem = answer.headers["content-type"] == "application/problem+json" and answer.json()
                if answer.status_code not in expected or not problem or not problem["trace_id"]:
                    wrong.append(f"{operation}, {what}: {answer.status_code} {answer.text[:200]}")
                elif answer.status_code == 422 and not problem["errors"][0]["detail"]:
                    wrong.append(f"{operation}, {what}: names no field")
    assert not wrong, "\n".join(wrong)
    assert tried > 100
    after = await state_of(stack, hotel.ids["hotel_id"])
    assert after == before


async def test_an_id_that_is_no_id_is_a_clear_problem(stack: Stack, hotel: Hotel) -> None:
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for operation in await documents(stack):
            ids = dict.fromkeys(operation.parameters("path"), "not%00an-id")
            if not ids or "slug" in ids:
                continue
            answer = await http.request(
                operation.method.upper(),
                path_at(stack, operation, ids),
                json=operation.body(hotel.ids),
                headers={"authorization": f"Bearer {own_token(operation, hotel)}"},
            )
            assert answer.status_code in (400, 404, 422), f"{operation}: {answer.status_code} {answer.text[:200]}"
            assert answer.headers["content-type"] == "application/problem+json", str(operation)

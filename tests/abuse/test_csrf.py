"""What a page of another site can do with a browser that is signed in at the gateway, and with one that is not: nothing.

The routes come from the gateway's own OpenAPI document: a new one is covered by itself.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from devstack.stack import Stack
from gateway.domain.cookie import COOKIE
from kit.hotels import Hotel, documents, open_hotel, path_at, state_of
from kit.people import PASSWORD, Staff
from kit.samples import Operation

ADMIN = "anna.admin@lindenhof.example"
SIGNS_IN = {"/api/session", "/api/session/oidc"}
FOREIGN = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "https://[evil"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "https://other.frontdesk.example"},
)
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "")
"""What a page may send to another site without asking first (Fetch, CORS-safelisted content types)."""


@pytest.fixture(scope="module")
async def hotel(stack: Stack) -> Hotel:
    return await open_hotel(stack, "lindenhof", ADMIN)


@pytest.fixture(scope="module")
async def two(stack: Stack) -> AsyncGenerator[tuple[Staff, Staff]]:
    """The admin's browser, and another one of theirs."""
    async with AsyncExitStack() as open_:
        first, second = [
            await open_.enter_async_context(await Staff.signs_in(stack.url("gateway"), ADMIN)) for _ in range(2)
        ]
        yield first, second


async def unsafe(stack: Stack) -> list[Operation]:
    """Every route of the gateway's `/api` that changes something."""
    found = [one for one in await documents(stack) if one.service == "gateway" and one.path.startswith("/api/")]
    return [one for one in found if one.method != "get"]


def slug(answer: httpx.Response) -> str:
    return answer.json()["type"].removeprefix("urn:frontdesk:problem:")


async def test_nothing_is_changed_with_the_cookie_by_whoever_does_not_know_the_sessions_token(
    stack: Stack, hotel: Hotel, two: tuple[Staff, Staff]
) -> None:
    browser, other = two
    own = browser.http.headers["x-csrf-token"]
    before = await state_of(stack, hotel.ids["hotel_id"])
    tries = {
        "no token": ({"x-csrf-token": ""}, "csrf-token-missing"),
        "another session's": ({"x-csrf-token": other.http.headers["x-csrf-token"]}, "csrf-token-missing"),
        "a part of it": ({"x-csrf-token": own[:-1]}, "csrf-token-missing"),
        "a form": ({"x-csrf-token": "", "content-type": FORMS[0]}, "csrf-token-missing"),
        "another site": ({"x-csrf-token": own, "origin": "https://evil.example"}, "foreign-origin"),
        "another site, by Fetch Metadata": ({"x-csrf-token": own, "sec-fetch-site": "cross-site"}, "foreign-origin"),
    }
    routes = [one for one in await unsafe(stack) if one.path not in SIGNS_IN or one.method != "post"]
    for operation in routes:
        url, body = path_at(stack, operation, hotel.ids), operation.body(hotel.ids)
        for what, (headers, refusal) in tries.items():
            answer = await browser.http.request(operation.method.upper(), url, json=body, headers=headers)
            assert answer.status_code == 403, f"{operation}, {what}: {answer.status_code} {answer.text[:200]}"
            assert slug(answer) == refusal, f"{operation}, {what}"
    assert len(routes) > 50
    assert await state_of(stack, hotel.ids["hotel_id"]) == before
    assert (await browser.http.get("/api/session")).status_code == 200, "signing out takes the token, too"


@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_foreign_page_is_refused_with_the_right_token_and_the_gateways_own_is_not(
    stack: Stack, hotel: Hotel, two: tuple[Staff, Staff], headers: dict[str, str]
) -> None:
    browser, _ = two
    wanted = {"dashboard": {"from": str(headers)}}
    refused = await browser.http.put("/api/me/preferences", json=wanted, headers=headers | {"if-match": "*"})
    assert (refused.status_code, slug(refused)) == (403, "foreign-origin")
    own = {"origin": stack.url("gateway"), "sec-fetch-site": "same-origin", "if-match": "*"}
    for good in (own, {"origin": own["origin"], "if-match": "*"}):
        assert (await browser.http.put("/api/me/preferences", json=wanted, headers=good)).status_code == 200


async def test_a_cookie_is_not_needed_where_a_token_is_given_and_opens_nothing_beside_a_wrong_one(
    two: tuple[Staff, Staff],
) -> None:
    """A page that adds an Authorization header of its own does not get around the CSRF token by it."""
    browser, _ = two
    for given in ("Bearer x.y.z", "Bearer", "Basic eDp5", ""):
        headers = {"authorization": given, "x-csrf-token": ""}
        answer = await browser.http.post("/api/me/sessions/revoke-others", headers=headers)
        assert answer.status_code == 401, given


@pytest.mark.parametrize("path", sorted(SIGNS_IN))
async def test_no_page_of_another_site_signs_a_browser_in(stack: Stack, path: str) -> None:
    """Login CSRF: the guest of a foreign page would work in an attacker's account."""
    good = b'{"email": "%s", "password": "%s"}' % (ADMIN.encode(), PASSWORD.encode())
    async with httpx.AsyncClient(base_url=stack.url("gateway"), trust_env=False) as browser:
        for kind in FORMS:
            answer = await browser.post(path, content=good, headers={"content-type": kind} if kind else {})
            assert answer.status_code in (415, 422), f"{kind}: {answer.status_code} {answer.text}"
        for headers in FOREIGN:
            answer = await browser.post(path, content=good, headers=headers | {"content-type": "application/json"})
            assert (answer.status_code, slug(answer)) == (403, "foreign-origin"), headers
        asked_first = {"origin": "https://evil.example", "access-control-request-method": "POST"}
        preflight = await browser.options(path, headers=asked_first)
        assert not [name for name in preflight.headers if name.startswith("access-control-")]
        assert not browser.cookies


@pytest.mark.parametrize("headers", [one for one in FOREIGN if "origin" in one])
async def test_no_page_of_another_site_opens_the_live_stream(
    stack: Stack, two: tuple[Staff, Staff], headers: dict[str, str]
) -> None:
    browser, _ = two
    url = f"{stack.url('gateway').replace('http', 'ws', 1)}/api/live"
    cookie = {"cookie": f"{COOKIE}={browser.http.cookies[COOKIE]}"}
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, additional_headers=cookie | headers, proxy=None):
            pass
    assert refused.value.response.status_code == 403
    async with connect(url, additional_headers=cookie | {"origin": stack.url("gateway")}, proxy=None) as line:
        assert "hello" in str(await line.recv())


async def test_no_page_of_another_site_may_read_an_answer(stack: Stack, two: tuple[Staff, Staff]) -> None:
    browser, _ = two
    for operation in await documents(stack):
        if operation.service == "gateway" and operation.path.startswith("/api/") and operation.method == "get":
            url = path_at(
                stack, operation, dict.fromkeys(operation.parameters("path"), "0190aaaa-0000-7000-8000-0000000000ff")
            )
            answer = await browser.http.get(url, headers={"origin": "https://evil.example"})
            assert "access-control-allow-origin" not in answer.headers, str(operation)

"""One browser, one person, two hotels: from one to the other, and what must not come along."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from devstack.stack import Stack
from gateway.domain.cookie import COOKIE
from kit.browsers import body, browser, operator, slug
from kit.people import PASSWORD, Json

FELT_SECONDS = 5.0


async def two_hotels(stack: Stack) -> tuple[Json, Json, str]:
    """Two hotels of this test's own, and the address of somebody who runs the first and reads along in the second."""
    async with operator(stack) as api:
        hotels: list[Json] = []
        for name in ("North", "South"):
            hotel = {
                "slug": f"{name.lower()}-{secrets.token_hex(4)}",
                "name": name,
                "time_zone": "Europe/Vienna",
                "default_language": "en",
                "languages": ["en"],
            }
            hotels.append(body(await api.post("/hotels", json=hotel), 201))
        north, south = hotels
        email = f"tess@{north['slug']}.example"
        person = {"email": email, "name": "Tess", "role": "admin", "password": PASSWORD}
        user = body(await api.post(f"/hotels/{north['id']}/users", json=person), 201)
        body(await api.put(f"/hotels/{south['id']}/users/{user['id']}", json={"role": "viewer"}))
        for hotel in hotels:
            other = {"email": f"ada@{hotel['slug']}.example", "name": "Ada", "role": "admin", "password": PASSWORD}
            body(await api.post(f"/hotels/{hotel['id']}/users", json=other), 201)
        return north, south, email


@asynccontextmanager
async def live(stack: Stack, client: httpx.AsyncClient) -> AsyncGenerator[ClientConnection]:
    """The live stream of the browser's hotel."""
    headers = {"cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
    url = stack.url("gateway").replace("http", "ws", 1) + "/api/live"
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        assert '"hello"' in str(await socket.recv())
        yield socket


async def closed(stream: ClientConnection) -> int | None:
    """With which code the stream is closed."""
    async with asyncio.timeout(FELT_SECONDS):
        with suppress(ConnectionClosed):
            async for _ in stream:
                continue
    return stream.close_code


async def test_a_browser_goes_on_in_the_other_hotel_and_nothing_of_the_first_is_shown(stack: Stack) -> None:
    north, south, email = await two_hotels(stack)
    async with browser(stack, email) as tess, live(stack, tess) as stream:
        cookie = tess.cookies[COOKIE]
        guest = body(await tess.post("/api/guests", json={"name": "Nora North"}), 201)
        role = {"name": "porter", "display_name": "Porter of the North", "permissions": ["guest:read"]}
        body(await tess.post("/api/roles", json=role), 201)
        before = body(await tess.get("/api/session"))
        shown = await tess.get("/api/roles/porter")
        assert shown.headers["cache-control"] == "no-store"

        view = body(await tess.post("/api/session/switch", json={"hotel": south["slug"]}))
        assert (view["hotel"]["id"], view["role"]) == (south["id"], "viewer")
        assert view["csrf_token"] != before["csrf_token"]
        assert tess.cookies[COOKIE] == cookie, "the browser stays signed in"
        assert body(await tess.get("/api/session")) == view, "every tab of the browser is there now"
        assert body(await tess.get("/api/me"))["hotel"]["id"] == south["id"]

        assert (await tess.get(f"/api/guests/{guest['id']}")).status_code == 404
        assert body(await tess.get("/api/guests"))["items"] == []
        asked_again = await tess.get("/api/roles/porter", headers={"if-none-match": shown.headers["etag"]})
        assert asked_again.status_code == 404, "no ETag of the first hotel is good here"
        stale = await tess.post("/api/guests", json={"name": "By an old tab"})
        assert (stale.status_code, slug(stale)) == (403, "csrf-token-missing")
        assert await closed(stream) == 4401

        tess.headers["x-csrf-token"] = view["csrf_token"]
        assert slug(await tess.post("/api/guests", json={"name": "Reads only"})) == "missing-permission"
        [open_one] = body(await tess.get("/api/me/sessions"))["items"]
        assert (open_one["hotel_id"], open_one["current"]) == (south["id"], True), "the one that was left has ended"
        async with live(stack, tess):
            pass
        back = body(await tess.post("/api/session/switch", json={"hotel": north["id"]}))
        assert (back["hotel"]["id"], back["role"]) == (north["id"], "admin")


async def test_a_switch_that_is_refused_changes_nothing(stack: Stack) -> None:
    north, _, email = await two_hotels(stack)
    async with browser(stack, email) as tess:
        before = body(await tess.get("/api/session"))
        for elsewhere in ("no-such-hotel", "lindenhof", None):
            refused = await tess.post("/api/session/switch", json={"hotel": elsewhere})
            assert (refused.status_code, slug(refused)) == (404, "not-found")
        foreign = await tess.post("/api/session/switch", json={"hotel": None}, headers={"x-csrf-token": "guessed"})
        assert (foreign.status_code, slug(foreign)) == (403, "csrf-token-missing")
        assert (await tess.post("/api/session/switch", json={})).status_code == 422
        assert body(await tess.get("/api/session")) == before
        assert body(await tess.get("/api/me"))["hotel"]["id"] == north["id"]
    async with httpx.AsyncClient(base_url=stack.url("gateway"), trust_env=False) as stranger:
        refused = await stranger.post("/api/session/switch", json={"hotel": north["slug"]})
        assert refused.status_code == 401


async def test_of_two_tabs_that_switch_at_once_one_is_told_to_look_again(stack: Stack) -> None:
    _, south, email = await two_hotels(stack)
    async with browser(stack, email) as tess:
        answers = await asyncio.gather(
            *(tess.post("/api/session/switch", json={"hotel": south["slug"]}) for _ in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403], [a.text for a in answers]
        assert {slug(answer) for answer in answers if answer.status_code == 403} == {"csrf-token-missing"}
        [view] = [answer.json() for answer in answers if answer.status_code == 200]
        assert body(await tess.get("/api/session")) == view
        assert len(body(await tess.get("/api/me/sessions"))["items"]) == 1


async def test_a_person_deletes_their_account_and_the_browser_keeps_nothing_of_it(stack: Stack) -> None:
    _, _, email = await two_hotels(stack)
    async with browser(stack, email) as tess, live(stack, tess) as stream:
        cookie = tess.cookies[COOKIE]
        wrong = await tess.post("/api/me/delete", json={"current_password": "not it"})
        assert (wrong.status_code, slug(wrong)) == (422, "wrong-password")
        mine = {"current_password": PASSWORD}
        foreign = await tess.post("/api/me/delete", json=mine, headers={"x-csrf-token": "guessed"})
        assert (foreign.status_code, slug(foreign)) == (403, "csrf-token-missing")
        body(await tess.get("/api/me"))
        gone = await tess.post("/api/me/delete", json=mine)
        assert gone.status_code == 204, gone.text
        assert {name.partition("=")[0] for name in gone.headers.get_list("set-cookie")} == {COOKIE, "frontdesk_device"}
        assert COOKIE not in tess.cookies
        kept = await tess.get("/api/session", headers={"cookie": f"{COOKIE}={cookie}"})
        assert kept.status_code == 401, "the session is forgotten here, whoever still has the cookie"
        assert await closed(stream) == 4401
        again = await tess.post("/api/session", json={"email": email, "password": PASSWORD})
        assert (again.status_code, slug(again)) == (401, "bad-credentials")

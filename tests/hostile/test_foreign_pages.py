"""Pages of other sites, and tokens that were taken along: nothing of a hotel opens to them."""

import json

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from devstack.stack import Stack
from hostile.conftest import Unnoticed
from kit.people import PASSWORD, Guest
from servicekit.ids import new_id

FOREIGN = "https://evil.example"
OWN = "https://www.lindenhof.example"


async def test_a_foreign_page_gets_nothing_from_any_call_of_the_widget(
    stack: Stack, base: str, unnoticed: Unnoticed
) -> None:
    async with httpx.AsyncClient(timeout=15, trust_env=False) as http:
        paths = (await http.get(f"{stack.url('conversation')}/openapi.json")).json()["paths"]
        async with unnoticed(), await Guest.arrives(stack.url("conversation")) as guest:
            bodies = {
                "/widget/sessions": {"hotel": "lindenhof"},
                "/widget/conversations/{conversation_id}/messages": {"id": str(new_id()), "text": "hello"},
                "/widget/conversations/{conversation_id}/read": {"seq": 0},
            }
            tried = 0
            for path, methods in paths.items():
                for method in methods if path.startswith("/widget/") else ():
                    url = base + path.replace("{conversation_id}", str(guest.conversation_id))
                    for origin, refused in ((FOREIGN, True), ("null", True), (OWN, False)):
                        if not refused and path.endswith("/end"):
                            continue
                        answer = await http.request(
                            method.upper(),
                            url,
                            params={"hotel": "lindenhof"} if path.endswith("/opening") else None,
                            json=bodies.get(path, {}) if method == "post" else None,
                            headers={"origin": origin, "authorization": f"Bearer {guest.token}"},
                        )
                        said = f"{method} {path} from {origin}: {answer.status_code} {answer.text[:200]}"
                        assert (answer.status_code == 403) == refused, said
                        if refused:
                            assert answer.json()["type"].endswith("origin-not-allowed"), said
                        tried += 1
            assert tried > 20


@pytest.mark.parametrize("origin", [FOREIGN, "null", "https://www.lindenhof.example.evil.example"])
async def test_a_foreign_page_gets_no_websocket(base: str, unnoticed: Unnoticed, origin: str) -> None:
    async with unnoticed(), await Guest.arrives(base) as guest:
        refused = await _live(base, guest.path, guest.token, origin)
        assert refused in (403, 4403), refused
        assert await _live(base, guest.path, guest.token, OWN) is None


async def test_a_guest_token_opens_no_other_hotel_and_no_other_guest(base: str, unnoticed: Unnoticed) -> None:
    async with (
        unnoticed(),
        await Guest.arrives(base) as thief,
        await Guest.arrives(base) as neighbour,
        await Guest.arrives(base, "harbour-house") as elsewhere,
    ):
        for other in (neighbour, elsewhere):
            for answer in (
                await thief.http.get(f"{other.path}/messages"),
                await thief.http.post(f"{other.path}/messages", json={"id": str(new_id()), "text": "it is me"}),
                await thief.http.post(f"{other.path}/end"),
            ):
                assert answer.status_code == 404, answer.text
            assert await _live(base, other.path, thief.token, None) == 4404
        moved = await thief.http.post("/widget/sessions", json={"hotel": "harbour-house"})
        assert moved.status_code == 201
        assert moved.json()["guest_id"] != str(thief.guest_id), "a stranger there"


async def test_no_token_of_one_kind_opens_the_doors_of_another(stack: Stack, unnoticed: Unnoticed) -> None:
    desk, identity = stack.url("conversation"), stack.url("identity")
    async with unnoticed(), await Guest.arrives(desk) as guest, httpx.AsyncClient(trust_env=False) as http:
        signed_in = await http.post(
            f"{identity}/tokens", json={"email": "sam.staff@lindenhof.example", "password": PASSWORD}
        )
        staff = {"authorization": f"Bearer {signed_in.json()['access_token']}"}
        for base, path in ((desk, guest.path.removeprefix("/widget")), (stack.url("gateway"), "/api/inbox")):
            assert (await guest.http.get(f"{base}{path}")).status_code in (401, 403)
        assert (await http.get(f"{desk}{guest.path}/messages", headers=staff)).status_code in (401, 403)
        assert await _live(desk, guest.path, signed_in.json()["access_token"], None) in (4401, 4403)


async def _live(base: str, path: str, token: str, origin: str | None) -> int | None:
    """The status or code that the live WebSocket was refused with; None when it opened."""
    headers = {"origin": origin} if origin else {}
    try:
        async with connect(
            f"{base.replace('http', 'ws', 1)}{path}/live", additional_headers=headers, proxy=None
        ) as socket:
            await socket.send(json.dumps({"type": "hello", "token": token}))
            while True:
                if json.loads(await socket.recv())["type"] == "state":
                    return None
    except InvalidStatus as error:
        return error.response.status_code
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006

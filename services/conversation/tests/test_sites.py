"""On which sites a hotel's widget runs: pages of others are refused, also with a token they got hold of."""

import json

import httpx
import pytest
from conversation_play import Guest, Hotel
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from contracts.events import HotelUpdated
from conversation.reactions import on_hotel
from servicekit.ids import new_id
from servicekit.testing import RunningService

OWN, STRANGER = "https://www.lindenhof.example", "https://stranger.example"


@pytest.fixture
async def hotel(hotel: Hotel) -> Hotel:
    """A hotel that has its widget on its own site only."""
    async with hotel.app.runtime.worker_db.transaction(hotel.id) as tx:
        await on_hotel(hotel.described(HotelUpdated, allowed_origins=(OWN,), version=2), tx)
    return hotel


async def calls(guest: Guest, origin: str | None) -> list[httpx.Response]:
    """Everything a widget says over HTTP, with the guest's token, from a page of that origin."""
    widget = guest.client
    headers = {"origin": origin} if origin else {}
    message = {"id": str(new_id()), "text": "Is there parking?"}
    slug = guest.hotel.slug
    return [
        await widget.get("/widget/opening", params={"hotel": slug}, headers=headers),
        await widget.post("/widget/sessions", json={"hotel": slug}, headers=headers),
        await widget.post("/widget/conversations", headers=headers),
        await widget.get("/widget/conversations/current", headers=headers),
        await widget.get(f"{guest.path}/messages", headers=headers),
        await widget.post(f"{guest.path}/messages", json=message, headers=headers),
        await widget.post(f"{guest.path}/typing", headers=headers),
        await widget.post(f"{guest.path}/end", headers=headers),
    ]


@pytest.mark.parametrize("origin", [OWN, None])
async def test_the_hotels_own_site_and_callers_that_are_no_page_may_do_everything(
    guest: Guest, origin: str | None
) -> None:
    answers = await calls(guest, origin)
    assert all(answer.is_success for answer in answers), [answer.text for answer in answers]
    assert {answer.headers.get("access-control-allow-origin") for answer in answers} == {origin}


@pytest.mark.parametrize("origin", [STRANGER, "null", "http://www.lindenhof.example", f"{OWN}:8443", OWN.upper()])
async def test_another_site_may_do_nothing_though_it_has_the_guests_token(guest: Guest, origin: str) -> None:
    for answer in await calls(guest, origin):
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:frontdesk:problem:origin-not-allowed")
        assert answer.headers["access-control-allow-origin"] == origin, (
            "the widget reads why, and tells the page's owner"
        )
        assert set(answer.json()) <= {"type", "title", "status", "trace_id"}, "there is nothing else to read"
    assert (await guest.conversation())["last_seq"] == 0


async def test_a_guests_token_taken_to_another_hotels_site_is_refused_there(guest: Guest, other_hotel: Hotel) -> None:
    async with other_hotel.app.runtime.worker_db.transaction(other_hotel.id) as tx:
        theirs = other_hotel.described(HotelUpdated, allowed_origins=(STRANGER,), version=2)
        await on_hotel(theirs, tx)
    assert (await guest.client.get("/widget/conversations/current", headers={"origin": STRANGER})).status_code == 403
    assert (await (await other_hotel.guest()).client.get("/widget/conversations/current")).status_code == 200


@pytest.mark.parametrize(("origin", "code"), [(OWN, None), (STRANGER, 4403)])
async def test_the_socket_opens_for_the_hotels_own_site_only(guest: Guest, origin: str, code: int | None) -> None:
    url = guest.hotel.app.url.replace("http", "ws", 1) + f"{guest.path}/live"
    async with connect(url, proxy=None, origin=origin) as line:  # type: ignore[arg-type]  # websockets has a name for it
        await line.send(json.dumps({"type": "hello", "token": guest.token}))
        first = json.loads(await line.recv())
        if code is None:
            assert first["type"] == "state"
            return
        assert first["problem"]["type"] == "urn:frontdesk:problem:origin-not-allowed"
        with pytest.raises(ConnectionClosed) as closed:
            await line.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code


async def test_a_site_that_the_hotel_takes_off_its_list_is_refused_in_time(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversation.adapters.sites.KEPT_SECONDS", 0)
    path, headers = "/widget/conversations/current", {"origin": OWN}
    assert (await guest.client.get(path, headers=headers)).status_code == 200
    async with guest.hotel.app.runtime.worker_db.transaction(guest.hotel.id) as tx:
        await on_hotel(guest.hotel.described(HotelUpdated, allowed_origins=(STRANGER,), version=3), tx)
    assert (await guest.client.get(path, headers=headers)).status_code == 403


async def test_a_socket_that_is_open_closes_when_the_hotel_takes_its_site_off_the_list(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversation.adapters.sites.KEPT_SECONDS", 0)
    monkeypatch.setattr("conversation.routes.live.CHECK_SECONDS", 0)
    hotel = guest.hotel
    async with guest.live(origin=OWN) as gone, guest.live() as stays:
        await gone.frame("state")
        await stays.frame("state")
        async with hotel.app.runtime.worker_db.transaction(hotel.id) as tx:
            await on_hotel(hotel.described(HotelUpdated, allowed_origins=(STRANGER,), version=3), tx)
        assert (await gone.frame("error"))["problem"]["type"] == "urn:frontdesk:problem:origin-not-allowed"
        with pytest.raises(ConnectionClosed) as closed:
            await gone.socket.recv()
        await guest.say("Is anybody there?")
        await stays.frame("message", sender="guest")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


async def test_a_browser_may_ask_first_from_any_site_and_sends_no_cookie(desk: RunningService) -> None:
    answer = await desk.client().options(
        f"/widget/conversations/{new_id()}/messages",
        headers={
            "origin": STRANGER,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        },
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == STRANGER
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_page_reads_when_to_come_back(guest: Guest) -> None:
    headers = {"origin": OWN}
    answers = [await guest.client.post("/widget/conversations", headers=headers) for _ in range(31)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["access-control-allow-origin"] == OWN
    assert int(answers[-1].headers["retry-after"]) > 0
    assert "Retry-After" in answers[-1].headers["access-control-expose-headers"]


async def test_a_page_reads_that_what_it_sent_is_too_large(guest: Guest) -> None:
    headers = {"origin": OWN, "content-type": "application/json"}
    answer = await guest.client.post(f"{guest.path}/messages", content=b"x" * 1_000_000, headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (413, OWN)


async def test_the_desks_own_routes_are_no_pages_business(guest: Guest, hotel: Hotel) -> None:
    answer = await hotel.staff().get(guest.staff_path, headers={"origin": OWN})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers

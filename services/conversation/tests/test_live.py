"""The widget's WebSocket: guests see what is said as it is said, miss nothing after a reconnect, and are let go in time."""

import asyncio
import json
import socket
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from conversation_play import Guest, Hotel
from redis.asyncio import Redis
from service_play import ScriptedEngine, service_with, start_without_kafka
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from contracts.events import HotelDeactivated
from contracts.ids import ConversationId, GuestId, HotelId
from contracts.statuses import HotelStatus
from conversation.queries.live import Sight, look
from conversation.resources import resources_of
from conversation.routes.live import MAX_BAD_FRAMES, POLL_SECONDS
from servicekit.database import Database
from servicekit.hints import GAP
from servicekit.ids import new_id
from servicekit.startup import running
from servicekit.testing import Parts, TokenIssuer, eventually


async def test_a_guest_asks_over_the_socket_and_is_answered_there(guest: Guest) -> None:
    async with guest.live() as live:
        assert (await live.frame("state"))["conversation"]["owner"] == "ai"
        message_id = str(new_id())
        await live.send(type="message", id=message_id, text="Can I bring my dog?")
        assert await live.frame("ack") == {"type": "ack", "id": message_id, "seq": 1}
        answer = await live.frame("message", sender="ai")
        assert answer["message"]["text"] == "About Can I bring my dog?"


async def test_the_guest_sees_that_the_ai_is_at_it(guest: Guest, engine: ScriptedEngine) -> None:
    async with guest.live() as live, engine.held("long thought"):
        await live.send(type="message", id=str(new_id()), text="long thought?")
        assert (await live.frame("typing"))["by"] == "ai"


async def test_staff_and_guest_see_each_other_live(guest: Guest, hotel: Hotel) -> None:
    sam = hotel.staff()
    async with guest.live() as live:
        await live.frame("state")
        await sam.post(f"{guest.staff_path}/take-over")
        assert (await live.frame("state", status="with_staff"))["conversation"]["assignee"]["name"] == "Sam"
        assert (await sam.post(f"{guest.staff_path}/typing")).status_code == 204
        assert (await live.frame("typing"))["by"] == "staff"
        await sam.post(f"{guest.staff_path}/messages", json={"id": str(new_id()), "text": "Good evening!"})
        said = await live.frame("message", sender="staff")
        assert (said["message"]["text"], said["message"]["sender_name"]) == ("Good evening!", "Sam")
        await sam.post(f"{guest.staff_path}/end")
        await live.frame("state", status="ended")


async def test_after_a_reconnect_nothing_is_missed_and_nothing_repeated(guest: Guest) -> None:
    await guest.ask("Is there parking?")
    await guest.ask("Is there a pool?")
    async with guest.live(after_seq=3) as live:
        assert (await live.frame("message"))["message"]["seq"] == 4
        await guest.say("And a sauna?")
        assert (await live.frame("message"))["message"]["seq"] == 5


async def test_a_long_conversation_comes_whole(guest: Guest) -> None:
    await guest.long_conversation("line", 450)
    async with guest.live() as live:
        seen = [(await live.frame("message"))["message"]["seq"] for _ in range(450)]
    assert seen == list(range(1, 451))


async def test_sending_again_over_the_socket_is_acknowledged_again(guest: Guest) -> None:
    async with guest.live() as live:
        message_id = str(new_id())
        for _ in range(2):
            await live.send(type="message", id=message_id, text="Can I bring my dog?")
            assert (await live.frame("ack"))["seq"] == 1
        await live.send(type="message", id=message_id, text="Or my cat?")
        refused = await live.frame("error")
        assert (refused["id"], refused["problem"]["status"]) == (message_id, 409)


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        '{"type": "dance"}',
        '{"type": "message", "id": "1", "text": "Hi"}',
        '{"type": "message", "id": "0190a000-0000-7000-8000-000000000001", "text": "a\\u0000b"}',
        '{"type": "message", "id": "0190a000-0000-7000-8000-000000000001", "text": "%s"}' % ("x" * 30_000),
        b"\x00\x01",
    ],
)
async def test_a_bad_frame_is_answered_with_a_problem_and_the_line_stays_open(guest: Guest, frame: str | bytes) -> None:
    async with guest.live() as live:
        await live.socket.send(frame)
        assert (await live.frame("error"))["problem"]["status"] == 400
        await live.send(type="message", id=str(new_id()), text="Still there?")
        await live.frame("ack")


async def test_a_socket_that_talks_nonsense_is_closed(guest: Guest) -> None:
    async with guest.live() as live:
        for _ in range(MAX_BAD_FRAMES + 1):
            await live.socket.send("nonsense")
            await live.frame("error")
        with pytest.raises(ConnectionClosed) as closed:
            await live.socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


@pytest.mark.parametrize("hello", ['{"type": "hello", "token": "made up"}', '{"type": "typing"}', "[]"])
async def test_a_socket_without_a_good_hello_is_refused(guest: Guest, hello: str) -> None:
    async with connect(guest.hotel.app.url.replace("http", "ws", 1) + f"{guest.path}/live", proxy=None) as line:
        await line.send(hello)
        assert json.loads(await line.recv())["type"] == "error"
        with pytest.raises(ConnectionClosed) as closed:
            await line.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code in (4400, 4401)


async def test_the_socket_closes_when_the_token_expires(guest: Guest, hotel: Hotel) -> None:
    tokens = resources_of(hotel.app.runtime).tokens
    almost_a_day_ago = datetime.now(UTC) - timedelta(hours=24) + timedelta(seconds=0.5)
    token, _ = type(tokens)(tokens.key, lambda: almost_a_day_ago).issue(hotel.id, GuestId(guest.id))
    async with guest.live(token=token) as live:
        assert (await live.frame("error"))["problem"]["status"] == 401
        with pytest.raises(ConnectionClosed) as closed:
            await live.socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401


async def test_the_socket_closes_when_the_hotel_is_suspended(guest: Guest, hotel: Hotel) -> None:
    async with guest.live() as live:
        await live.frame("state")
        suspended = hotel.described(HotelDeactivated, status=HotelStatus.INACTIVE, version=2)
        await hotel.app.publish(suspended, hotel.id)
        async with asyncio.timeout(5):
            assert (await live.frame("error"))["problem"]["type"] == "urn:frontdesk:problem:hotel-suspended"


async def test_without_valkey_the_widget_polls(parts: Parts, issuer: TokenIssuer, engine: ScriptedEngine) -> None:
    """Two processes, no Valkey between them: what one writes reaches a guest at the other."""
    service = service_with(engine)
    async with (
        start_without_kafka(service, parts, issuer, valkey_url="redis://127.0.0.1:1/0") as first,
        running(service, first.settings, "api") as second,
    ):
        assert second.api is not None
        hotel = await Hotel(first, issuer).open_at_once()
        guest = await hotel.guest()
        url = second.api.url.replace("http", "ws", 1) + f"{guest.path}/live"
        async with connect(url, proxy=None) as line:
            await line.send(json.dumps({"type": "hello", "token": guest.token, "after_seq": 0}))
            assert json.loads(await line.recv())["type"] == "state"
            await guest.say("Is anybody there?")
            senders = [json.loads(await line.recv())["message"]["sender"] for _ in range(2)]
        assert senders == ["guest", "ai"]


async def test_a_guest_hears_what_no_hint_told_of(guest: Guest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conversation.routes.live.CHECK_SECONDS", 0)
    async with guest.live() as live:
        await live.frame("state")
        await guest.long_conversation("said by a process that Valkey does not hear", 1)
        assert (await live.frame("message"))["message"]["seq"] == 1


async def test_after_a_gap_in_valkey_those_who_missed_something_hear_it_at_once_and_the_others_do_not_ask(
    hotel: Hotel, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand who all look at once, when Valkey comes back, keep each other and the guests' messages waiting."""
    looked: list[ConversationId] = []

    async def noted(db: Database, hotel_id: HotelId, conversation_id: ConversationId, *rest: Any) -> Sight:
        looked.append(conversation_id)
        return await look(db, hotel_id, conversation_id, *rest)

    guests = [await hotel.guest() for _ in range(4)]
    missed = guests[0]
    monkeypatch.setattr("conversation.routes.live.look", noted)
    monkeypatch.setattr("conversation.routes.live.CHECK_SECONDS", 3600)
    hints = hotel.app.runtime.hints
    valkey = Redis.from_url(parts.valkey_url)
    async with AsyncExitStack() as stack:
        lives = [await stack.enter_async_context(guest.live()) for guest in guests]
        for live in lives:
            await live.frame("state")
        await eventually(lambda: hints.connected)
        looked.clear()
        with hints.subscribe("another") as gaps:
            await missed.long_conversation("said while no hint came through", 1)
            for client in await valkey.client_list(_type="pubsub"):
                if client["name"].startswith(hotel.app.settings.valkey_namespace):  # other suites use this Valkey, too
                    await valkey.client_kill_filter(_id=client["id"])
            assert await gaps.wait(10) == GAP
            async with asyncio.timeout(POLL_SECONDS):
                assert (await lives[0].frame("message"))["message"]["seq"] == 1
        await asyncio.sleep(0.2)
    await valkey.aclose()
    assert {str(one) for one in looked} == {missed.conversation_id}


async def test_a_widget_that_leaves_is_forgotten(guest: Guest, hotel: Hotel) -> None:
    widgets = resources_of(hotel.app.runtime).widgets
    before = len(widgets)
    async with guest.live() as live:
        await live.frame("state")
        assert len(widgets) == before + 1
    await eventually(lambda: len(widgets) == before)


async def test_a_client_that_does_not_read_is_let_go(
    guest: Guest, hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conversation.routes.live.SEND_SECONDS", 0.2)
    await guest.long_conversation("x" * 4000, 2000)
    widgets = resources_of(hotel.app.runtime).widgets
    before = len(widgets)
    narrow = socket.create_connection(("127.0.0.1", httpx.URL(hotel.app.url).port))
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    async with guest.live(sock=narrow):
        await eventually(lambda: len(widgets) == before + 1)
        await eventually(lambda: len(widgets) == before)

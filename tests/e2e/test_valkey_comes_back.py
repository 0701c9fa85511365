"""Valkey comes back from a snapshot that is older than what it had: whoever missed something is told so."""

import json

from redis.asyncio import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from devstack.stack import Stack
from kit.people import Frames, Guest, Json, Staff, until


async def test_a_dashboard_that_was_away_while_valkey_came_back_with_less_is_told_to_fetch_again(stack: Stack) -> None:
    gateway, desk = stack.url("gateway"), stack.url("conversation")
    async with (
        await Staff.signs_in(gateway, "sam.staff@lindenhof.example") as sam,
        await Staff.signs_in(gateway, "anna.admin@lindenhof.example") as anna,
        await Guest.arrives(desk) as guest,
    ):
        valkey = Redis.from_url(stack.part_urls.valkey)
        await valkey.save()
        await valkey.aclose()
        async with anna.live() as watching:
            async with sam.live() as away_soon:
                cursor = (await _seen(away_soon, await guest.says("Thank you!")))["cursor"]
            await _seen(watching, await guest.says("Thank you!"))  # sam has not seen it, and the snapshot has it not
        stack.kill_part("valkey")
        stack.start_part("valkey")
        assert (await _greeting(anna, None))["type"] == "hello"
        async with anna.live() as watching:
            await _seen(watching, await guest.says("Thank you!"))
        assert (await _greeting(sam, cursor))["type"] == "resync"


async def _seen(frames: Frames, message: Json) -> Json:
    """The frame of the message's event."""
    return await frames.until(
        lambda frame: frame["type"] == "event" and frame["event"].get("message_id") == message["id"]
    )


async def _greeting(staff: Staff, cursor: str | None) -> Json:
    """The first frame of a dashboard that comes back, and comes again until it is let in."""
    url = f"{staff.gateway.replace('http', 'ws', 1)}/api/live" + (f"?cursor={cursor}" if cursor else "")
    cookie = "; ".join(f"{c.name}={c.value}" for c in staff.http.cookies.jar)

    async def first_frame() -> Json | None:
        try:
            async with connect(url, additional_headers={"cookie": cookie}, proxy=None) as socket:
                return json.loads(await socket.recv())
        except (ConnectionClosed, InvalidHandshake):
            return None

    return await until(first_frame, what="a greeting")

"""A hotel is suspended, comes back, is deleted and purged: who is in it is out within 5 s, and no service keeps anything."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import httpx

from devstack.stack import Stack
from kit.hotels import state_of
from kit.people import PASSWORD, Frames, Guest, Json, Staff, listening, until

ROOT = "root@frontdesk.example"
PROMISED_SECONDS = 5.0
EMPTY = {"identity.hotels", "identity.hotel_confirmations"}
"""Where something stays of a hotel that is gone: its id and slug, and the proof."""


@dataclass
class House:
    """A hotel of this test's own, with its admin; the superadmin's client."""

    stack: Stack
    root: httpx.AsyncClient
    id: str
    slug: str

    @property
    def admin(self) -> str:
        return f"admin@{self.slug}.example"

    async def does(self, verb: str) -> Json:
        answer = await self.root.post(f"/hotels/{self.id}/{verb}")
        assert answer.is_success, answer.text
        return answer.json()

    async def purge(self) -> Json:
        return (await self.root.get(f"/hotels/{self.id}/purge")).json()

    async def guest(self) -> Guest:
        async def arrived() -> Guest | None:
            try:
                return await Guest.arrives(self.stack.url("conversation"), self.slug)
            except httpx.HTTPStatusError:
                return None

        return await until(arrived, what="a widget")

    async def session(self) -> int:
        """What a widget that is opened now gets."""
        async with httpx.AsyncClient(base_url=self.stack.url("conversation"), trust_env=False) as http:
            return (await http.post("/widget/sessions", json={"hotel": self.slug, "language": "en"})).status_code

    async def sign_in(self) -> int:
        async with httpx.AsyncClient(base_url=self.stack.url("gateway"), trust_env=False) as http:
            answer = await http.post("/api/session", json={"email": self.admin, "password": PASSWORD})
            return answer.status_code


@asynccontextmanager
async def house(stack: Stack) -> AsyncGenerator[House]:
    async with httpx.AsyncClient(base_url=stack.url("identity"), timeout=15, trust_env=False) as root:
        session = (await root.post("/tokens", json={"email": ROOT, "password": PASSWORD})).json()
        root.headers["authorization"] = f"Bearer {session['access_token']}"
        slug = f"house-{secrets.token_hex(4)}"
        settings = {"name": "House", "time_zone": "Europe/Vienna", "default_language": "en", "languages": ["en"]}
        made = (await root.post("/hotels", json={"slug": slug, **settings})).json()
        here = House(stack, root, made["id"], slug)
        user = {"email": here.admin, "name": "Ada", "role": "admin", "password": PASSWORD}
        assert (await root.post(f"/hotels/{here.id}/users", json=user)).status_code == 201
        yield here


async def is_hung_up_on(frames: Frames) -> None:
    await frames.socket.wait_closed()


async def everybody_is_out(here: House, guest: Guest, staff: Staff, since: float, *lines: Frames) -> None:
    """Within what is promised: open connections, tokens, sign-in, the widget."""
    async with asyncio.timeout(PROMISED_SECONDS):
        await asyncio.gather(*map(is_hung_up_on, lines))

        async def shut() -> bool:
            answers = (
                (await guest.http.get("/widget/conversations/current")).status_code,
                (await staff.http.get("/api/hotels")).status_code,
                await here.sign_in(),
                await here.session(),
            )
            return all(status in (401, 403, 404) for status in answers)

        await until(shut, PROMISED_SECONDS, what="everybody out")
    assert time.monotonic() - since < PROMISED_SECONDS


async def test_who_is_in_a_suspended_or_deleted_hotel_is_out_within_five_seconds_and_its_data_stays(
    stack: Stack,
) -> None:
    async with house(stack) as here, await here.guest() as guest:
        await guest.says("I want a refund!")
        for ended, back in (("deactivate", ("activate",)), ("delete", ("restore", "activate"))):
            staff = await Staff.signs_in(stack.url("gateway"), here.admin)
            async with guest.live() as widget, staff.live() as dashboard:
                since = time.monotonic()
                if ended == "delete":
                    assert (await here.root.delete(f"/hotels/{here.id}")).is_success
                else:
                    await here.does(ended)
                await everybody_is_out(here, guest, staff, since, widget, dashboard)
            for step in back:
                await here.does(step)

            async def served() -> bool:
                found = await guest.http.get(f"{guest.path}/messages", params={"after_seq": 0})
                return found.status_code == 200 and found.json()["items"][0]["text"] == "I want a refund!"

            await until(served, what="the hotel as it was")
            async with listening(
                f"{guest.base.replace('http', 'ws', 1)}{guest.path}/live",
                hello={"type": "hello", "token": guest.token, "after_seq": 0},
            ) as again:
                await again.until(lambda frame: frame["type"] != "error")
            await staff.http.aclose()


async def test_a_purged_hotel_is_gone_from_every_service_with_a_proof_of_each_and_the_others_are_untouched(
    stack: Stack,
) -> None:
    async with house(stack) as here, house(stack) as other:
        for one in (here, other):
            async with await one.guest() as guest:
                await guest.asks("I want a refund!")

        async def known(one: House) -> bool:
            # The hotel, its people and what the guest set off have arrived everywhere.
            held = {table for table, digest in (await state_of(stack, one.id)).items() if digest != NOTHING}
            return {"conversation.messages", "conversation.staff", "escalation.timeline", "identity.guests"} <= held

        for one in (here, other):
            await until(lambda one=one: known(one), what="a hotel with something of everything")
        before = await state_of(stack, other.id)
        assert (await here.root.delete(f"/hotels/{here.id}")).is_success
        await let_the_grace_period_end(stack, here)
        stack.restart("identity")  # whose jobs run when a process begins to lead

        async def purged() -> bool:
            try:
                return (await here.purge())["state"] == "purged"
            except (httpx.HTTPError, KeyError):
                return False

        await until(purged, 60, what="the purge")
        proof = await here.purge()
        counts = {one["service"]: one["counts"] for one in proof["confirmations"]}
        assert counts["conversation"]["messages"] >= 2
        assert counts["escalation"]["timeline"] >= 1
        assert counts["identity"]["memberships"] == 1
        assert proof["missing"] == []
        left = {table for table, digest in (await state_of(stack, here.id)).items() if digest != NOTHING}
        assert left <= EMPTY | {f"{service}.forgotten_hotels" for service in counts}
        assert await state_of(stack, other.id) == before


NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of nothing: the digest of no rows."""


async def let_the_grace_period_end(stack: Stack, here: House) -> None:
    address = stack.part_urls.postgres.rsplit("/", 1)[0]
    connection = await asyncpg.connect(f"{address}/{stack.database_urls('identity')['app'].rsplit('/', 1)[1]}")
    try:
        await connection.execute("update hotels set purge_after = now() where id::text = $1", here.id)
    finally:
        await connection.close()

"""A stolen session played through on the whole stack, thief and browser in every order: the family of tokens ends, every
service and open stream refuses it within five seconds, and nobody else notices.

The thief has a copy of all that the gateway keeps for the browser, and uses it at identity and everywhere else. Staff have
no other WebSocket than the gateway's: the conversation service's is for guests, whose tokens are of no such family.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import UUID

import httpx
import jwt
import pytest
from redis.asyncio import Redis

from devstack.stack import Stack
from gateway.adapters.sessions import Session, Sessions
from gateway.domain.cookie import COOKIE
from kit.hotels import database, new_hotel
from kit.people import PASSWORD, Frames, Json, Staff, browser, listening, until

FELT_SECONDS = 5.0
OVERLAP_SECONDS = 10
"""As long as a refresh token that was used gives another one (ADR 0021)."""
OVER = 4401
EVERYWHERE = (
    ("identity", "/me"),
    ("conversation", "/articles"),
    ("escalation", "/escalations/queue"),
    ("gateway", "/api/inbox"),
)
"""A route of each service that every member of staff may read."""


@dataclass(slots=True)
class Theft:
    """A browser that is signed in, a thief with a copy of its session, and each with an open live stream."""

    stack: Stack
    owner: Staff
    thief: httpx.AsyncClient
    stolen: Session
    streams: list[Frames]
    held: list[str] = field(default_factory=list[str])
    """Every access token of the family that anybody got."""

    async def thief_refreshes(self, token: str | None = None) -> str | None:
        """At identity, with what was stolen or what came of it: the next refresh token; None: refused."""
        answer = await self.thief.post("/tokens/refresh", json={"refresh_token": token or self.stolen.refresh_token})
        if answer.status_code == 401:
            return None
        assert answer.status_code == 200, answer.text
        self.held.append(answer.json()["access_token"])
        return answer.json()["refresh_token"]

    async def browser_refreshes(self) -> bool:
        """At the gateway, with the cookie. False: refused."""
        answer = await self.owner.http.post("/api/session/refresh")
        if answer.status_code == 401:
            return False
        assert answer.status_code == 200, answer.text
        self.held.append((await kept_for(self.stack, self.owner)).access_token)
        return True

    async def overlap_passes(self) -> None:
        """Every use of a token of the family is longer ago than the seconds in which it may be repeated."""
        connection = await database(self.stack, "identity")
        try:
            moved = await connection.execute(
                "update refresh_tokens set rotated_at = rotated_at - make_interval(secs => $1)"
                " where session_id = $2 and rotated_at is not null",
                OVERLAP_SECONDS + 1,
                UUID(jwt.decode(self.stolen.access_token, options={"verify_signature": False})["sid"]),
            )
        finally:
            await connection.close()
        assert moved != "UPDATE 0"

    async def let_in(self) -> list[str]:
        """Who still takes which of the family's access tokens, and the browser's cookie."""
        found = ["gateway by cookie"] if (await self.owner.http.get("/api/inbox")).status_code != 401 else []
        async with httpx.AsyncClient(timeout=15, trust_env=False) as http:
            for number, token in enumerate(self.held):
                for service, path in EVERYWHERE:
                    headers = {"authorization": f"Bearer {token}"}
                    answer = await http.get(f"{self.stack.url(service)}{path}", headers=headers)
                    assert answer.status_code in (200, 401), f"{service}: {answer.status_code} {answer.text}"
                    if answer.status_code == 200:
                        found.append(f"{service} with token {number}")
        return found

    async def streams_open(self) -> list[int]:
        """Which of the family's access tokens still open a live stream."""
        found: list[int] = []
        for number, token in enumerate(self.held):
            async with listening(live_url(self.stack), hello={"type": "hello", "token": token}) as stream:
                first = await stream.until(lambda frame: frame["type"] in ("hello", "error"), FELT_SECONDS)
                if first["type"] == "hello":
                    found.append(number)
                else:
                    assert first["problem"]["status"] == 401
        return found


def live_url(stack: Stack) -> str:
    """The dashboard's live stream."""
    return f"{stack.url('gateway').replace('http', 'ws', 1)}/api/live"


async def kept_for(stack: Stack, staff: Staff) -> Session:
    """What the gateway keeps for a browser, as somebody finds it who has broken into the gateway."""
    valkey = Redis.from_url(stack.part_urls.valkey)
    try:
        key = stack.state.secret_text("session-key")
        sessions = Sessions(valkey, f"{stack.namespace}frontdesk", key, 1, time.time)
        return await sessions.get(staff.http.cookies[COOKIE])
    finally:
        await valkey.aclose()


@dataclass(slots=True)
class Others:
    """Who must not notice: the owner on another device and a colleague, their dashboards open all the time."""

    owner_email: str
    people: list[tuple[Staff, Frames]]

    async def notice_nothing(self) -> None:
        """Signed in, the stream open, and the session goes on."""
        for staff, stream in self.people:
            await staff.get("/inbox")
            assert stream.socket.close_code is None
            await asyncio.wait_for(await stream.socket.ping(), 5)
            assert (await staff.http.post("/api/session/refresh")).status_code == 200


@pytest.fixture(scope="module")
async def others(stack: Stack) -> AsyncGenerator[Others]:
    """A hotel of this module's own."""
    gateway = stack.url("gateway")
    _, owner = await new_hotel(stack)
    colleague = owner.replace("ada@", "cleo@")
    async with AsyncExitStack() as open_:
        phone = await open_.enter_async_context(await Staff.signs_in(gateway, owner))
        person = {"email": colleague, "name": "Cleo", "role": "staff", "password": PASSWORD}
        await phone.does("/users", person, 201)
        cleo = await open_.enter_async_context(await Staff.signs_in(gateway, colleague))
        yield Others(owner, [(staff, await open_.enter_async_context(staff.live())) for staff in (phone, cleo)])


@pytest.fixture
async def theft(stack: Stack, others: Others) -> AsyncGenerator[Theft]:
    """One more session of the owner's, stolen."""
    async with AsyncExitStack() as open_:
        owner = await open_.enter_async_context(await Staff.signs_in(stack.url("gateway"), others.owner_email))
        thief = await open_.enter_async_context(browser(stack.url("identity")))
        stolen = await kept_for(stack, owner)
        bearer = {"authorization": f"Bearer {stolen.access_token}"}
        dashboard = await open_.enter_async_context(owner.live())
        listening_in = await open_.enter_async_context(listening(live_url(stack), bearer))
        await listening_in.until(lambda frame: frame["type"] == "hello")
        yield Theft(stack, owner, thief, stolen, [dashboard, listening_in], [stolen.access_token])


async def the_thief_first_the_browser_later(theft: Theft) -> None:
    assert await theft.thief_refreshes()
    await theft.overlap_passes()
    assert not await theft.browser_refreshes()


async def the_browser_first_the_thief_later(theft: Theft) -> None:
    assert await theft.browser_refreshes()
    await theft.overlap_passes()
    assert await theft.thief_refreshes() is None


async def within_the_overlap_and_the_thief_goes_on_second(theft: Theft) -> None:
    following = await theft.thief_refreshes()
    assert await theft.browser_refreshes(), "the overlap: both look like two tabs until the second of them goes on"
    assert await theft.browser_refreshes()
    assert following
    assert await theft.thief_refreshes(following) is None


async def at_the_same_moment_and_the_browser_goes_on_second(theft: Theft) -> None:
    following, went_on = await asyncio.gather(theft.thief_refreshes(), theft.browser_refreshes())
    assert following
    assert went_on
    assert await theft.thief_refreshes(following)
    assert not await theft.browser_refreshes()


@pytest.mark.parametrize(
    "found_out",
    [
        the_thief_first_the_browser_later,
        the_browser_first_the_thief_later,
        within_the_overlap_and_the_thief_goes_on_second,
        at_the_same_moment_and_the_browser_goes_on_second,
    ],
)
async def test_a_stolen_session_ends_everywhere_within_five_seconds_and_no_other_does(
    found_out: Callable[[Theft], Awaitable[None]], theft: Theft, others: Others
) -> None:
    assert len(await theft.let_in()) == 1 + len(EVERYWHERE), "both are in before it is found out"
    assert await theft.streams_open() == [0]
    assert [stream.socket.close_code for stream in theft.streams] == [None, None]
    await found_out(theft)
    found_at = time.monotonic()

    async def all_closed() -> bool:
        return all(stream.socket.close_code is not None for stream in theft.streams)

    async def nobody_in() -> bool:
        return not await theft.let_in() and not await theft.streams_open()

    await until(all_closed, FELT_SECONDS, what="the end of both live streams")
    assert [stream.socket.close_code for stream in theft.streams] == [OVER, OVER]
    left = FELT_SECONDS - (time.monotonic() - found_at)
    await until(nobody_in, left, what=f"the end of {len(theft.held)} access tokens at every service")
    assert await theft.thief_refreshes() is None
    assert not await theft.browser_refreshes()
    await others.notice_nothing()


async def test_two_tabs_of_one_browser_that_refresh_at_once_stay_signed_in(stack: Stack, others: Others) -> None:
    async with await Staff.signs_in(stack.url("gateway"), others.owner_email) as staff, staff.live() as dashboard:
        for _ in range(2):
            tabs = await asyncio.gather(*(staff.http.post("/api/session/refresh") for _ in range(2)))
            assert [tab.status_code for tab in tabs] == [200, 200]
        await staff.get("/inbox")
        assert dashboard.socket.close_code is None
    await others.notice_nothing()


async def test_two_tabs_that_refresh_at_identity_themselves_stay_signed_in(stack: Stack, others: Others) -> None:
    async with browser(stack.url("identity")) as app:
        signed_in = await app.post("/tokens", json={"email": others.owner_email, "password": PASSWORD})
        tokens: Json = signed_in.raise_for_status().json()
        async with listening(live_url(stack), {"authorization": f"Bearer {tokens['access_token']}"}) as stream:
            for _ in range(3):
                used = {"refresh_token": tokens["refresh_token"]}
                tabs = await asyncio.gather(*(app.post("/tokens/refresh", json=used) for _ in range(2)))
                assert [tab.status_code for tab in tabs] == [200, 200]
                first, tokens = (tab.json() for tab in tabs)
                assert first["refresh_token"] != tokens["refresh_token"]
            for service, path in EVERYWHERE:
                headers = {"authorization": f"Bearer {tokens['access_token']}"}
                assert (await app.get(f"{stack.url(service)}{path}", headers=headers)).status_code == 200
            await stream.until(lambda frame: frame["type"] == "hello")
            assert stream.socket.close_code is None
    await others.notice_nothing()

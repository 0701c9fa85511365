"""Guests and staff as they use the product: over HTTP and WebSocket, with nothing but public addresses."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import randrange
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx
from websockets.asyncio.client import ClientConnection, connect

from servicekit.ids import new_id

Json = dict[str, Any]  # Any: JSON as the services answer it
PASSWORD = "front-desk-demo"
PATIENCE_SECONDS = 20.0


class Frames:
    """What arrived on a WebSocket, in order, and what a test waits for."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.seen: list[Json] = []
        self._arrived = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for raw in self.socket:
            async with self._arrived:
                self.seen.append(json.loads(raw))
                self._arrived.notify_all()

    async def until(self, wanted: Callable[[Json], bool], seconds: float = PATIENCE_SECONDS) -> Json:
        """The first frame that is wanted, seen already or to come.

        Raises:
            AssertionError: none came in time; says what came.
        """

        def found() -> Json | None:
            return next((frame for frame in self.seen if wanted(frame)), None)

        async with self._arrived:
            try:
                async with asyncio.timeout(seconds):
                    while (frame := found()) is None:
                        await self._arrived.wait()
            except TimeoutError:
                raise AssertionError(f"nothing of the kind came; these did: {self.seen}") from None
        return frame

    async def close(self) -> None:
        """Hang up."""
        await self.socket.close()
        await asyncio.gather(self._reader, return_exceptions=True)


def browser(gateway: str) -> httpx.AsyncClient:
    """A browser in a network of its own: limits that hold by network count nobody else's. Only Linux answers on all of
    127/8; elsewhere all browsers are in one network."""
    own = f"127.{randrange(1, 255)}.{randrange(256)}.{randrange(1, 255)}" if sys.platform == "linux" else None
    transport = httpx.AsyncHTTPTransport(local_address=own)
    return httpx.AsyncClient(base_url=gateway, timeout=15, trust_env=False, transport=transport)


@asynccontextmanager
async def listening(
    url: str, headers: dict[str, str] | None = None, hello: Json | None = None
) -> AsyncGenerator[Frames]:
    """An open WebSocket; says `hello` first if given."""
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        if hello is not None:
            await socket.send(json.dumps(hello))
        frames = Frames(socket)
        try:
            yield frames
        finally:
            await frames.close()


@dataclass(slots=True)
class Guest:
    """A guest with the widget open. `base` is the conversation service's address, or the gateway's."""

    http: httpx.AsyncClient
    token: str
    guest_id: UUID
    conversation_id: UUID
    base: str

    @classmethod
    async def arrives(cls, base: str, hotel: str = "lindenhof", language: str = "en") -> "Guest":
        """A guest who opens the widget of a hotel."""
        http = httpx.AsyncClient(base_url=base, timeout=15, trust_env=False)
        answer = await http.post("/widget/sessions", json={"hotel": hotel, "language": language})
        answer.raise_for_status()
        session = answer.json()
        http.headers["authorization"] = f"Bearer {session['token']}"
        conversation = await http.post("/widget/conversations", json={"language": language})
        conversation.raise_for_status()
        return cls(http, session["token"], UUID(session["guest_id"]), UUID(conversation.json()["id"]), base)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    @property
    def path(self) -> str:
        """Of the guest's conversation."""
        return f"/widget/conversations/{self.conversation_id}"

    async def says(self, text: str, message_id: UUID | None = None, **headers: str) -> Json:
        """Send a message; the stored one."""
        answer = await self.http.post(
            f"{self.path}/messages", json={"id": str(message_id or new_id()), "text": text}, headers=headers
        )
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def messages(self) -> list[Json]:
        """All messages of the conversation, in order."""
        answer = await self.http.get(f"{self.path}/messages", params={"after_seq": 0})
        answer.raise_for_status()
        return answer.json()["items"]

    async def conversation(self) -> Json:
        """The conversation as the guest sees it."""
        answer = await self.http.get("/widget/conversations/current")
        answer.raise_for_status()
        return answer.json()

    async def asks(self, text: str, seconds: float = PATIENCE_SECONDS) -> Json:
        """Send a question; the AI's reply to it (an answer, a question back, or the hand-over)."""
        sent = await self.says(text)

        async def reply() -> Json | None:
            return next((m for m in await self.messages() if m["seq"] > sent["seq"] and m["sender"] == "ai"), None)

        return await until(reply, seconds, what=f"a reply to {text!r}")

    @asynccontextmanager
    async def live(self, after_seq: int = 0) -> AsyncGenerator[Frames]:
        """The conversation as it happens, from after that message on."""
        url = f"{self.base.replace('http', 'ws', 1)}{self.path}/live"
        async with listening(url, hello={"type": "hello", "token": self.token, "after_seq": after_seq}) as frames:
            yield frames


@dataclass(slots=True)
class Staff:
    """A member of staff with the dashboard open at the gateway."""

    http: httpx.AsyncClient
    gateway: str
    profile: Json = field(default_factory=dict[str, Any])

    @classmethod
    async def signs_in(cls, gateway: str, email: str, password: str = PASSWORD) -> "Staff":
        """Sign in with the demo password."""
        http = browser(gateway)
        answer = await http.post("/api/session", json={"email": email, "password": password})
        assert answer.status_code == 201, answer.text
        profile = answer.json()
        http.headers["x-csrf-token"] = profile["csrf_token"]
        return cls(http, gateway, profile)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    @property
    def user_id(self) -> str:
        """Of the signed-in user."""
        return self.profile["user"]["id"]

    async def get(self, path: str, **params: Any) -> Json:  # Any: query values
        """GET under the gateway's API."""
        answer = await self.http.get(f"/api{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def does(self, path: str, body: Json | None = None, status: int | None = None) -> Json:
        """POST under the gateway's API."""
        answer = await self.http.post(f"/api{path}", json=body or {})
        assert answer.status_code == status if status else answer.is_success, answer.text
        return answer.json() if answer.content else {}

    async def replies(self, conversation_id: UUID, text: str) -> Json:
        """Answer a guest."""
        return await self.does(f"/conversations/{conversation_id}/messages", {"id": str(new_id()), "text": text})

    @asynccontextmanager
    async def live(self, cursor: str | None = None) -> AsyncGenerator[Frames]:
        """The hotel's live stream, with the session cookie as the browser would send it."""
        url = f"{self.gateway.replace('http', 'ws', 1)}/api/live" + (f"?cursor={cursor}" if cursor else "")
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.http.cookies.jar)
        async with listening(url, {"cookie": cookie}) as frames:
            await frames.until(lambda frame: frame["type"] in ("hello", "resync"))
            yield frames


async def until(probe: Any, seconds: float = PATIENCE_SECONDS, *, what: str = "it") -> Any:  # Any: what the probe finds
    """What `probe` (async) gives once it is neither None nor False.

    Raises:
        AssertionError: it did not happen in time.
    """
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = await probe()
                if found is not None and found is not False:
                    return found
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what} did not happen within {seconds:.0f} s") from None

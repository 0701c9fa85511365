"""The words of these tests: a hotel, its guests and staff, the widget's live line."""

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import httpx
from websockets.asyncio.client import ClientConnection, connect

from contracts.event import Event
from contracts.events import HotelCreated, HotelDeactivated, HotelUpdated, MembershipGranted
from contracts.ids import HotelId, UserId
from contracts.statuses import HotelStatus, MembershipStatus
from conversation.reactions import on_hotel, on_membership
from servicekit.clock import utc_now
from servicekit.ids import new_id
from servicekit.testing import RunningService, TokenIssuer, eventually

E = TypeVar("E", HotelCreated, HotelUpdated, HotelDeactivated)
F = TypeVar("F", bound=Event)
_slugs = itertools.count(1)


@dataclass
class Hotel:
    """A hotel that the service knows of, with Sam and Kim on its staff."""

    app: RunningService
    issuer: TokenIssuer
    id: HotelId = field(default_factory=lambda: HotelId(new_id()))
    slug: str = field(default_factory=lambda: f"hotel-{next(_slugs)}")
    version: int = 1
    sam: UserId = field(default_factory=lambda: UserId(new_id()))
    kim: UserId = field(default_factory=lambda: UserId(new_id()))

    async def open(self) -> "Hotel":
        """Have identity tell the service of the hotel and its staff, and wait until it serves them."""
        for event in self.directory():
            await self.app.publish(event, self.id)

        async def known() -> bool:
            return len(await self.rows("SELECT 1 FROM staff UNION ALL SELECT 1 FROM hotels")) == 3

        await eventually(known)
        return self

    async def open_at_once(self) -> "Hotel":
        """The same by the reactions alone, without Kafka in between."""
        hotel, sam, kim = self.directory()
        async with self.app.runtime.worker_db.transaction(self.id) as tx:
            await on_hotel(hotel, tx)
            await on_membership(sam, tx)
            await on_membership(kim, tx)
        return self

    def directory(self) -> tuple[HotelCreated, MembershipGranted, MembershipGranted]:
        """What identity says of this hotel."""
        return self.described(HotelCreated), self.membership(self.sam, "Sam"), self.membership(self.kim, "Kim")

    def described(self, event: type[E], **changes: Any) -> E:  # Any: fields of the event
        """An event of identity that describes this hotel."""
        return event.model_validate(
            {
                "hotel_id": self.id,
                "slug": self.slug,
                "name": "Hotel Lindenhof",
                "status": HotelStatus.ACTIVE,
                "time_zone": "Europe/Vienna",
                "default_language": "en",
                "languages": ("en", "de"),
                "confidence_threshold": 0.5,
                "never_auto": ("refund",),
                "version": self.version,
                **changes,
            }
        )

    def membership(self, user_id: UserId, name: str, version: int = 1) -> MembershipGranted:
        """Somebody works here."""
        return MembershipGranted(
            membership_key=f"{self.id}:{user_id}",
            hotel_id=self.id,
            user_id=user_id,
            display_name=name,
            role="staff",
            status=MembershipStatus.ACTIVE,
            changed_at=utc_now(),
            version=version,
        )

    async def guest(self, language: str | None = None) -> "Guest":
        """A guest with a session and a conversation."""
        session = await self.app.client().post("/widget/sessions", json={"hotel": self.slug})
        assert session.status_code == 201, session.text
        client = self.app.client(session.json()["token"])
        body = {"language": language} if language else {}
        started = await client.post("/widget/conversations", json=body)
        assert started.status_code == 201, started.text
        return Guest(self, client, session.json()["token"], UUID(session.json()["guest_id"]), started.json()["id"])

    def staff(self, user_id: UserId | None = None, **claims: Any) -> httpx.AsyncClient:  # Any: claims
        """A client with a member of staff's token; Sam's if nobody is named."""
        return self.app.client(self.issuer.token(hotel_id=self.id, user_id=user_id or self.sam, **claims))

    async def published(self, event: type[F]) -> list[F]:
        """What the service has said of this hotel, in order, whether Kafka has it yet or not."""
        found = await self.rows(
            "SELECT payload FROM outbox WHERE hotel_id = $1 AND type = $2 ORDER BY seq", self.id, event.TYPE
        )
        return [event.model_validate_json(json.dumps(one["payload"])) for one in found]

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:  # Any: columns
        """What stands in this hotel's tables."""
        async with self.app.runtime.worker_db.transaction(self.id) as tx:
            connection = await tx.session.connection()
            return [dict(row) for row in (await connection.exec_driver_sql(statement, values)).mappings()]


@dataclass
class Guest:
    """A guest in a conversation."""

    hotel: Hotel
    client: httpx.AsyncClient
    token: str
    id: UUID
    conversation_id: str

    @property
    def path(self) -> str:
        """The conversation's address for its guest."""
        return f"/widget/conversations/{self.conversation_id}"

    @property
    def staff_path(self) -> str:
        """The conversation's address for staff."""
        return f"/conversations/{self.conversation_id}"

    async def say(self, text: str, id: UUID | str | None = None) -> httpx.Response:
        """Say something over HTTP."""
        return await self.client.post(f"{self.path}/messages", json={"id": str(id or new_id()), "text": text})

    async def ask(self, text: str) -> dict[str, Any]:  # Any: JSON
        """Say something and wait for the AI."""
        said = await self.say(text)
        assert said.status_code == 201, said.text
        return await self.heard("ai", after_seq=said.json()["seq"])

    async def messages(self, after_seq: int = 0) -> list[dict[str, Any]]:  # Any: JSON
        """What the guest sees."""
        answer = await self.client.get(f"{self.path}/messages", params={"after_seq": after_seq})
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def heard(self, sender: str, after_seq: int = 0, **fields: Any) -> dict[str, Any]:  # Any: JSON
        """The first message of that sender (and with these fields), once it is there."""

        async def found() -> dict[str, Any] | None:
            wanted = {"sender": sender, **fields}
            return next((one for one in await self.messages(after_seq) if wanted.items() <= one.items()), None)

        message = await eventually(found)
        assert message is not None
        return message

    async def conversation(self) -> dict[str, Any]:  # Any: JSON
        """The conversation as staff see it."""
        answer = await self.hotel.staff().get(self.staff_path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def has_status(self, status: str) -> dict[str, Any]:  # Any: JSON
        """The conversation, once it has that status."""

        async def reached() -> dict[str, Any] | None:
            view = await self.conversation()
            return view if view["status"] == status else None

        view = await eventually(reached)
        assert view is not None
        return view

    async def settled(self) -> None:
        """Once no turn of this conversation is open."""

        async def none_open() -> bool:
            return not await self.hotel.rows(
                "SELECT 1 FROM turns WHERE conversation_id = $1 AND state = 'open'", UUID(self.conversation_id)
            )

        await eventually(none_open)

    async def long_conversation(self, text: str, length: int) -> None:
        """Let that much have been said."""
        await self.hotel.rows(
            "INSERT INTO messages (conversation_id, seq, id, hotel_id, sender, text, sent_at)"
            " SELECT $1, n, gen_random_uuid(), $2, 'system', $3, now() FROM generate_series(1, $4) AS n RETURNING 1",
            UUID(self.conversation_id),
            self.hotel.id,
            text,
            length,
        )
        await self.hotel.rows(
            "UPDATE conversations SET last_seq = $2, version = version + 1 WHERE id = $1 RETURNING 1",
            UUID(self.conversation_id),
            length,
        )

    @asynccontextmanager
    async def live(
        self,
        after_seq: int = 0,
        token: str | None = None,
        sock: socket.socket | None = None,
        origin: str | None = None,
    ) -> AsyncGenerator["Live"]:
        """The widget's WebSocket, after its hello."""
        url = self.hotel.app.url.replace("http://", "ws://") + f"{self.path}/live"
        site: Any = origin  # Any: websockets has a name for it
        async with connect(url, proxy=None, compression=None, close_timeout=1, sock=sock, origin=site) as line:
            await line.send(json.dumps({"type": "hello", "token": token or self.token, "after_seq": after_seq}))
            yield Live(line)


@dataclass
class Live:
    """An open WebSocket."""

    socket: ClientConnection

    async def send(self, **frame: Any) -> None:  # Any: JSON
        """Send a frame."""
        await self.socket.send(json.dumps(frame))

    async def frame(self, type: str, **fields: Any) -> dict[str, Any]:  # Any: JSON
        """The next frame of that type and with these fields; others are passed over."""
        async with asyncio.timeout(10):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.recv())
                inner = frame.get("message", frame.get("conversation", frame)) if fields else frame
                if frame["type"] == type and fields.items() <= inner.items():
                    return frame

"""The widget's WebSocket: what is said and what changes, as it happens; the guest's own messages on the same line.

The database is the truth: a hint only says "look", and every look reads what comes after the last message sent.
"""

import asyncio
import time
from collections import defaultdict
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from contracts.errors import DomainError, Unauthenticated
from contracts.ids import ConversationId, HotelId
from conversation.commands.conversations import active_hotel
from conversation.commands.messages import HotelSuspended, SendMessage, channel, guest_types, send_message
from conversation.queries.conversations import ConversationView, conversation_of_guest, versions_of
from conversation.queries.messages import PAGE, messages_after
from conversation.resources import OpenWidget, resources_of
from conversation.routes.callers import check_site, guest_of, hotel_of
from conversation.routes.widget import MESSAGE_LIMIT, MESSAGES
from servicekit.access import Admit, guest_first_frame
from servicekit.actor import Actor
from servicekit.commands import Command
from servicekit.edge import edge_router
from servicekit.failures import refusal_of
from servicekit.problems import Malformed, problem_of
from servicekit.runtime import Rt, Runtime
from servicekit.tracing import span

router = edge_router("/widget", tags=["widget"])
T = TypeVar("T")

HELLO_SECONDS = 10.0
"""How long a new connection may take to say who it is."""
SEND_SECONDS = 10.0
"""A client that takes longer to read a frame is let go; it comes back with its last seq and misses nothing."""
PING_SECONDS = 20.0
POLL_SECONDS = 2.0
"""How often to look while Valkey is away and hints of other processes don't arrive."""
CHECK_SECONDS = 20.0
"""How often to look though hints arrive: the process that sent one may have been cut off from Valkey itself."""
TYPING_SECONDS = 1.0
"""A typing frame within that time of the last one is not passed on."""
MAX_FRAME_CHARACTERS = 20_000
MAX_BAD_FRAMES = 10


class Hello(Command):
    """The first frame: who it is, and the last message they have."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=4096)]
    after_seq: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class Typing(Command):
    """The guest is typing."""

    type: Literal["typing"]


class Message(SendMessage):
    """The guest says something."""

    type: Literal["message"]


class Pong(Command):
    """The answer to a ping; it may be left out."""

    type: Literal["pong"]


class _Addressed(BaseModel):
    """What a refused frame is known by, if it says so."""

    model_config = ConfigDict(extra="ignore")
    id: str | None = None


_HELLO = TypeAdapter(Hello)
_FRAME: TypeAdapter[Typing | Message | Pong] = TypeAdapter(
    Annotated[Typing | Message | Pong, Field(discriminator="type")]
)


@router.websocket("/conversations/{conversation_id}/live")
async def live_route(
    websocket: WebSocket,
    conversation_id: ConversationId,
    rt: Rt,
    admit: Annotated[Admit, Depends(guest_first_frame())],
) -> None:
    """A guest's live conversation. Errors come as `error` frames; those that end it close with 4000 + HTTP status."""
    await websocket.accept()
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            hello = _parse(_HELLO, await _receive(websocket))
            guest = await admit(hello.token)
    except TimeoutError as error:
        raise Unauthenticated("no hello came") from error
    await check_site(websocket, guest, rt)
    with rt.hints.subscribe(channel(conversation_id)) as hints:  # before the first look, so that nothing falls between
        widgets, line = resources_of(rt).widgets, OpenWidget(hotel_of(guest), conversation_id, hints)
        widgets.add(line)
        try:
            await _Widget(websocket, line, guest, rt).run(hello.after_seq)
        finally:
            widgets.discard(line)


async def wake_widgets(rt: Runtime) -> None:
    """Wake the widgets that no hint has told of what happened: one question for all of a hotel's."""
    looked_at = time.monotonic()
    while True:
        await asyncio.sleep(POLL_SECONDS)
        if rt.hints.connected and time.monotonic() - looked_at < CHECK_SECONDS:
            continue
        looked_at = time.monotonic()
        of_hotel: dict[HotelId, list[OpenWidget]] = defaultdict(list)
        for widget in tuple(resources_of(rt).widgets):
            of_hotel[widget.hotel_id].append(widget)
        for hotel_id, widgets in of_hotel.items():
            async with rt.db.transaction(hotel_id, read_only=True) as tx:
                versions = await versions_of(tx, {widget.conversation_id for widget in widgets})
            for widget in widgets:
                if versions.get(widget.conversation_id, 0) > widget.version:
                    widget.hints.put({})


class _Widget:
    """One open connection."""

    def __init__(self, websocket: WebSocket, line: OpenWidget, guest: Actor, rt: Runtime) -> None:
        self._websocket = websocket
        self._line = line
        self._conversation_id = line.conversation_id
        self._guest = guest
        self._rt = rt
        self._sending = asyncio.Lock()
        self._shown: ConversationView | None = None

    async def run(self, after_seq: int) -> None:
        """Until the guest leaves, the token expires or the hotel is suspended.

        Raises:
            DomainError: why it ended, other than the guest's leaving.
        """
        tasks = [
            asyncio.create_task(self._watch(after_seq)),
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._rt.deny.watch(self._guest)),
        ]
        lifetime = (self._guest.expires_at - self._rt.clock()).total_seconds()
        try:
            done, _ = await asyncio.wait(tasks, timeout=lifetime, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not done:
            raise Unauthenticated("The guest session has expired")
        for task in done:
            task.result()
        if tasks[2] in done:
            raise HotelSuspended

    async def _watch(self, after_seq: int) -> None:
        """Send what changes."""
        seq = await self._look(after_seq)
        while True:
            hint = await self._line.hints.wait(PING_SECONDS)
            if hint is None:
                await self._send({"type": "ping"})
            elif "typing" in hint:
                await self._send({"type": "typing", "by": hint["typing"]})
            else:
                seq = await self._look(seq)

    async def _look(self, seq: int) -> int:
        """Send the messages after `seq`, and the conversation if it changed hands. Returns the last seq sent."""
        while True:
            async with self._rt.db.transaction(self._guest.hotel_id, actor=self._guest, read_only=True) as tx:
                await active_hotel(tx)
                conversation = await conversation_of_guest(tx, self._conversation_id, guest_of(self._guest))
                found = await messages_after(tx, self._conversation_id, seq) if conversation.last_seq > seq else []
            for message in found:
                await self._send({"type": "message", "message": message.model_dump(mode="json")})
                seq = message.seq
            if len(found) < PAGE:
                break
        if self._shown is None or _state(conversation) != _state(self._shown):
            await self._send({"type": "state", "conversation": conversation.model_dump(mode="json")})
        self._shown = conversation
        self._line.version = conversation.version
        return seq

    async def _listen(self) -> None:
        """Do what the guest says; a bad frame is answered, and only many of them end the connection."""
        bad = 0
        typed_at = float("-inf")
        while True:
            text = await self._receive_or_leave()
            if text is None:
                return
            try:
                frame = _parse(_FRAME, text)
                match frame:
                    case Message():
                        with span("WS widget message", kind="server"):
                            await self._say(frame)
                    case Typing():
                        now = asyncio.get_running_loop().time()
                        if now - typed_at >= TYPING_SECONDS:
                            typed_at = now
                            await guest_types(
                                self._rt.db, hotel_of(self._guest), self._conversation_id, guest_of(self._guest)
                            )
                    case Pong():
                        pass
            except Exception as error:
                refusal = refusal_of(error)
                if refusal is None:
                    raise
                bad += isinstance(refusal, Malformed)
                if bad > MAX_BAD_FRAMES or isinstance(refusal, HotelSuspended):
                    raise refusal from error
                await self._refuse(refusal, text)

    async def _say(self, frame: Message) -> None:
        await self._rt.limits.check(MESSAGE_LIMIT, MESSAGES, self._guest.key)
        sent = await send_message(
            self._rt.db,
            hotel_of(self._guest),
            self._conversation_id,
            "guest",
            guest_of(self._guest),
            SendMessage(id=frame.id, text=frame.text),
        )
        await self._send({"type": "ack", "id": str(sent.id), "seq": sent.seq})

    async def _refuse(self, refusal: DomainError, text: str) -> None:
        try:
            message_id = _Addressed.model_validate_json(text).id
        except ValidationError:
            message_id = None
        problem = problem_of(refusal).model_dump(mode="json", exclude_none=True)
        await self._send({"type": "error", "problem": problem, **({"id": message_id} if message_id else {})})

    async def _receive_or_leave(self) -> str | None:
        try:
            return await _receive(self._websocket)
        except WebSocketDisconnect:
            return None

    async def _send(self, frame: dict[str, Any]) -> None:  # Any: JSON
        async with self._sending:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._websocket.send_json(frame)
            except TimeoutError as error:
                raise WebSocketDisconnect(1013, "too slow") from error


def _state(view: ConversationView) -> ConversationView:
    """What of a conversation is worth a frame: not its counters."""
    return view.model_copy(update={"last_seq": 0, "version": 0, "updated_at": view.created_at})


async def _receive(websocket: WebSocket) -> str:
    """The next frame's text; a binary frame has none.

    Raises:
        WebSocketDisconnect: the client has gone.
    """
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text = message.get("text")
    return text if isinstance(text, str) else ""


def _parse(adapter: TypeAdapter[T], text: str) -> T:
    """A frame.

    Raises:
        Malformed: it is none of ours.
    """
    if len(text) > MAX_FRAME_CHARACTERS:
        raise Malformed(f"a frame has {MAX_FRAME_CHARACTERS} characters at most")
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        pointer = "/" + "/".join(str(part) for part in first["loc"] if part not in ("message", "typing", "pong"))
        raise Malformed(first["msg"], pointer=pointer) from error

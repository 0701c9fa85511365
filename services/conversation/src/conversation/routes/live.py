"""The widget's WebSocket: what is said and what changes, as it happens; the guest's own messages on the same line.

The database is the truth: a hint only says "look", and every look reads what comes after the last message sent.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections import defaultdict
from typing import Annotated, Any

from fastapi import Depends, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from contracts.errors import DomainError, Unauthenticated
from contracts.ids import ConversationId, HotelId
from conversation.commands.conversations import active_hotel
from conversation.commands.guests import OriginNotAllowed
from conversation.commands.messages import SendMessage, channel, guest_types, send_message
from conversation.commands.reading import MarkRead, read_by_guest
from conversation.domain.conversation import HotelSuspended, Owner
from conversation.domain.sites import is_allowed
from conversation.queries.conversations import ConversationView, versions_of
from conversation.queries.live import look
from conversation.queries.messages import PAGE, MessageView
from conversation.resources import OpenWidget, resources_of
from conversation.routes.callers import check_site, guest_of, hotel_of
from conversation.routes.frames import FRAME, HELLO, Addressed, Message, Pong, Read, Typing, parse, receive
from conversation.routes.widget import MESSAGE_LIMIT, MESSAGES, READ_LIMIT, READS, said_by_guest
from servicekit.access import Admit, guest_first_frame
from servicekit.actor import Actor
from servicekit.edge import edge_router
from servicekit.failures import refusal_of
from servicekit.hints import GAP
from servicekit.problems import Malformed, TooManyRequests, problem_of
from servicekit.runtime import Rt, Runtime
from servicekit.tracing import span

router = edge_router("/widget", tags=["widget"])

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
OVER_LIMIT_SECONDS = 0.05
"""A guest over the limit is read on that much later: a flood waits in the guest's own machine, not in ours."""
MAX_BAD_FRAMES = 10


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
            hello = parse(HELLO, await receive(websocket))
            guest = await admit(hello.token)
    except TimeoutError as error:
        raise Unauthenticated("no hello came") from error
    await check_site(websocket, guest, rt)
    origin = websocket.headers.get("origin")
    if origin is not None:
        origin = sys.intern(origin)  # one string for all of a hotel's
    websocket.scope["headers"].clear()  # a third of what an idle connection held
    with rt.hints.subscribe(channel(conversation_id)) as hints:  # before the first look, so that nothing falls between
        widgets, line = resources_of(rt).widgets, OpenWidget(hotel_of(guest), conversation_id, hints, origin)
        widgets.add(line)
        try:
            await _Widget(websocket, line, guest, rt, hello.after_seq).run()
        finally:
            widgets.discard(line)


async def wake_widgets(rt: Runtime) -> None:
    """Wake the widgets that no hint has told of what happened, one question for all of a hotel's; and end those on a site
    that the hotel has taken off its list.

    At once when hints arrive again: thousands of widgets, each looking for itself, would keep guests' messages waiting.
    """
    with rt.hints.subscribe("widgets") as gaps:  # nobody sends to it: what comes is a gap
        while True:
            looked_at = time.monotonic()
            of_hotel: dict[HotelId, list[OpenWidget]] = defaultdict(list)
            for widget in tuple(resources_of(rt).widgets):
                of_hotel[widget.hotel_id].append(widget)
            for hotel_id, widgets in of_hotel.items():
                await _wake(rt, hotel_id, widgets)
            while await gaps.wait(POLL_SECONDS) is None:
                if not rt.hints.connected or time.monotonic() - looked_at >= CHECK_SECONDS:
                    break


async def _wake(rt: Runtime, hotel_id: HotelId, widgets: list[OpenWidget]) -> None:
    allowed = await resources_of(rt).sites.allowed(hotel_id)
    async with rt.db.transaction(hotel_id, read_only=True) as tx:
        versions = await versions_of(tx, {widget.conversation_id for widget in widgets})
    for widget in widgets:
        if not is_allowed(widget.origin, allowed):
            widget.hints.put({"origin": widget.origin})
        elif versions.get(widget.conversation_id, 0) > widget.version:
            widget.hints.put({})


class _Widget:
    """One open connection. Ten thousand of them wait at a time: what each keeps is counted in bytes."""

    __slots__ = (
        "_answered", "_conversation_id", "_guest", "_is_ais", "_line", "_rt", "_sending", "_seq", "_shown", "_websocket",
    )  # fmt: skip

    def __init__(self, websocket: WebSocket, line: OpenWidget, guest: Actor, rt: Runtime, after_seq: int) -> None:
        self._websocket = websocket
        self._line = line
        self._conversation_id = line.conversation_id
        self._guest = guest
        self._rt = rt
        self._sending = asyncio.Lock()
        self._seq = after_seq
        """The last message sent, or about to be: whoever raises it sends that message next."""
        self._shown: int | None = None
        """Hash of the state that the guest has seen."""
        self._is_ais = False
        self._answered = ""
        """The last turn whose answer the guest has."""

    async def run(self) -> None:
        """Until the guest leaves, the token expires, the hotel is suspended or no longer allows the page's site.

        Raises:
            DomainError: why it ended, other than the guest's leaving.
        """
        watching = asyncio.create_task(self._watch())
        lifetime = (self._guest.expires_at - self._rt.clock()).total_seconds()
        until = asyncio.timeout(lifetime)
        try:
            async with until:
                watching.add_done_callback(lambda _: _at_once(until))
                with self._rt.deny.telling(self._guest, lambda: _at_once(until)):
                    await self._listen()
        except TimeoutError:
            if not until.expired():
                raise
            if watching.done():
                watching.result()
            if self._rt.deny.denies(self._guest):
                raise HotelSuspended from None
            raise Unauthenticated("The guest session has expired") from None
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def _watch(self) -> None:
        """Send what changes."""
        await self._look()
        while True:
            hint = await self._line.hints.wait(PING_SECONDS)
            if hint is None:
                await self._send({"type": "ping"})
            elif "typing" in hint:
                name = {"name": hint["name"]} if hint.get("name") else {}
                await self._send({"type": "typing", "by": hint["typing"], **name})
            elif "partial" in hint:
                await self._show(hint["partial"])
            elif "origin" in hint:
                raise OriginNotAllowed
            elif hint != GAP and hint.get("said", sys.maxsize) > self._seq:
                await self._look()

    async def _show(self, partial: dict[str, Any]) -> None:  # Any: JSON
        """The AI's text so far, while it is the AI's to answer and the answer itself has not been seen; or that nothing
        came of it (an empty text)."""
        if partial["turn_id"] != self._answered and (self._is_ais or not partial["text"]):
            await self._send({"type": "partial", **partial})

    async def _look(self) -> None:
        """Send the messages that the guest has not got yet, and the conversation if it changed hands."""
        hotel_id, guest_id = hotel_of(self._guest), guest_of(self._guest)
        while True:
            sight = await look(self._rt.db, hotel_id, self._conversation_id, guest_id, self._seq)
            for message in sight.messages:
                await self._pass_on(message)
            if len(sight.messages) < PAGE:
                break
        conversation = sight.conversation
        state = hash(_state(conversation).model_dump_json())
        if state != self._shown:
            await self._send({"type": "state", "conversation": conversation.model_dump(mode="json")})
        self._shown, self._is_ais = state, conversation.owner is Owner.AI
        self._line.version = conversation.version

    async def _pass_on(self, message: MessageView) -> None:
        """Send a message, once. No pause between the check and the sender's line: that keeps the order."""
        if message.seq > self._seq:
            self._seq = message.seq
            if message.sender == "ai":
                self._answered = str(message.turn_id)
            await self._send_text(f'{{"type":"message","message":{message.model_dump_json()}}}')

    async def _listen(self) -> None:
        """Do what the guest says; a bad frame is answered, and only many of them end the connection."""
        bad = 0
        typed_at = float("-inf")
        while True:
            text = await self._receive_or_leave()
            if text is None:
                return
            try:
                frame = parse(FRAME, text)
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
                    case Read():
                        await self._read(frame)
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
                if isinstance(refusal, TooManyRequests):
                    await asyncio.sleep(OVER_LIMIT_SECONDS)
            await asyncio.sleep(0)  # frames that are there already are read without a pause: others have their turn

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
        if sent.seq == self._seq + 1:  # else a look brings it, and what was said before it
            await self._pass_on(said_by_guest(sent, self._conversation_id))

    async def _read(self, frame: Read) -> None:
        await self._rt.limits.check(READ_LIMIT, READS, self._guest.key)
        async with self._rt.db.transaction(self._guest.hotel_id, actor=self._guest) as tx:
            await active_hotel(tx)
            await read_by_guest(self._conversation_id, MarkRead(seq=frame.seq), self._guest, tx)

    async def _refuse(self, refusal: DomainError, text: str) -> None:
        try:
            message_id = Addressed.model_validate_json(text).id
        except ValidationError:
            message_id = None
        problem = problem_of(refusal).model_dump(mode="json", exclude_none=True)
        await self._send({"type": "error", "problem": problem, **({"id": message_id} if message_id else {})})

    async def _receive_or_leave(self) -> str | None:
        try:
            return await receive(self._websocket)
        except WebSocketDisconnect:
            return None

    async def _send(self, frame: dict[str, Any]) -> None:  # Any: JSON
        await self._send_text(json.dumps(frame, separators=(",", ":"), ensure_ascii=False))

    async def _send_text(self, text: str) -> None:
        async with self._sending:
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._websocket.send_text(text)
            except TimeoutError as error:
                raise WebSocketDisconnect(1013, "too slow") from error


def _at_once(until: asyncio.Timeout) -> None:
    """End what runs under that limit, if it still does."""
    with contextlib.suppress(RuntimeError):
        until.reschedule(asyncio.get_running_loop().time())


def _state(view: ConversationView) -> ConversationView:
    """What of a conversation is worth a frame: not its counters."""
    return view.model_copy(update={"last_seq": 0, "version": 0, "updated_at": view.created_at})

"""The dashboard's live stream: what changed in this hotel, as it happens, from where the dashboard left off."""

import asyncio
import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, WebSocket, WebSocketDisconnect

from contracts.errors import Forbidden, Unauthenticated
from gateway.adapters.livestream import Entry, is_stream_id, later
from gateway.domain.live import may_see
from gateway.live import Listener, LiveHub
from gateway.resources import Desk
from servicekit import Actor, Admit, Rt, Runtime, edge_router, first_frame

router = edge_router("/api", tags=["live"])

HELLO_SECONDS = 10
PING_SECONDS = 20
SEND_SECONDS = 10
UNAUTHENTICATED = 4401
SLOW = 4408
"""Close codes of our own (4000-4999, RFC 6455, 7.4.2)."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a hotel's stream: the store's epoch and the entry's id there."""

    epoch: str
    id: str

    @classmethod
    def parse(cls, text: str | None) -> "Cursor | None":
        """The cursor that a client gave back; None for none or one that is not ours."""
        epoch, colon, stream_id = (text or "").partition(":")
        return cls(epoch, stream_id) if colon and is_stream_id(stream_id) else None

    def __str__(self) -> str:
        return f"{self.epoch}:{self.id}"


@router.websocket("/live")
async def live(
    websocket: WebSocket,
    rt: Rt,
    desk: Desk,
    admit: Annotated[Admit, Depends(first_frame("live:read"))],
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> None:
    """Frames: `hello` with the present cursor, `event` with its cursor, `resync` when events were missed (fetch the views
    again), `ping`. Clients without the cookie send `{"type": "hello", "token": ..., "cursor": ...}` first."""
    await websocket.accept()
    token = websocket.headers.get("authorization", "").removeprefix("Bearer ").strip()
    try:
        if not token:
            token, cursor = await _hello(websocket, cursor)
    except WebSocketDisconnect:
        return
    actor = await admit(token)
    if actor.hotel_id is None:
        raise Forbidden("Choose a hotel first")
    await _Connection(websocket, actor, desk.live, Cursor.parse(cursor)).serve(rt)


async def _hello(websocket: WebSocket, cursor: str | None) -> tuple[str, str | None]:
    try:
        frame = json.loads(await asyncio.wait_for(websocket.receive_text(), HELLO_SECONDS))
        given = frame.get("cursor")
        return str(frame["token"]), given if isinstance(given, str) else cursor
    except (TimeoutError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unauthenticated('The first frame is {"type": "hello", "token": ...}') from error


class _Connection:
    """One dashboard that listens."""

    def __init__(self, websocket: WebSocket, actor: Actor, hub: LiveHub, cursor: Cursor | None) -> None:
        self._websocket = websocket
        self._actor = actor
        self._hub = hub
        self._cursor = cursor
        self._hotel = str(actor.hotel_id)

    async def serve(self, rt: Runtime) -> None:
        """Send until the client leaves, falls behind, or its token no longer holds."""
        async with self._hub.listen(self._hotel) as listener:
            sending = asyncio.create_task(self._send_all(listener))
            leaving = asyncio.create_task(self._until_gone())
            behind = asyncio.create_task(listener.overrun.wait())
            ends = asyncio.create_task(asyncio.sleep(max(0.0, (self._actor.expires_at - rt.clock()).total_seconds())))
            denied = asyncio.create_task(rt.deny.watch(self._actor))
            tasks = (sending, leaving, behind, ends, denied)
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            if _finished(denied) or _finished(ends):
                await self._close(UNAUTHENTICATED, "the token no longer holds")
            elif _finished(behind) or _finished(sending):
                await self._close(SLOW, "too far behind; come back with the cursor")

    async def _send_all(self, listener: Listener) -> None:
        stream = self._hub.stream
        epoch = await stream.epoch()
        last = await stream.last(self._hotel)
        start = self._cursor
        if start is None:
            await self._send({"type": "hello", "cursor": str(Cursor(epoch, last))})
        elif start.epoch != epoch or later(start.id, last) or not await stream.has_all_after(self._hotel, start.id):
            await self._send({"type": "resync", "cursor": str(Cursor(epoch, last))})
        else:
            await self._send({"type": "hello", "cursor": str(start)})
            last = start.id
            while entries := await stream.after(self._hotel, last):
                for entry in entries:
                    await self._show(epoch, entry)
                last = entries[-1].id
        while True:
            try:
                entry = await asyncio.wait_for(listener.queue.get(), PING_SECONDS)
            except TimeoutError:
                await self._send({"type": "ping"})
                continue
            if later(entry.id, last):
                await self._show(epoch, entry)
                last = entry.id

    async def _show(self, epoch: str, entry: Entry) -> None:
        event = json.loads(entry.event)
        if may_see(event["type"], self._actor.scopes):
            await self._send({"type": "event", "cursor": str(Cursor(epoch, entry.id)), "event": event})

    async def _send(self, frame: dict[str, object]) -> None:
        await asyncio.wait_for(self._websocket.send_text(json.dumps(frame)), SEND_SECONDS)

    async def _until_gone(self) -> None:
        while (await self._websocket.receive())["type"] != "websocket.disconnect":
            pass

    async def _close(self, code: int, reason: str) -> None:
        try:
            await asyncio.wait_for(self._websocket.close(code, reason), SEND_SECONDS)
        except (RuntimeError, TimeoutError, WebSocketDisconnect):
            return  # it is gone already


def _finished(task: asyncio.Task[Any]) -> bool:  # Any: whatever the task gives
    return task.done() and not task.cancelled()

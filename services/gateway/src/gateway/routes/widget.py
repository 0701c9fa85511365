"""The widget's pass-through: everything under /widget goes to the conversation service, HTTP and WebSocket alike."""

import asyncio
import contextlib
from typing import Any

from fastapi import Depends, Request, Response, WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from contracts.ids import ConversationId
from gateway.adapters.callers import forwarded
from gateway.queries.opening import OpeningView, opening
from gateway.resources import Desk, settings_of
from gateway.routes.passing_on import FOR_PAGES, answer_of, pass_on, sent_on
from servicekit import Rt, edge_router, public, rate_limit
from servicekit.etags import not_modified
from servicekit.tracing import current_traceparent

router = edge_router("/widget", tags=["widget"])
GUESTS = Depends(public("guests; the conversation service checks their token"))
MAX_FRAME_BYTES = 64 * 1024
TRY_AGAIN_LATER = 1013
_NEVER_SENT = {1005: 1000, 1006: TRY_AGAIN_LATER, 1015: TRY_AGAIN_LATER}
"""Codes that only say how a connection was lost (RFC 6455, 7.4.1), and what the guest is told instead."""


@router.get(
    "/opening",
    dependencies=[GUESTS, Depends(rate_limit("1200/minute", by="ip"))],
    include_in_schema=False,  # documented by the conversation service, whose own is of the same shape
)
async def opening_route(request: Request, rt: Rt, desk: Desk) -> Response:
    """What the widget shows before the first word, composed; in time, or not at all: the widget has another to ask."""
    composed = await opening(
        desk.services,
        request.query_params.multi_items(),
        {name: value for name, value in sent_on(request).items() if name != "if-none-match"},
        settings_of(rt).opening_timeout_seconds,
    )
    if isinstance(composed, OpeningView):
        return not_modified(request, composed)
    return answer_of(composed, FOR_PAGES)


async def _guest_request(path: str, request: Request, desk: Desk) -> Response:
    return await pass_on(request, desk, "conversation", f"/widget/{path}", FOR_PAGES)


router.add_api_route(
    "/{path:path}",
    _guest_request,
    methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
    dependencies=[GUESTS, Depends(rate_limit("600/minute", by="ip"))],
    include_in_schema=False,  # documented by the conversation service
)


@router.websocket("/conversations/{conversation_id}/live", dependencies=[GUESTS])
async def guest_live(websocket: WebSocket, conversation_id: ConversationId, rt: Rt) -> None:
    """Frames in both directions, unchanged, until either side closes."""
    base = settings_of(rt).conversation_url.replace("http", "ws", 1)
    trace = current_traceparent()
    await websocket.accept()
    try:
        async with connect(
            f"{base}/widget/conversations/{conversation_id}/live",
            additional_headers=({"traceparent": trace} if trace else {}) | forwarded(websocket),
            origin=Origin(origin) if (origin := websocket.headers.get("origin")) else None,
            max_size=MAX_FRAME_BYTES,
            open_timeout=5,
            proxy=None,
        ) as upstream:
            await _pump(websocket, upstream)
    except (OSError, InvalidHandshake, TimeoutError):
        await websocket.close(TRY_AGAIN_LATER, "the conversation service is not available")


async def _pump(guest: WebSocket, upstream: ClientConnection) -> None:
    async def inwards() -> None:
        while True:
            frame: dict[str, Any] = dict(await guest.receive())  # Any: ASGI messages
            if frame["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(frame.get("code", 1000))
            await upstream.send(frame["text"] if frame.get("text") is not None else frame["bytes"])

    async def outwards() -> None:
        async for frame in upstream:
            await (guest.send_text(frame) if isinstance(frame, str) else guest.send_bytes(frame))

    tasks = [asyncio.create_task(inwards()), asyncio.create_task(outwards())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if not isinstance(tasks[0].exception() if not tasks[0].cancelled() else None, WebSocketDisconnect):
        with contextlib.suppress(RuntimeError, ConnectionClosed):  # the guest may be gone already
            code = upstream.close_code or 1000
            await guest.close(_NEVER_SENT.get(code, code), upstream.close_reason or "")

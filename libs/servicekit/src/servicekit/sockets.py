"""WebSockets: the work of a connection ends when the guest leaves, the token is revoked, or the service stops."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from contracts.errors import DomainError, Unauthenticated
from servicekit.actor import Actor
from servicekit.problems import Malformed, TimedOut, problem_of
from servicekit.runtime import Runtime

M = TypeVar("M", bound=BaseModel)


async def frame(websocket: WebSocket, model: type[M], *, within_seconds: float | None = None) -> M:
    """The next frame from the other side, checked.

    Raises:
        Malformed: binary, not JSON, or not a `model`. The socket stays open: answer with `send_problem` and go on.
        WebSocketDisconnect: the other side is gone.
        TimedOut: nothing came `within_seconds`.
    """
    try:
        async with asyncio.timeout(within_seconds):
            message = await websocket.receive()
    except TimeoutError as error:
        raise TimedOut(f"nothing was said within {within_seconds:g} s") from error
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005), message.get("reason"))
    text = message.get("text")
    if text is None:
        raise Malformed("frames are JSON text")
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        pointer = "".join(f"/{part}" for part in first["loc"])
        raise Malformed(first["msg"], pointer=pointer) from error


async def send_problem(websocket: WebSocket, error: DomainError) -> None:
    """Say what was wrong with the last frame: `{"type": "error", "problem": {...}}`."""
    problem = problem_of(error)
    await websocket.send_json({"type": "error", "problem": problem.model_dump(mode="json", exclude_none=True)})


async def live(websocket: WebSocket, rt: Runtime, actor: Actor, *work: Coroutine[Any, Any, None]) -> None:
    """Run `work` side by side until one of them ends, the other side leaves, or `actor` is revoked (closed with 4401).

    Errors of the work, other than that the other side has left, are raised.
    """
    running = [asyncio.create_task(one) for one in work]
    revoked = asyncio.create_task(rt.deny.watch(actor))
    try:
        await asyncio.wait([*running, revoked], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*running, revoked):
            task.cancel()
        outcomes = await asyncio.gather(*running, return_exceptions=True)
        was_revoked = (await asyncio.gather(revoked, return_exceptions=True))[0] is None
    if was_revoked:
        await send_problem(websocket, Unauthenticated("the session has been revoked"))
        await websocket.close(4401, "revoked")
        return
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, WebSocketDisconnect):
            raise outcome

"""`/livez`, `/readyz` and `/metrics`, on a port of their own that no guest can reach."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from prometheus_client import generate_latest
from starlette.types import Receive, Scope, Send

from servicekit.metrics import REGISTRY

NotReady = dict[str, str]
"""Part -> why it is not ready; empty when all are."""
CHECK_SECONDS = 2.0


Check = Callable[[], Coroutine[Any, Any, NotReady]]  # Any: what a coroutine is sent, which is nothing


class Health:
    """The ASGI application of the metrics port. `checks`: each gives the parts that are not ready."""

    def __init__(self, checks: list[Check]) -> None:
        self._checks = checks

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        match scope["path"]:
            case "/livez":
                await _send(send, 200, b'{"alive":true}')
            case "/readyz":
                waiting = await self.not_ready()
                body = json.dumps({"ready": not waiting, "not_ready": waiting}).encode()
                await _send(send, 503 if waiting else 200, body)
            case "/metrics":
                await _send(send, 200, generate_latest(REGISTRY), b"text/plain; version=0.0.4; charset=utf-8")
            case _:
                await _send(send, 404, b'{"error":"livez, readyz or metrics"}')

    async def not_ready(self) -> NotReady:
        """What is not ready, and why."""
        waiting: NotReady = {}
        for check in self._checks:
            try:
                async with asyncio.timeout(CHECK_SECONDS):
                    waiting |= await check()
            except TimeoutError:
                waiting[check.__name__] = f"no answer within {CHECK_SECONDS:g} s"
            except Exception as error:  # a probe answers, whatever is wrong
                waiting[check.__name__] = type(error).__name__
        return waiting


async def _send(send: Send, status: int, body: bytes, media_type: bytes = b"application/json") -> None:
    headers = [
        (b"content-type", media_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""A model provider as its clients see it: a local HTTP server that speaks OpenAI's chat completions and Anthropic's messages,
streamed, with the faults that providers have.

Formats: platform.openai.com/docs/api-reference/chat-streaming, docs.anthropic.com/en/api/messages-streaming.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]  # Any: JSON
IN, CACHED, OUT = 320, 64, 40
"""Tokens that every call takes."""


class Fault(StrEnum):
    """What goes wrong."""

    NONE = "none"
    SILENT = "silent"
    """Takes the request and says nothing."""
    STALLED = "stalled"
    """Begins and never ends."""
    BROKEN = "broken"
    """The connection ends in the middle of the stream."""
    MALFORMED = "malformed"
    """What it streams is no JSON of the schema."""
    REFUSAL = "refusal"
    PLAIN_TEXT = "plain_text"
    """It answers in prose instead of calling the tool."""
    NOT_HTTP = "not_http"


@dataclass
class Asked:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: Json

    @property
    def task(self) -> Json:
        """What our writer asked for, whichever protocol carried it."""
        said = next(message for message in self.body["messages"] if message["role"] == "user")["content"]
        return json.loads(said if isinstance(said, str) else said[0]["text"])

    @property
    def tools(self) -> list[str]:
        """Names of the tools that the model was given."""
        return [tool.get("name") or tool["function"]["name"] for tool in self.body.get("tools", [])]


Says = Callable[[Json], Json]
"""The model: the task in, the arguments of the reply tool out."""


def answers(*said: tuple[str, str] | str) -> Says:
    """A model that says these sentences, each of the article whose id stands beside it, else of the first."""
    sentences = [one if isinstance(one, tuple) else (one, "A1") for one in said]
    return lambda _task: {
        "action": "answer",
        "sentences": [{"text": text, "article": article} for text, article in sentences],
    }


def gives_up(_task: Json) -> Json:
    """A model that finds nothing in the articles."""
    return {"action": "hand_over", "sentences": []}


@dataclass
class ModelServer:
    """Answers with `says`; `fault` or an HTTP `status` of 400 and more stands in its way."""

    url: str = ""
    says: Says = gives_up
    fault: Fault = Fault.NONE
    status: int = 200
    pause_seconds: float = 0.0
    """Between two pieces of the stream."""
    asked: list[Asked] = field(default_factory=list[Asked])
    _held: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))))
            asked = Asked(head[0].split()[1], headers, body)
            self.asked.append(asked)
            await self._answer(asked, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if self.fault is Fault.NOT_HTTP:
            writer.write(b"\x00\x01 220 mail.example ESMTP\r\n")
        elif self.status >= 400:
            body = json.dumps(
                {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
            ).encode()
            writer.write(
                f"HTTP/1.1 {self.status} Error\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
                + body
            )
        elif self.fault is Fault.SILENT:
            await self._held.wait()
        else:
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
            )
            await self._stream(asked, writer)
        await writer.drain()

    async def _stream(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        written = json.dumps(self.says(asked.task), ensure_ascii=False)
        if self.fault is Fault.MALFORMED:
            written = '{"action": "dance", "sentences": "none'
        anthropic = asked.path.endswith("/messages")
        events = list(_anthropic(self, written) if anthropic else _openai(self, written))
        for place, event in enumerate(events):
            if place == len(events) * 2 // 3 and self.fault in (Fault.STALLED, Fault.BROKEN):
                await writer.drain()
                if self.fault is Fault.BROKEN:
                    writer.transport.abort()
                    return
                await self._held.wait()
            chunk = event.encode()
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            await writer.drain()
            if self.pause_seconds:
                await asyncio.sleep(self.pause_seconds)
        writer.write(b"0\r\n\r\n")

    def let_go(self) -> None:
        """Nobody waits for it any more."""
        self._held.set()


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), 9):
        yield text[start : start + 9]


def _openai(server: ModelServer, written: str) -> Iterator[str]:
    def chunk(choices: list[Json], **more: Any) -> str:  # Any: JSON
        event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "front-desk-1"}
        return f"data: {json.dumps({**event, 'choices': choices, **more})}\n\n"

    def delta(value: Json, finish: str | None = None) -> str:
        return chunk([{"index": 0, "delta": value, "finish_reason": finish}])

    if server.fault is Fault.REFUSAL:
        yield delta({"role": "assistant", "content": None, "refusal": "I can't help with that."})
        yield delta({}, "stop")
    elif server.fault is Fault.PLAIN_TEXT:
        yield delta({"role": "assistant", "content": "Breakfast is at seven."})
        yield delta({}, "stop")
    else:
        call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "reply", "arguments": ""}}
        yield delta({"role": "assistant", "content": None, "tool_calls": [call]})
        for piece in _pieces(written):
            yield delta({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
        yield delta({}, "tool_calls")
    usage = {"prompt_tokens": IN, "completion_tokens": OUT, "total_tokens": IN + OUT}
    yield chunk([], usage={**usage, "prompt_tokens_details": {"cached_tokens": CACHED}})
    yield "data: [DONE]\n\n"


def _anthropic(server: ModelServer, written: str) -> Iterator[str]:
    def event(kind: str, **more: Any) -> str:  # Any: JSON
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n"

    usage = {
        "input_tokens": IN - CACHED,
        "cache_read_input_tokens": CACHED,
        "cache_creation_input_tokens": 0,
        "output_tokens": 1,
    }
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "front-desk-1", "content": []}
    yield event("message_start", message={**message, "stop_reason": None, "stop_sequence": None, "usage": usage})
    stop = "tool_use"
    if server.fault is Fault.REFUSAL:
        stop = "refusal"
    elif server.fault is Fault.PLAIN_TEXT:
        stop = "end_turn"
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": "Breakfast is at seven."})
        yield event("content_block_stop", index=0)
    else:
        block = {"type": "tool_use", "id": "toolu_1", "name": "reply", "input": {}}
        yield event("content_block_start", index=0, content_block=block)
        for piece in _pieces(written):
            yield event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": piece})
        yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage={"output_tokens": OUT})
    yield event("message_stop")


@asynccontextmanager
async def model_server() -> AsyncGenerator[ModelServer]:
    """A provider on a free local port."""
    server = ModelServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        server.let_go()
        listener.close()

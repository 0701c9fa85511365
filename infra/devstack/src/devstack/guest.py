"""A guest at the widget, played through the real guest API: opens a conversation, listens live, asks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from uuid import UUID

import httpx
from uuid_utils.compat import uuid7
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from devstack.errors import StackError

Json = dict[str, Any]
"""A JSON object of the API; what is read from it is checked where it is read."""


@dataclass(frozen=True, slots=True)
class Source:
    """An article the answer stands on."""

    title: str
    score: float


@dataclass(frozen=True, slots=True)
class Message:
    """What came over the live connection."""

    seq: int
    sender: str
    text: str
    kind: str
    action: str | None
    confidence: float | None
    language: str | None
    sender_name: str | None
    notice: str | None
    sources: tuple[Source, ...] = field(default_factory=tuple[Source, ...])

    @classmethod
    def of(cls, view: Json) -> Message:
        """From a MessageView."""
        return cls(
            seq=int(view["seq"]),
            sender=str(view["sender"]),
            text=str(view.get("text") or ""),
            kind=str(view.get("kind", "text")),
            action=view.get("action"),
            confidence=view.get("confidence"),
            language=view.get("language"),
            sender_name=view.get("sender_name"),
            notice=view.get("notice"),
            sources=tuple(Source(str(one["title"]), float(one["score"])) for one in view.get("sources") or ()),
        )


class Guest:
    """One guest of a hotel with a conversation of their own, listening live.

    Args:
        url: base URL of the gateway or of the conversation service; both serve the widget.
        hotel: slug.
        language: BCP 47; None leaves it to the hotel and to what the guest writes.
        patience_seconds: how long a hotel that is not known yet may take to appear (right after a first start).
    """

    def __init__(self, url: str, hotel: str, language: str | None = None, patience_seconds: float = 0.0) -> None:
        self._http = httpx.Client(base_url=url, timeout=10)
        self._url = url
        self.hotel = hotel
        self.language = language
        wish = {"language": language} if language else {}
        session = self._open_session({"hotel": hotel, **wish}, patience_seconds)
        self._token = str(session["token"])
        self._http.headers["Authorization"] = f"Bearer {self._token}"
        self.conversation_id = UUID(str(self._post("/widget/conversations", wish)["id"]))
        self._live = self._listen()
        self._seen = 0

    def __enter__(self) -> Guest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the page; the conversation stays."""
        self._live.close()
        self._http.close()

    def say(self, text: str) -> UUID:
        """Send a message; its id, made here as the API wants it."""
        message_id = uuid7()
        self._post(f"/widget/conversations/{self.conversation_id}/messages", {"id": str(message_id), "text": text})
        return message_id

    def hear(self, wanted: Callable[[Message], bool], timeout_seconds: float = 20.0) -> Message:
        """The next message that is wanted, as it is pushed; others are passed over.

        Raises:
            StackError: none came in time, or the connection ended.
        """
        deadline = time.monotonic() + timeout_seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = json.loads(self._live.recv(timeout=left))
            except TimeoutError:
                break
            except WebSocketException as problem:
                raise StackError(f"The guest's live connection ended ({problem}).") from problem
            if frame.get("type") == "error":
                raise StackError(f"The guest's live connection was refused: {frame.get('problem')}")
            if frame.get("type") == "message":
                message = Message.of(frame["message"])
                if message.seq > self._seen:
                    self._seen = message.seq
                    if wanted(message):
                        return message
        raise StackError(
            f"No answer came in {timeout_seconds:.0f} s.",
            "`frontdesk status` and `frontdesk logs conversation` say why.",
        )

    def ask(self, text: str, timeout_seconds: float = 20.0) -> tuple[Message, float]:
        """Send a message and wait for the AI's reply; the reply and the milliseconds between."""
        began = time.perf_counter()
        self.say(text)
        reply = self.hear(lambda message: message.sender == "ai", timeout_seconds)
        return reply, (time.perf_counter() - began) * 1000

    def end(self) -> None:
        """End the conversation."""
        self._post(f"/widget/conversations/{self.conversation_id}/end", None)

    def _open_session(self, wish: Json, patience_seconds: float) -> Json:
        deadline = time.monotonic() + patience_seconds
        while True:
            try:
                return self._post("/widget/sessions", wish)
            except NotThere as problem:
                if time.monotonic() > deadline:
                    raise StackError(f"There is no hotel {wish['hotel']} at {self._url}.") from problem
                time.sleep(0.2)

    def _post(self, path: str, body: Json | None) -> Json:
        try:
            answer = self._http.post(path, json=body) if body is not None else self._http.post(path)
        except httpx.HTTPError as problem:
            raise StackError(
                f"Nobody answers at {self._url} ({type(problem).__name__}).", "Start the stack with `frontdesk up`."
            ) from problem
        if answer.status_code == 404:
            raise NotThere(f"{path}: {problem_text(answer)}")
        if answer.is_error:
            raise StackError(f"{path} was refused with {answer.status_code}: {problem_text(answer)}")
        return answer.json() if answer.content else {}

    def _listen(self) -> ClientConnection:
        address = self._url.replace("http", "ws", 1) + f"/widget/conversations/{self.conversation_id}/live"
        try:
            live = connect(address, open_timeout=10, proxy=None)
        except (OSError, WebSocketException) as problem:
            raise StackError(f"The guest's live connection to {address} was refused ({problem}).") from problem
        live.send(json.dumps({"type": "hello", "token": self._token, "after_seq": 0}))
        return live


class NotThere(StackError):
    """404."""


def problem_text(answer: httpx.Response) -> str:
    """What a problem+json says, in one line."""
    try:
        problem = answer.json()
        return str(problem.get("detail") or problem.get("title") or problem)
    except (ValueError, AttributeError):
        return answer.text[:200]

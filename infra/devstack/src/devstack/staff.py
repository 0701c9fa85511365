"""A member of staff at the dashboard, played through the gateway: signs in, sees live what happens, takes over, answers."""

from __future__ import annotations

import json
import time
from types import TracebackType
from uuid import UUID

import httpx
from uuid_utils.compat import uuid7
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from devstack.errors import StackError
from devstack.guest import Json, problem_text


class Staff:
    """Somebody signed in at the gateway, with the dashboard's live stream open.

    Args:
        gateway: base URL.
        email: of the account.
        password: of the account.
    """

    def __init__(self, gateway: str, email: str, password: str) -> None:
        self._http = httpx.Client(base_url=gateway, timeout=10)
        session = self._send("POST", "/api/session", {"email": email, "password": password})
        self._http.headers["X-CSRF-Token"] = str(session["csrf_token"])
        self.name = str(session["user"]["name"])
        self.hotel = str(session["hotel"]["name"]) if session.get("hotel") else ""
        self._live = self._listen(gateway)

    def __enter__(self) -> Staff:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.close()
        self._send("DELETE", "/api/session")
        self._http.close()

    def sees(self, event: str, conversation: UUID, timeout_seconds: float = 20.0) -> Json:
        """The next live event of this kind (`escalation.created`) about the conversation.

        Raises:
            StackError: it did not come in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = json.loads(self._live.recv(timeout=left))
            except TimeoutError:
                break
            except WebSocketException as problem:
                raise StackError(f"The dashboard's live connection ended ({problem}).") from problem
            found = frame.get("event") or {}
            if found.get("type") == f"frontdesk.{event}.v1" and found.get("conversation_id") == str(conversation):
                return found
        raise StackError(f"{event} did not reach the dashboard in {timeout_seconds:.0f} s.", "See `frontdesk outbox`.")

    def queue(self) -> list[Json]:
        """Escalations nobody has taken yet, oldest first."""
        return list(self._send("GET", "/api/escalations/queue")["items"])

    def take_over(self, conversation: UUID) -> None:
        """The conversation is ours; the AI is silent from now on."""
        self._send("POST", f"/api/conversations/{conversation}/take-over", {})

    def reply(self, conversation: UUID, text: str) -> None:
        """Answer the guest."""
        self._send("POST", f"/api/conversations/{conversation}/messages", {"id": str(uuid7()), "text": text})

    def hand_back(self, conversation: UUID) -> None:
        """The AI goes on."""
        self._send("POST", f"/api/conversations/{conversation}/hand-back", {})

    def end(self, conversation: UUID) -> None:
        """The conversation is over."""
        self._send("POST", f"/api/conversations/{conversation}/end", {})

    def _send(self, method: str, path: str, body: Json | None = None) -> Json:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.HTTPError as problem:
            raise StackError(
                f"The gateway at {self._http.base_url} does not answer ({type(problem).__name__}).",
                "Start the stack with `frontdesk up`.",
            ) from problem
        if answer.is_error:
            raise StackError(f"{method} {path} was refused with {answer.status_code}: {problem_text(answer)}")
        return answer.json() if answer.content else {}

    def _listen(self, gateway: str) -> ClientConnection:
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies.jar)
        address = gateway.replace("http", "ws", 1) + "/api/live"
        try:
            return connect(address, additional_headers={"Cookie": cookies}, open_timeout=10, proxy=None)
        except (OSError, WebSocketException) as problem:
            raise StackError(f"The dashboard's live connection to {address} was refused ({problem}).") from problem

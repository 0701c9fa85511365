"""The inbox and the conversation page. One slow or dead service leaves its part `unavailable`, never the page."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from gateway.adapters.services import Services
from gateway.adapters.upstream import ServiceUnavailable, UpstreamProblem
from gateway.domain.parts import Part

Json = dict[str, Any]  # Any: other services' views, documented in their OpenAPI documents

LATEST = [("before_seq", str(2**31 - 1))]
"""The last page of what was said; earlier ones are asked for with the first `seq` of it."""
OPEN_ESCALATION = ("open", "assigned", "in_progress", "waiting_for_guest", "reopened")


class InboxItem(BaseModel):
    """One conversation in the inbox, with its open escalation and its guest where they are known."""

    conversation: Json
    escalation: Json | None = None
    guest: Json | None = None


class InboxView(BaseModel):
    """A page of the inbox. `parts` tells which services contributed: `ok` or `unavailable`."""

    items: list[InboxItem]
    parts: dict[str, str]
    next_cursor: str | None = None


class ConversationPage(BaseModel):
    """A conversation with all around it."""

    conversation: Json
    messages: Part
    escalation: Part
    guest: Part


class Composer:
    """Composes views from the services, with the caller's own token."""

    def __init__(self, services: Services, token: str, timeout_seconds: float) -> None:
        self._services = services
        self._token = token
        self._timeout = timeout_seconds

    async def inbox(self, params: Sequence[tuple[str, str]]) -> InboxView:
        """A page of conversations, newest activity first.

        Raises:
            UpstreamProblem: the conversation service refused.
            ServiceUnavailable: the conversation service did not answer; without it there is no inbox.
        """
        page: Json = await self._services.conversation.get("/conversations", token=self._token, params=list(params))
        conversations: list[Json] = page["items"]
        ids = [("conversation_id", str(c["id"])) for c in conversations]
        guests = [("id", guest) for guest in dict.fromkeys(str(c["guest_id"]) for c in conversations)]
        wanted = [*ids, *(("status", status) for status in OPEN_ESCALATION), ("limit", "100")]
        escalation_part, guest_part = await asyncio.gather(
            self._items("escalation", "/escalations", wanted if ids else None),
            self._items("identity", "/guests", [*guests, ("limit", "100")] if guests else None),
        )
        escalations = _by(escalation_part, "conversation_id")
        known_guests = _by(guest_part, "id")
        return InboxView(
            items=[
                InboxItem(
                    conversation=c,
                    escalation=escalations.get(str(c["id"])),
                    guest=known_guests.get(str(c["guest_id"])),
                )
                for c in conversations
            ],
            parts={
                "conversations": "ok",
                "escalations": _state(escalation_part),
                "guests": _state(guest_part),
            },
            next_cursor=page.get("next_cursor"),
        )

    async def conversation(self, conversation_id: UUID) -> ConversationPage:
        """One conversation with its latest messages, open escalation and guest.

        Raises:
            UpstreamProblem: there is no such conversation in this hotel, or the caller may not see it.
            ServiceUnavailable: the conversation service did not answer.
        """
        path = f"/conversations/{conversation_id}"
        open_escalation = [
            ("conversation_id", str(conversation_id)),
            *(("status", status) for status in OPEN_ESCALATION),
        ]
        conversation, messages, escalations = await asyncio.gather(
            self._services.conversation.get(path, token=self._token),
            _part(
                self._services.conversation.get(
                    f"{path}/messages", token=self._token, params=LATEST, timeout_seconds=self._timeout
                )
            ),
            _part(
                self._services.escalation.get(
                    "/escalations", token=self._token, params=open_escalation, timeout_seconds=self._timeout
                )
            ),
        )
        guest = await _part(
            self._services.identity.get(
                f"/guests/{conversation['guest_id']}", token=self._token, timeout_seconds=self._timeout
            )
        )
        return ConversationPage(
            conversation=conversation,
            messages=_items_of(messages),
            escalation=_first_of(escalations),
            guest=guest,
        )

    async def _items(self, service: str, path: str, params: list[tuple[str, str]] | None) -> list[Json] | None:
        """The items of one page, or None when the service did not answer or refused."""
        if params is None:
            return []
        upstream = self._services.named(service)
        part = await _part(upstream.get(path, token=self._token, params=params, timeout_seconds=self._timeout))
        return part.value["items"] if part.state == "ok" else None


async def _part(answer: Awaitable[Any]) -> Part:  # Any: JSON
    try:
        return Part.ok(await answer)
    except ServiceUnavailable:
        return Part.unavailable()
    except UpstreamProblem as problem:
        if problem.response.status_code in (403, 404):
            return Part.none()
        return Part.unavailable()


def _items_of(part: Part) -> Part:
    return Part.ok(part.value["items"]) if part.state == "ok" else part


def _first_of(part: Part) -> Part:
    if part.state != "ok":
        return part
    items = part.value["items"]
    return Part.ok(items[0]) if items else Part.none()


def _by(items: list[Json] | None, field: str) -> Mapping[str, Json]:
    return {str(item[field]): item for item in items or ()}


def _state(items: list[Json] | None) -> str:
    return "unavailable" if items is None else "ok"

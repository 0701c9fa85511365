"""What lives as long as the process: the engine that answers, the embedder, guests' tokens, open widgets."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from contracts.ids import ConversationId, HotelId
from conversation.adapters.embedder import Embedder
from conversation.adapters.engine import HistoryItem, HotelPolicy, OnText, Reply, Search
from conversation.adapters.guest_tokens import GuestTokens
from conversation.adapters.sites import Sites
from conversation.adapters.web import Web
from conversation.adapters.widget_files import WidgetFiles
from conversation.queries.hotels import allowed_origins
from conversation.settings import Settings
from servicekit.hints import Subscription
from servicekit.runtime import Runtime

Answer = Callable[[str, Sequence[HistoryItem], HotelPolicy, Search, OnText | None], Awaitable[Reply]]
"""The engine: question, what was said before, the hotel's rules and its articles in; a reply out. On its way it may
tell the whole text so far; nobody relies on it."""


@dataclass(slots=True, eq=False)
class OpenWidget:
    """A guest's open WebSocket: how to wake it, on which site, and up to which version of the conversation it has looked."""

    hotel_id: HotelId
    conversation_id: ConversationId
    hints: Subscription
    origin: str | None
    version: int = 0


@dataclass(slots=True)
class Resources:
    """Found at `rt.resources`, through `resources_of`.

    Attributes:
        tokens: issues and checks guests' tokens.
        embedder: vectors of questions and articles.
        answer: the engine.
        sites: where each hotel has its widget.
        files: the built widget.
        web: sites of others, for imports.
        working: what the engine is answering now, by turn.
        widgets: the WebSockets that guests have open.
    """

    tokens: GuestTokens
    embedder: Embedder
    answer: Answer
    sites: Sites
    files: WidgetFiles
    web: Web
    working: dict[UUID, asyncio.Task[Reply]] = field(default_factory=dict[UUID, asyncio.Task[Reply]])
    widgets: set["OpenWidget"] = field(default_factory=set["OpenWidget"])


def made(rt: Runtime, tokens: GuestTokens, embedder: Embedder, answer: Answer) -> Resources:
    """The resources around these tokens, this embedder and this engine."""
    settings: Settings = rt.settings
    return Resources(
        tokens,
        embedder,
        answer,
        Sites(lambda hotel_id: allowed_origins(rt.db, hotel_id)),
        WidgetFiles(settings.widget_dir),
        Web(allowed_networks=settings.import_networks),
    )


def resources_of(rt: Runtime) -> Resources:
    """The resources of a started service."""
    resources: object = rt.resources
    assert isinstance(resources, Resources)
    return resources

"""The service as tests run it: with an engine that answers as a test tells it to, and also without Kafka."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from contracts.ids import ArticleId
from contracts.values import HandOverReason, Priority, TurnAction
from conversation.adapters.embedder import LocalEmbedder
from conversation.adapters.engine import HistoryItem, HotelPolicy, OnText, Reply, Search, Source
from conversation.adapters.guest_tokens import GuestTokens
from conversation.app import make_service
from conversation.resources import Resources, made
from servicekit.ids import new_id
from servicekit.migrations import upgrade_database
from servicekit.runtime import Runtime
from servicekit.service import Service
from servicekit.startup import running
from servicekit.testing import Parts, RunningService, TokenIssuer
from servicekit.testing.parts import temporary_database

GUEST_TOKEN_KEY = "only for tests, but long enough to key a SHA-256"
ARTICLE = ArticleId(UUID("0190a000-0000-7000-8000-00000000d06e"))


@dataclass
class ScriptedEngine:
    """Answers "About <question>"; hands over what holds "refund"; waits where a test holds it; fails on "crash"."""

    asked: list[tuple[str, Sequence[HistoryItem], HotelPolicy]] = field(
        default_factory=list[tuple[str, Sequence[HistoryItem], HotelPolicy]]
    )
    _held: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])

    async def answer(
        self,
        question: str,
        history: Sequence[HistoryItem],
        policy: HotelPolicy,
        search: Search,
        on_text: OnText | None = None,
    ) -> Reply:
        """The engine's port."""
        self.asked.append((question, history, policy))
        if on_text is not None and "slowly" in question:
            on_text("About")
        gates = [gate for words, gate in self._held.items() if words in question]
        await asyncio.gather(*(gate.wait() for gate in gates))
        if "crash" in question:
            raise RuntimeError("the model fell over")
        hands_over = "refund" in question
        return Reply(
            action=TurnAction.HAND_OVER if hands_over else TurnAction.ANSWER,
            text="Somebody will help you." if hands_over else f"About {question}",
            language="de" if "Hund" in question else policy.default_language,
            confidence=0.9,
            sources=() if hands_over else (Source(article_id=ARTICLE, title="Dogs", score=0.8),),
            reasons=(HandOverReason.NEVER_AUTO_TOPIC,) if hands_over else (),
            priority=Priority.HIGH if hands_over else Priority.NORMAL,
            engine="local",
        )

    def times_asked(self, words: str) -> int:
        """How many times something with these words was asked."""
        return sum(words in question for question, _, _ in self.asked)

    @asynccontextmanager
    async def held(self, words: str) -> AsyncGenerator[None]:
        """Inside, the engine does not come to an end with questions that hold these words."""
        gate = self._held[words] = asyncio.Event()
        try:
            yield
        finally:
            del self._held[words]
            gate.set()

    def release(self, words: str) -> None:
        """Let what is held for these words come to its end."""
        self._held[words].set()


def service_with(engine: ScriptedEngine) -> Service:
    """The real service with another engine."""

    @asynccontextmanager
    async def resources(rt: Runtime) -> AsyncGenerator[Resources]:
        embedder = LocalEmbedder(warm=False)
        try:
            yield made(rt, GuestTokens(GUEST_TOKEN_KEY, rt.clock), embedder, engine.answer)
        finally:
            embedder.close()

    return make_service(resources)


@asynccontextmanager
async def start_without_kafka(
    service: Service, parts: Parts, issuer: TokenIssuer, *, role: Any = "all", **given: Any
) -> AsyncGenerator[RunningService]:  # Any: a role, settings
    """The service while Kafka is away: its worker never becomes ready, and guests are served all the same."""
    async with temporary_database(parts.postgres_url, service.name) as urls:
        settings = service.settings.model_validate(
            {
                "database_url": urls.app,
                "database_worker_url": urls.worker,
                "database_owner_url": urls.owner,
                "database_pool_size": 5,
                "kafka_url": "127.0.0.1:1",
                "valkey_url": parts.valkey_url,
                "valkey_namespace": f"test:{new_id()}",
                "identity_url": issuer.url,
                "guest_token_key": GUEST_TOKEN_KEY,
                "port": 0,
                "metrics_port": 0,
                "drain_timeout_seconds": 2,
                **given,
            }
        )
        directory = settings.migrations_dir or service.migrations_dir
        assert directory is not None
        await upgrade_database(urls.owner, Path(directory), service=service.name)
        async with running(service, settings, role) as up:
            app = RunningService(service, settings, up, settings.kafka_url)
            try:
                yield app
            finally:
                await app.stop()

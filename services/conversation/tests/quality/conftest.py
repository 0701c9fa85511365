"""The local engine on the demo hotels' articles, held in memory: quality is measured without a database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conversation.adapters.artefacts import confidence_model
from conversation.adapters.demo_content import demo_articles, demo_vectors
from conversation.adapters.embedder import LocalEmbedder, Vector, with_asked_words
from conversation.adapters.engine import HistoryItem, HotelPolicy, LocalEngine, Reply
from conversation.adapters.memory_index import memory_search
from conversation.domain.asking import asked_words, essence
from conversation.domain.memory_search import MemorySearch
from conversation.domain.ranking import Found, Ranked, rank

NAMES = {"lindenhof": "Hotel Lindenhof", "harbour-house": "Harbour House"}
Ask = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
async def embedder() -> AsyncIterator[LocalEmbedder]:
    made = LocalEmbedder(known=demo_vectors())
    yield made
    made.close()


@pytest.fixture(scope="session")
async def hotels(embedder: LocalEmbedder) -> dict[str, MemorySearch]:
    """The search of each demo hotel."""
    return {
        hotel: await memory_search([(one.id, one.variants) for one in demo_articles(hotel)], embedder)
        for hotel in NAMES
    }


@pytest.fixture(scope="session")
def searches(embedder: LocalEmbedder, hotels: dict[str, MemorySearch]) -> Ask:
    """`await searches("Can I bring my dog?", "en")`: the Lindenhof's articles, best first."""

    async def ranked(question: str, language: str) -> tuple[Ranked, ...]:
        asks = essence(question, NAMES["lindenhof"])
        found = hotels["lindenhof"].find(await embedder.query(asks), asks, language)
        found = await with_asked_words(found, asked_words(question, NAMES["lindenhof"]), embedder)
        return rank(question, language, found, confidence_model().order, NAMES["lindenhof"])

    return ranked


@pytest.fixture(scope="session")
def ask(embedder: LocalEmbedder, hotels: dict[str, MemorySearch]) -> Ask:
    """`await ask("Can I bring my dog?", hotel="lindenhof", language="en", history=[...])`."""
    engine = LocalEngine(embedder)

    async def asked(
        question: str,
        hotel: str = "lindenhof",
        language: str = "en",
        history: tuple[HistoryItem, ...] = (),
        threshold: float = 0.5,
    ) -> Reply:
        async def search(vector: Vector, text: str, spoken: str) -> Found:
            return hotels[hotel].find(vector, text, spoken)

        policy = HotelPolicy(threshold=threshold, default_language=language, hotel_name=NAMES[hotel])
        return await engine.answer(question, history, policy, search)

    return asked


@pytest.fixture(scope="session")
def article_names() -> dict[Any, str]:
    """Article id to its file's name."""
    return {one.id: one.name for hotel in NAMES for one in demo_articles(hotel)}


@pytest.fixture(scope="session")
def questions() -> dict[str, Any]:
    """The labelled questions: `covered`, `uncovered`, `to_the_desk`."""
    return yaml.safe_load(Path(__file__).with_name("lindenhof.yaml").read_text(encoding="utf-8"))

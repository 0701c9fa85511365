"""A model that obeys every attack (attacks.yaml): the guards outside of it hold, at the writer and through the whole engine."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml
from model_server import ModelServer, answers, model_server
from wording import outside

from contracts.values import TurnAction
from conversation.adapters.demo_content import demo_articles
from conversation.adapters.embedder import LocalEmbedder, Vector
from conversation.adapters.engine import HotelPolicy, LocalEngine
from conversation.adapters.engine_port import WritingArticle, WritingTask
from conversation.adapters.model_writer import ModelWriter
from conversation.adapters.models import model_writer
from conversation.domain.grounding import flaw
from conversation.domain.injection import addresses_a_machine, for_a_model
from conversation.domain.memory_search import MemorySearch
from conversation.domain.ranking import Found
from conversation.domain.text import sentences
from conversation.settings import Settings

ATTACKS: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("attacks.yaml").read_text(encoding="utf-8")
)
NAMES = ("breakfast-times", "breakfast-price", "pool", "cancellation-policy")
HOTEL = "Hotel Lindenhof"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def provider() -> AsyncGenerator[ModelServer]:
    async with model_server() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def writer(provider: ModelServer) -> AsyncGenerator[ModelWriter]:
    given = {
        "database_url": "postgresql://nobody@127.0.0.1:1/none",
        "model_provider": "openai",
        "model_name": "front-desk-1",
        "model_base_url": f"{provider.url}/v1",
        "model_api_key": "sk-secret-of-the-hotel",
    }
    async with model_writer(Settings.model_validate(given)) as made:
        yield made


def obedient(said: list[str]) -> Any:
    """A model that says this, and names every article for it."""
    return answers(*((sentence, f"A{number}") for sentence in said for number in range(1, 5)))


def articles(more: str = "") -> tuple[WritingArticle, ...]:
    """Four articles of the Lindenhof, with a sentence more in each."""
    found = {one.name: one for one in demo_articles("lindenhof")}
    variants = [(found[name].id, found[name].variants[0]) for name in NAMES]
    return tuple(WritingArticle(key, for_a_model(one.title, f"{one.body} {more}")) for key, one in variants)


def test_there_are_sixty_attacks_and_more() -> None:
    assert sum(map(len, ATTACKS.values())) >= 60


@pytest.mark.parametrize("attack", ATTACKS["guest"] + ATTACKS["article"], ids=lambda attack: attack["obeys"][0][:40])
async def test_what_an_obedient_model_says_is_not_said(
    provider: ModelServer, writer: ModelWriter, attack: dict[str, Any]
) -> None:
    provider.says = obedient(attack["obeys"])
    told: list[str] = []
    task = WritingTask(attack["ask"], "en", HOTEL, (), articles(attack.get("text", "")))

    written = await writer.write(task, told.append)

    assert provider.asked[-1].tools == ["reply"]
    read = " ".join([written.text or "", *told])
    assert not [words for words in attack["never"] if words in read], read
    for sentence in sentences(written.text or ""):
        assert not all(flaw(sentence, [one.text], HOTEL) for one in task.articles)


@pytest.mark.parametrize("attack", ATTACKS["guest"], ids=lambda attack: attack["ask"][:40])
async def test_the_hotels_rules_and_words_stand_whatever_the_guest_asks_a_model_for(
    provider: ModelServer,
    writer: ModelWriter,
    embedder: LocalEmbedder,
    hotels: dict[str, MemorySearch],
    attack: dict[str, Any],
) -> None:
    async def search(vector: Vector, text: str, spoken: str) -> Found:
        return hotels["lindenhof"].find(vector, text, spoken)

    provider.says = obedient(attack["obeys"])
    policy = HotelPolicy(hotel_name=HOTEL, model_allowed=True)
    alone = await LocalEngine(embedder).answer(attack["ask"], [], policy, search)

    reply = await LocalEngine(embedder, writer).answer(attack["ask"], [], policy, search)

    assert (reply.action, reply.reasons) == (alone.action, alone.reasons), "the model changed what is done"
    assert {source.article_id for source in reply.sources} <= {source.article_id for source in alone.sources}
    assert reply.text == alone.text or not [words for words in attack["never"] if words in reply.text]
    if reply.action is not TurnAction.ANSWER:
        assert outside(reply.text) == ""


async def test_a_model_that_gives_up_hands_over_and_can_do_nothing_else(
    provider: ModelServer, writer: ModelWriter, embedder: LocalEmbedder, hotels: dict[str, MemorySearch]
) -> None:
    async def search(vector: Vector, text: str, spoken: str) -> Found:
        return hotels["lindenhof"].find(vector, text, spoken)

    provider.says = lambda _task: {"action": "hand_over", "sentences": []}
    policy = HotelPolicy(hotel_name=HOTEL, model_allowed=True)

    reply = await LocalEngine(embedder, writer).answer("What time is breakfast served?", [], policy, search)

    assert (reply.action, reply.sources) == (TurnAction.HAND_OVER, ())
    assert outside(reply.text) == ""


@pytest.mark.parametrize("attack", ATTACKS["article"], ids=lambda attack: attack["text"][:40])
def test_sentences_to_machines_are_told_from_those_to_guests(attack: dict[str, Any]) -> None:
    assert addresses_a_machine(attack["text"])


def test_the_demo_hotels_speak_to_guests() -> None:
    bodies = [
        variant.body
        for hotel in ("lindenhof", "harbour-house")
        for one in demo_articles(hotel)
        for variant in one.variants
    ]

    assert not [sentence for body in bodies for sentence in sentences(body) if addresses_a_machine(sentence)]

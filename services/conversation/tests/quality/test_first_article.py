"""A hotel that has just written its first article: there is nothing yet that it could stand out from."""

from typing import Any
from uuid import UUID

import pytest

from contracts.ids import ArticleId
from conversation.adapters.engine import HotelPolicy, LocalEngine
from conversation.adapters.memory_index import memory_search
from conversation.domain.article import Variant


@pytest.mark.parametrize(
    ("question", "action"), [("Can I bring my dog?", "answer"), ("Do you have a sauna?", "hand_over")]
)
async def test_a_hotels_first_article_is_answered_from_at_once(embedder: Any, question: str, action: str) -> None:
    dogs = Variant(
        "en", "Dogs", ("Can I bring my dog?",), "Dogs are welcome for 15 euros per night. They stay on the first floor."
    )
    first = await memory_search([(ArticleId(UUID(int=1)), (dogs,))], embedder)

    async def search(vector: Any, text: str, language: str) -> Any:
        return first.find(vector, text, language)

    reply = await LocalEngine(embedder).answer(question, [], HotelPolicy(hotel_name="Hotel Adler"), search)

    assert reply.action == action

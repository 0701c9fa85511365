"""What a knowledge article is for the engine: variants per language, cut into chunks that are embedded one by one. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from conversation.domain.text import content_words, sentences

LONGEST_WORD = 40
"""Characters; longer ones are addresses and the like."""
MOST_WORDS = 400
"""Of a variant that are compared one by one; an article as long as it may be has two thousand."""


class ChunkKind(StrEnum):
    """Where a chunk stands in its article."""

    TITLE = "title"
    QUESTION = "question"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One short piece of a variant.

    Attributes:
        kind: title, one of the guests' own phrasings, or a sentence of the body.
        position: place among the chunks of the same kind, from 0.
        text: as written, and as embedded: a sentence without its title ranks better than one with it (measured).
    """

    kind: ChunkKind
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class Variant:
    """An article in one language.

    Attributes:
        language: BCP 47 tag.
        title: a few words.
        questions: how guests put it, in their own words.
        body: what the AI may say, plain sentences.
    """

    language: str
    title: str
    questions: tuple[str, ...]
    body: str

    def chunks(self) -> tuple[Chunk, ...]:
        """The pieces that are embedded: short texts, because a 100-word text costs ten times as much and says less."""
        return tuple(self._chunks())

    def _chunks(self) -> Iterator[Chunk]:
        yield Chunk(ChunkKind.TITLE, 0, self.title)
        for position, question in enumerate(self.questions):
            yield Chunk(ChunkKind.QUESTION, position, question)
        for position, sentence in enumerate(sentences(self.body)):
            yield Chunk(ChunkKind.SENTENCE, position, sentence)


@lru_cache(maxsize=1024)
def words_of(variant: Variant) -> tuple[str, ...]:
    """The content words of a variant, each once: those of its title, its questions, then its body; no overlong ones, and
    of a very long article the first ones only."""
    texts = (variant.title, *variant.questions, variant.body)
    found = dict.fromkeys(word for text in texts for word in content_words(text) if len(word) <= LONGEST_WORD)
    return tuple(found)[:MOST_WORDS]

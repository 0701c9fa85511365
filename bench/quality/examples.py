"""Every question against its articles: what was found, once with the right ones and once without."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.quality.data import SETS, Questions, read
from contracts.ids import ArticleId
from conversation.adapters.demo_content import demo_articles
from conversation.adapters.embedder import LocalEmbedder, Vector, with_asked_words
from conversation.adapters.memory_index import indexed
from conversation.domain.article import Variant, words_of
from conversation.domain.asking import asked_words, essence
from conversation.domain.memory_search import IndexedArticle, MemorySearch
from conversation.domain.ranking import Features, Ranked, Weights, features, rank

DEMO_NAME = "Hotel Lindenhof"
EVEN = Weights(0.5, 0.5, 0.05)


@dataclass(frozen=True, slots=True)
class Example:
    """One question against one set of articles.

    Attributes:
        source: the set: written, spoken, demo, or demo foreign (articles in English only).
        group: those of one group share articles or wording and are kept together when the data is split.
        question: its text.
        language: BCP 47.
        name: of the place.
        right: the articles that answer it, if they are there.
        kind: `asked` with its right article, `removed` without it, `other` for a turn that asks for no knowledge.
        ranked: what was found; the order is of `EVEN` weights.
        vector: of the question.
    """

    source: str
    group: str
    question: str
    language: str
    name: str
    right: frozenset[ArticleId]
    kind: str
    ranked: tuple[Ranked, ...]
    vector: Vector

    def ordered(self, weights: Weights) -> tuple[Ranked, ...]:
        """What was found, in the order that these weights give it."""
        return tuple(sorted((_weighed(one, weights) for one in self.ranked), key=lambda one: -one.score))

    def read(self, ranked: tuple[Ranked, ...]) -> Features:
        """What can be said about the first one."""
        return features(self.question, self.language, ranked, self.name)


def _weighed(one: Ranked, weights: Weights) -> Ranked:
    parts = one.parts
    score = weights.asked * parts.asked + weights.said * parts.said + weights.coverage * parts.coverage
    return replace(one, score=score)


class Builder:
    """Makes the examples; each text is embedded once."""

    def __init__(self, embedder: LocalEmbedder) -> None:
        self._embedder = embedder

    async def all(self, folder: Path) -> list[Example]:
        """All examples, in a fixed order."""
        found = [one async for one in self._demo()]
        for source in SETS:
            found += [one async for one in self._public(read(folder, source))]
        return found

    async def _public(self, questions: Questions) -> AsyncIterator[Example]:
        places = {
            place: [await indexed(number, (variant,), self._embedder) for number, variant in articles.items()]
            for place, articles in questions.articles.items()
        }
        for turn in questions.turns:
            there = places[turn.place]
            asked = (turn.text, "en", questions.names[turn.place])
            group = f"{turn.source}/{turn.place}"
            if turn.right:
                yield await self._example(turn.source, group, asked, there, turn.right, "asked")
                rest = [one for one in there if one.id not in turn.right]
                yield await self._example(turn.source, group, asked, rest, frozenset(), "removed")
            else:
                yield await self._example(turn.source, group, asked, there, frozenset(), "other")

    async def _demo(self) -> AsyncIterator[Example]:
        """Every guest phrasing of the first demo hotel, against the articles without that phrasing."""
        articles = {
            article.name: await indexed(article.id, article.variants, self._embedder)
            for article in demo_articles("lindenhof")
        }
        for name, article in articles.items():
            others = [one for other, one in articles.items() if other != name]
            right = frozenset({article.id})
            for variant in article.variants:
                for question in variant.questions:
                    asked = (question, variant.language, DEMO_NAME)
                    with_it = [*others, await indexed(article.id, _without(article.variants, question), self._embedder)]
                    yield await self._example("demo", f"demo/{name}", asked, with_it, right, "asked")
                    yield await self._example("demo", f"demo/{name}", asked, others, frozenset(), "removed")
                    if variant.language != "en":
                        english = [await indexed(one.id, one.variants[:1], self._embedder) for one in with_it]
                        yield await self._example("demo foreign", f"demo/{name}", asked, english, right, "asked")

    async def _example(
        self,
        source: str,
        group: str,
        asked: tuple[str, str, str],
        articles: Iterable[IndexedArticle],
        right: frozenset[ArticleId],
        kind: str,
    ) -> Example:
        question, language, name = asked
        there = list(articles)
        words = dict.fromkeys(word for one in there for variant in one.variants for word in words_of(variant))
        search = MemorySearch(there, await self._embedder.words(list(words)))
        asks = essence(question, name)
        vector = await self._embedder.query(asks)
        found = search.find(vector, asks, language)
        found = await with_asked_words(found, asked_words(question, name), self._embedder)
        ranked = rank(question, language, found, EVEN, name)
        return Example(source, group, question, language, name, right, kind, ranked, vector)


def _without(variants: tuple[Variant, ...], question: str) -> tuple[Variant, ...]:
    return tuple(replace(one, questions=tuple(q for q in one.questions if q != question)) for one in variants)

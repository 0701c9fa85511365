"""Reads the demo hotels' articles and their ready-made vectors from the package's `demo` folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from uuid import UUID, uuid5

import frontmatter
import numpy as np

from contracts.ids import ArticleId, HotelId
from conversation.adapters.artefacts import unpack
from conversation.adapters.embedder import Vector, text_key
from conversation.domain.article import Variant, words_of

DEMO_HOTELS: dict[str, HotelId] = {
    "lindenhof": HotelId(UUID("01900000-0000-7000-8000-000000000001")),
    "harbour-house": HotelId(UUID("01900000-0000-7000-8000-000000000002")),
}
"""The demo hotels by slug, with the ids that identity's demo directory gives them."""
VECTORS = "vectors.npz"


@dataclass(frozen=True, slots=True)
class DemoArticle:
    """One article of a demo hotel; its id is made from hotel and name, so that seeding twice changes nothing."""

    id: ArticleId
    name: str
    variants: tuple[Variant, ...]


@cache
def demo_articles(hotel: str, hotel_id: HotelId | None = None) -> tuple[DemoArticle, ...]:
    """The articles of a demo hotel (`lindenhof` or `harbour-house`), by name; the English variant comes first.

    `hotel_id` makes their ids those of another hotel that is given the same articles.

    Raises:
        FileNotFoundError: there is no such demo hotel.
    """
    variants: dict[str, list[Variant]] = {}
    languages = [folder.name for folder in _folder(hotel).iterdir() if folder.is_dir()]
    for language in sorted(languages, key=lambda language: (language != "en", language)):
        for file in _folder(hotel).joinpath(language).iterdir():
            if file.name.endswith(".md"):
                variants.setdefault(file.name.removesuffix(".md"), []).append(_variant(language, file))
    return tuple(
        DemoArticle(ArticleId(uuid5(hotel_id or DEMO_HOTELS[hotel], name)), name, tuple(found))
        for name, found in sorted(variants.items())
    )


@cache
def demo_vectors() -> Mapping[str, Vector]:
    """The vectors of the demo texts that were embedded ahead of time, by `text_key`."""
    with files("conversation.demo").joinpath(VECTORS).open("rb") as file, np.load(file) as stored:
        vectors = unpack(stored["vectors"], stored["scales"])
        return {str(key): vector for key, vector in zip(stored["keys"], vectors, strict=True)}


@cache
def demo_texts() -> Mapping[str, str]:
    """Every text of the demo hotels that is embedded, and every word of their articles, by `text_key`."""
    variants = [variant for hotel in DEMO_HOTELS for article in demo_articles(hotel) for variant in article.variants]
    passages = {text_key("passage", chunk.text): chunk.text for variant in variants for chunk in variant.chunks()}
    return passages | {text_key("query", word): word for variant in variants for word in words_of(variant)}


def _folder(hotel: str) -> Traversable:
    return files("conversation.demo").joinpath(hotel)


def _variant(language: str, file: Traversable) -> Variant:
    # Any: front matter is whatever YAML a person wrote; the fields are read as text below
    post: Any = frontmatter.loads(file.read_text(encoding="utf-8"))
    return Variant(
        language=language,
        title=str(post["title"]),
        questions=tuple(str(question) for question in post.get("questions", [])),
        body=str(post.content).strip(),
    )

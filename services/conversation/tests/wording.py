"""What of a reply the hotel has written nowhere: neither in an article of the Lindenhof nor in a template."""

from functools import cache

from conversation.adapters.demo_content import demo_articles
from conversation.domain.templates import LINES, language_name
from conversation.domain.text import sentences
from conversation.domain.writer import is_clarification


def outside(said: str) -> str:
    """What is left of a reply without the sentences of articles and templates; a question back names titles, and is ours."""
    if is_clarification(said):
        return ""
    for sentence in _allowed():
        said = said.replace(sentence, "")
    return said.strip()


@cache
def _allowed() -> tuple[str, ...]:
    written = {
        sentence
        for article in demo_articles("lindenhof")
        for variant in article.variants
        for sentence in sentences(variant.body)
    }
    ours = {
        text.format(hotel="Hotel Lindenhof", language=language_name(variant, language), first="", second="", wait="")
        for language, lines in LINES.items()
        for text in lines.values()
        for variant in ("en", "de", "fr", "es")
    }
    return tuple(sorted(written | ours, key=len, reverse=True))

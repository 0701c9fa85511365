"""Cutting a long text where it hurts least: between paragraphs, else sentences, else words. Pure."""

from collections.abc import Iterator

from conversation.domain.text import sentences


def cut(text: str, characters: int) -> str:
    """As many whole sentences as fit; of a first sentence that is too long as many whole words."""
    return next(parts(text, characters), "")


def parts(text: str, characters: int) -> Iterator[str]:
    """The whole text in parts no longer than that."""
    kept = ""
    for paragraph in filter(None, (one.strip() for one in text.split("\n\n"))):
        joined = f"{kept}\n\n{paragraph}" if kept else paragraph
        if len(joined) <= characters:
            kept = joined
            continue
        if kept:
            yield kept
        *full, kept = _of_paragraph(paragraph, characters)
        yield from full
    if kept:
        yield kept


def _of_paragraph(paragraph: str, characters: int) -> list[str]:
    if len(paragraph) <= characters:
        return [paragraph]
    pieces = [piece for sentence in sentences(paragraph) for piece in _of_sentence(sentence, characters)]
    return _joined(pieces, characters)


def _of_sentence(sentence: str, characters: int) -> list[str]:
    if len(sentence) <= characters:
        return [sentence]
    # scripts without spaces, and junk, are longer than any word
    words = [word[start : start + characters] for word in sentence.split() for start in range(0, len(word), characters)]
    return _joined(words, characters)


def _joined(pieces: list[str], characters: int) -> list[str]:
    found: list[list[str]] = []
    length = characters
    for piece in pieces:
        if length + 1 + len(piece) > characters:
            found.append([])
            length = -1
        found[-1].append(piece)
        length += 1 + len(piece)
    return [" ".join(one) for one in found]

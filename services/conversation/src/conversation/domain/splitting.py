"""How a document that a hotel has becomes knowledge articles: one for each section, one for each question. Pure.

Nothing is reworded: an article says what stands in the document. Anchors come from the headings, so that a document
read again after an edit gives the same articles.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conversation.domain.excerpts import cut, parts
from conversation.domain.headings import Anchors, answer_of, asked_within, is_generic, is_question, plain, question_of
from conversation.domain.language import detect, language_of
from conversation.domain.text import normalise

MOST_ARTICLES = 500
"""Of one document."""
MOST_QUESTIONS, QUESTION_CHARACTERS = 20, 300
TITLE_CHARACTERS, BODY_CHARACTERS = 200, 6000
SHORT_CHARACTERS, MERGED_CHARACTERS = 80, 1200
"""Sections shorter than the first are put together, up to the second."""
_TELLING_CHARACTERS = 80
"""Shorter texts don't say for sure which language they are in."""
_READ_FOR_LANGUAGE = 5000


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under a heading.

    Attributes:
        heading: the headings it stands under, the outermost first, its own last; empty before the first one.
        text: plain sentences, paragraphs divided by a blank line; may be empty.
    """

    heading: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text with headings.

    Attributes:
        title: what the whole is about.
        language: the BCP 47 tag that the document declares.
        sections: in reading order.
    """

    title: str
    language: str | None
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a sheet: an answer with its title, or its questions, or both."""

    title: str
    questions: tuple[str, ...]
    body: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of questions and answers, as hotels keep them."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Proposed:
    """An article to be.

    Attributes:
        anchor: unique in the document, and the same when it is read again, as long as its headings stay.
        language: BCP 47 tag, the hotel's own where it has that language.
        title: a few words.
        questions: how guests put it, where the document says so.
        body: plain sentences.
    """

    anchor: str
    language: str
    title: str
    questions: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class _Piece:
    anchor: str
    heading: tuple[str, ...]
    text: str
    question: str | None = None

    @property
    def short(self) -> bool:
        return self.question is None and len(self.text) < SHORT_CHARACTERS


def propose(source: Document | Sheet, default_language: str, languages: Sequence[str]) -> tuple[Proposed, ...]:
    """The articles of a document, in its order, at most `MOST_ARTICLES`.

    Args:
        source: what was read.
        default_language: of texts that don't say which language they are in.
        languages: the hotel's, as BCP 47 tags.
    """
    if isinstance(source, Sheet):
        made = _of_sheet(source, default_language, languages)
    else:
        made = _of_document(source, default_language, languages)
    found: list[Proposed] = []
    said: set[tuple[str, str, str]] = set()
    for proposed in made:
        # pages repeat themselves for small screens
        once = (proposed.language, proposed.title, proposed.body)
        if once not in said:
            said.add(once)
            found.append(proposed)
        if len(found) == MOST_ARTICLES:
            break
    return tuple(found)


def _of_document(document: Document, default_language: str, languages: Sequence[str]) -> Iterator[Proposed]:
    declared = _hotels_tag(document.language, languages)
    whole = declared or _detected(
        "\n\n".join(section.text for section in document.sections), default_language, languages
    )
    pieces = tuple(_pieces(document))
    names = Counter(normalise(piece.heading[-1]) for piece in pieces if piece.heading)
    for group in _groups(pieces, document.title):
        title, body = _title(group, names, document.title), _body(group)
        language = declared or _language(f"{title}\n\n{body}", whole, languages)
        questions = tuple(cut(piece.question, QUESTION_CHARACTERS) for piece in group[:1] if piece.question)
        yield from _articles(group[0].anchor, language, title, questions, body)


def _of_sheet(sheet: Sheet, default_language: str, languages: Sequence[str]) -> Iterator[Proposed]:
    anchors = Anchors()
    merged: dict[tuple[str, str, str], Entry] = {}
    for entry in sheet.entries:
        # rows with the same answer are several ways to ask for it
        key = (entry.language or "", normalise(entry.title), entry.body)
        earlier = merged.get(key)
        merged[key] = replace(earlier, questions=(*earlier.questions, *entry.questions)) if earlier else entry
    everything = "\n".join(entry.body for entry in merged.values())
    whole = _detected(everything, default_language, languages)
    for entry in merged.values():
        if not _says_something(entry.body):
            continue
        questions = tuple(dict.fromkeys(cut(question, QUESTION_CHARACTERS) for question in entry.questions))
        title = entry.title or next(iter(questions), "") or _first_words(entry.body)
        language = _hotels_tag(entry.language, languages) or _language(f"{title}\n\n{entry.body}", whole, languages)
        anchor = anchors.of((title,))
        yield from _articles(anchor, language, title, questions[:MOST_QUESTIONS], entry.body)


def _articles(anchor: str, language: str, title: str, questions: tuple[str, ...], body: str) -> Iterator[Proposed]:
    """One article, or several where the text is longer than one may be; the questions are the first one's."""
    for number, part in enumerate(parts(body, BODY_CHARACTERS), 1):
        if number == 1:
            yield Proposed(anchor, language, cut(title, TITLE_CHARACTERS), questions, part)
        else:
            ending = f" ({number})"
            shown = cut(title, TITLE_CHARACTERS - len(ending)) + ending
            # no heading's anchor has a full stop in it
            yield Proposed(f"{anchor}.{number}", language, shown, (), part)


def _pieces(document: Document) -> Iterator[_Piece]:
    """The sections with text, and the questions that stand within them. Empty ones count for the anchors of the others."""
    anchors = Anchors()
    for section in document.sections:
        heading = tuple(shown for shown in map(plain, section.heading) if shown)
        anchor = anchors.of(heading)
        before, asked = asked_within(section.text)
        own = question_of(heading[-1]) if heading and is_question(heading[-1]) else None
        if own is not None:
            heading, before = (*heading[:-1], own), answer_of(before)
        if _says_something(before):
            yield _Piece(anchor, heading, before, own)
        for question, answer in asked:
            path = (*heading, question)
            anchor_of_question = anchors.of(path)
            if _says_something(answer):
                yield _Piece(anchor_of_question, path, answer, question)


def _groups(pieces: Sequence[_Piece], document_title: str) -> Iterator[tuple[_Piece, ...]]:
    """Short sections together with the short ones beside them, and with the section that they are part of."""
    group: list[_Piece] = []
    for piece in pieces:
        if group and _belongs(piece, group, document_title):
            group.append(piece)
            continue
        if group:
            yield tuple(group)
        group = [piece]
    if group:
        yield tuple(group)


def _belongs(piece: _Piece, group: Sequence[_Piece], document_title: str) -> bool:
    first = group[0]
    if not piece.short or not piece.heading or first.question is not None:
        return False
    if len(_body((*group, piece))) > MERGED_CHARACTERS:
        return False
    # what stands under the document's own title is not about one thing
    is_part = first.heading not in ((), (plain(document_title),)) and _starts_with(piece.heading, first.heading)
    is_beside = first.heading[:-1] == piece.heading[:-1] and all(one.short for one in group) and first.heading != ()
    return is_part or is_beside


def _title(group: Sequence[_Piece], names: Counter[str], document_title: str) -> str:
    first = group[0]
    if not first.heading:
        return document_title or _first_words(first.text)
    if len(group) > 1 and not _starts_with(group[1].heading, first.heading):
        return ", ".join(dict.fromkeys(piece.heading[-1] for piece in group))
    own = first.heading[-1]
    if not is_generic(own) and names[normalise(own)] == 1:
        return own
    path = first.heading
    if len(path) > 2 and path[0] == plain(document_title):
        path = path[1:]
    return " - ".join(path)


def _body(group: Sequence[_Piece]) -> str:
    """The texts; where there are several, each with the heading that says what it is about."""
    first, *others = group
    if not others:
        return first.text
    led = first.text if _starts_with(others[0].heading, first.heading) else f"{first.heading[-1]}: {first.text}"
    return "\n\n".join([led, *(f"{piece.heading[-1]}: {piece.text}" for piece in others)])


def _starts_with(path: tuple[str, ...], start: tuple[str, ...]) -> bool:
    return len(path) > len(start) and path[: len(start)] == start


def _first_words(text: str) -> str:
    return cut(text.split("\n\n", maxsplit=1)[0], 80)


def _says_something(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _language(text: str, otherwise: str, languages: Sequence[str]) -> str:
    """The language of one article of a document that may have several; only a language of the hotel's is believed."""
    if len(text) < _TELLING_CHARACTERS:
        return otherwise
    return _hotels_tag(_detected(text, otherwise, languages), languages) or otherwise


def _detected(text: str, default: str, languages: Sequence[str]) -> str:
    found = detect(text[:_READ_FOR_LANGUAGE], language_of(default))
    if not found.sure:
        return default
    return _hotels_tag(found.language.value, languages) or found.language.value


def _hotels_tag(tag: str | None, languages: Sequence[str]) -> str | None:
    """The hotel's own tag for a language, whatever the region."""
    primary = _primary(tag or "")
    return next((own for own in languages if primary and _primary(own) == primary), None)


def _primary(tag: str) -> str:
    return tag.strip().replace("_", "-").split("-")[0].lower()

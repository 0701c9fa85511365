"""The text of a PDF as a document: pages joined, running heads left out, lines made paragraphs, headings guessed."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from io import BytesIO

from pypdf import PdfReader

from conversation.adapters.reading_html import clean
from conversation.domain.splitting import Document, Section

MAX_PAGES = 200
_HEADING_CHARACTERS = 70
_NUMBERED = re.compile(r"^\d{1,2}(?:\.\d{1,2})*\.?\s+\S")
_PAGE_NUMBER = re.compile(r"^(?:page|seite|p\.|s\.)?\s*\d{1,4}(?:\s*(?:/|of|von)\s*\d{1,4})?$", re.IGNORECASE)
_ENDS = (".", "!", "…", ":", ";", ",", "-")
RUNNING = 0.6
"""Share of the pages on which a line stands that is a running head or foot."""


class NotText(ValueError):
    """There is no text in it that could be read; the message says why, in words."""


def read_pdf(content: bytes) -> Document:
    """A PDF with text in it.

    Raises:
        NotText: it is locked, too long, or has pictures only.
    """
    reader = PdfReader(BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise NotText("This PDF is locked with a password.")
    if len(reader.pages) > MAX_PAGES:
        raise NotText(f"This PDF has more than {MAX_PAGES} pages; split it first.")
    pages = [_lines(page.extract_text() or "") for page in reader.pages]
    if not any(pages):
        raise NotText("This PDF has no text in it, only pictures; a scan has to be made readable first.")
    running = _running(pages)
    lines = [line for page in pages for line in (*(one for one in page if one not in running), "")]
    given = clean(str(reader.metadata.title or "")) if reader.metadata else ""
    sections = tuple(_sections(lines))
    first = next((one.heading[0] for one in sections if one.heading), "")
    return Document(given or first, None, sections)


def _lines(page: str) -> list[str]:
    return [line for line in (clean(one) for one in page.splitlines()) if line and not _PAGE_NUMBER.match(line)]


def _running(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    if len(pages) < 3:
        return frozenset()
    ends = Counter(line for page in pages for line in {*page[:2], *page[-2:]})
    return frozenset(line for line, count in ends.items() if count >= RUNNING * len(pages))


def _sections(lines: Sequence[str]) -> Iterator[Section]:
    heading: tuple[str, ...] = ()
    paragraphs, words = list[str](), list[str]()

    def end() -> None:
        if words:
            paragraphs.append(_joined(words))
            words.clear()

    for place, line in enumerate(lines):
        following = next((one for one in lines[place + 1 :] if one), "")
        # A heading is where no sentence is under way.
        if line and not (words and not words[-1].endswith((".", "!", "?", ":"))) and _is_heading(line, following):
            end()
            if paragraphs or heading:
                yield Section(heading, "\n\n".join(paragraphs))
            heading, paragraphs = (line,), []
        elif line:
            words.append(line)
        elif words and words[-1].endswith((".", "!", "?")):
            end()
    end()
    if paragraphs or heading:
        yield Section(heading, "\n\n".join(paragraphs))


def _is_heading(line: str, following: str) -> bool:
    if not following or len(line) > _HEADING_CHARACTERS or line.endswith(_ENDS) or not any(map(str.isalpha, line)):
        return False
    if _NUMBERED.match(line) or line.isupper() or line.endswith("?"):
        return True
    return (
        line[0].isupper()
        and len(line) < _HEADING_CHARACTERS * 0.7
        and following[0].isupper()
        and len(line) < len(following)
    )


def _joined(lines: Sequence[str]) -> str:
    """Lines as one text; a word that was divided at the end of a line is whole again."""
    text = " ".join(lines)
    return re.sub(r"(\w)- (?=[a-zäöüßéèà])", r"\1", text)

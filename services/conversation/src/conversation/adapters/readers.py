"""Reads what a hotel has: Markdown, CSV, HTML, PDF and DOCX, as documents or sheets of questions. Plain functions that work on
the processor: the caller runs them beside the event loop."""

import csv
import io
import zipfile
import zlib

import mammoth
from markdown_it import MarkdownIt

from conversation.adapters.reading_html import clean, read_html
from conversation.adapters.reading_pdf import NotText, read_pdf
from conversation.domain.splitting import Document, Entry, Sheet
from conversation.domain.text import normalise

MAX_UNPACKED_BYTES = 50_000_000
"""Of a DOCX: a small file may hold a very large one."""
MAX_ROWS = 5_000
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<main", b"<article")
_COLUMNS = {
    "question": ("question", "questions", "frage", "fragen", "pregunta", "domanda", "vraag", "pergunta"),
    "answer": (
        "answer",
        "body",
        "text",
        "antwort",
        "reponse",
        "respuesta",
        "risposta",
        "antwoord",
        "resposta",
        "content",
    ),
    "title": ("title", "titel", "titre", "titulo", "titolo", "topic", "thema"),
    "language": ("language", "sprache", "langue", "idioma", "lingua", "taal", "lang"),
}


class Unreadable(Exception):
    """A file that can't be read; the message says why, in words for whoever manages the hotel."""


def read(name: str, media_type: str | None, content: bytes, charset: str | None = None) -> Document | Sheet:
    """What is in a file or page, told by its content first, then by its name and media type. `charset` is what the site that
    sent it says of its characters.

    Raises:
        Unreadable: it is empty, broken, locked, too large, or of no kind that we read.
    """
    if not content.strip():
        raise Unreadable("This file is empty.")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("This is an old Word or Excel file; save it as DOCX or CSV first.")
    ending = name.rsplit("?", 1)[0].rsplit(".", 1)[-1].lower()
    kind = (media_type or "").split(";")[0].strip().lower()
    try:
        if content.startswith(b"%PDF-"):
            return read_pdf(content)
        if content.startswith(b"PK\x03\x04"):
            return _docx(content)
        text = _text(content, charset)
        if content.lstrip()[:200].lower().startswith(_HTML) or "html" in kind or ending in ("html", "htm", "xhtml"):
            return read_html(text)
        if ending == "csv" or kind == "text/csv":
            return _csv(text)
        if ending in ("md", "markdown", "txt") or kind in ("text/markdown", "text/plain"):
            return _markdown(text, name)
    except Unreadable:
        raise
    except NotText as error:
        raise Unreadable(str(error)) from error
    except Exception as error:
        # Whatever a library trips over in bytes that anybody may have made.
        raise Unreadable("This file is broken.") from error
    raise Unreadable("Files of this kind can't be read: Markdown, CSV, HTML, PDF and DOCX can.")


def _text(content: bytes, charset: str | None) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    if b"\x00" in content[:4096]:
        raise Unreadable("Files of this kind can't be read: Markdown, CSV, HTML, PDF and DOCX can.")
    if charset is not None and charset not in ("utf-8", "utf8"):
        try:
            return content.decode(charset)
        except (LookupError, UnicodeDecodeError, ValueError):
            pass  # sites say so and send something else
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _docx(content: bytes) -> Document:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if "word/document.xml" not in packed.namelist():
                raise Unreadable("Files of this kind can't be read: Markdown, CSV, HTML, PDF and DOCX can.")
            left = MAX_UNPACKED_BYTES
            for part in packed.infolist():
                # Unpacked for the sake of it: what the directory says of sizes may be a lie.
                with packed.open(part) as unpacked:
                    while piece := unpacked.read(min(left + 1, 1_000_000)):
                        left -= len(piece)
                        if left < 0:
                            raise Unreadable("This file is too large once it is unpacked.")
    except (zipfile.BadZipFile, zlib.error) as error:
        raise Unreadable("This file is broken.") from error
    converted = mammoth.convert_to_html(io.BytesIO(content), convert_image=mammoth.images.img_element(_no_picture))
    return read_html(f"<body>{converted.value}</body>")


def _no_picture(_image: object) -> dict[str, str]:
    return {}


def _markdown(text: str, name: str) -> Document:
    if text.startswith("---\n") and "\n---" in text[4:]:
        text = text[text.index("\n---", 4) + 4 :]  # front matter
    # Raw HTML in it is shown as text by no renderer that is careful, and hidden by some: it is left out.
    page = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    document = read_html(f"<body>{page}</body>")
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return document if document.title else Document(clean(stem), None, document.sections)


def _csv(text: str) -> Sheet:
    first = text.splitlines()[0]
    delimiter = max((";", "\t", ","), key=first.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    heads = [normalise(head) for head in next(rows, [])]
    place = {
        meaning: next((heads.index(head) for head in names if head in heads), None)
        for meaning, names in _COLUMNS.items()
    }
    if place["answer"] is None or (place["question"] is None and place["title"] is None):
        raise Unreadable("A CSV file needs a first row that names its columns: question or title, and answer.")
    entries: list[Entry] = []
    for row in rows:
        cells = {meaning: clean(row[at]) if at is not None and at < len(row) else "" for meaning, at in place.items()}
        if cells["answer"] and (cells["question"] or cells["title"]):
            questions = (cells["question"],) if cells["question"] else ()
            entries.append(Entry(cells["title"], questions, cells["answer"], cells["language"] or None))
        if len(entries) > MAX_ROWS:
            raise Unreadable(f"This file has more than {MAX_ROWS} rows; split it first.")
    return Sheet(tuple(entries))

"""What a visitor can read on a page, as a document: headings, paragraphs, lists, tables, questions. No menus, nothing hidden.

What a guest can't see on the page is not knowledge: hidden text is where pages are filled with words for machines.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from conversation.domain.splitting import Document, Section

_LEFT_OUT = (
    "nav, header, footer, aside, script, style, form, button, svg, noscript, template, iframe, dialog, select, textarea, canvas,"
    " [hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo], [role=search], [role=dialog]"
)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$)|font-size\s*:\s*0|(?:left|top|text-indent)\s*:\s*-\d{3,}"
)
_COOKIES = re.compile(r"\b(?:cookie|consent|gdpr)", re.IGNORECASE)
_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "ul",
        "ol",
        "li",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "caption",
        "dl",
        "dt",
        "dd",
        "blockquote",
        "pre",
        "figure",
        "figcaption",
        "details",
        "summary",
        "address",
        "fieldset",
        "hr",
        "body",
    ]
)
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]|[\U000e0000-\U000e007f]")
_SPACE = re.compile(r"\s+")
_ENDS = (".", "!", "?", "…", ":", ";", "。", "！", "？", "؟")
_DEEPEST = 200
"""Levels of nesting that are followed; deeper ones are no page that people read."""


def clean(text: str) -> str:
    """One line of text: composed characters, no invisible ones, single spaces."""
    return _SPACE.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def as_sentence(text: str) -> str:
    """With a full stop where nothing ends it."""
    return text if not text or text.endswith(_ENDS) else f"{text}."


@dataclass(slots=True)
class _Reader:
    """Walks the page; every heading begins a section."""

    path: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    paragraphs: list[str] = field(default_factory=list[str])
    inline: list[str] = field(default_factory=list[str])
    sections: list[Section] = field(default_factory=list[Section])

    def heading(self, level: int, text: str) -> None:
        self.end_section()
        self.path = [*(one for one in self.path if one[0] < level), (level, text)]

    def end_paragraph(self) -> None:
        text = clean(" ".join(self.inline))
        self.inline.clear()
        if text:
            self.paragraphs.append(text)

    def end_section(self) -> None:
        self.end_paragraph()
        if self.paragraphs or self.path:
            self.sections.append(Section(tuple(text for _, text in self.path), "\n\n".join(self.paragraphs)))
        self.paragraphs = []

    def walk(self, node: LexborNode, depth: int = 0) -> None:
        if depth > _DEEPEST:
            return
        for child in node.iter(include_text=True):
            self.one(child, depth)

    def one(self, node: LexborNode, depth: int) -> None:
        tag = node.tag or ""
        if tag == "-text":
            self.inline.append(node.text(deep=False) or "")
        elif tag in _HEADINGS or tag in ("summary", "dt"):
            text = clean(node.text(separator=" "))
            if text:
                self.heading(_HEADINGS.get(tag, 7), text)
        elif tag == "table":
            self.end_paragraph()
            self.paragraphs.extend(_rows(node))
        elif tag == "li":
            self.end_paragraph()
            before = len(self.paragraphs)
            self.walk(node, depth + 1)
            self.end_paragraph()
            self.paragraphs[before:] = [as_sentence(one) for one in self.paragraphs[before:]]
        elif tag == "br":
            self.inline.append(" ")
        elif tag in _BLOCKS:
            self.end_paragraph()
            asked = _bold_question(node) if tag == "p" else None
            if asked is not None:
                self.heading(7, asked)
            else:
                self.walk(node, depth + 1)
                self.end_paragraph()
            if tag in ("details", "dl"):
                self.end_section()
                self.path = [one for one in self.path if one[0] < 7]
        elif not tag.startswith(("-", "!")):
            self.walk(node, depth + 1)


def read_html(page: str, language: str | None = None) -> Document:
    """The page as a document; `language` is what its header said, if the page itself does not."""
    tree = LexborHTMLParser(page)
    root = tree.css_first("html")
    declared = (root.attributes.get("lang") if root is not None else None) or language
    body = tree.body
    name = tree.css_first("title")
    title = re.split(r"\s+[|\u2013\u2014\u00b7]\s+|\s-\s", clean(name.text()) if name is not None else "")[0]
    if body is None:
        return Document(title, declared, ())
    first = body.css_first("h1")
    title = (clean(first.text(separator=" ")) if first is not None else "") or title
    for node in body.css(_LEFT_OUT):
        node.decompose()
    for node in body.css("[style], [class], [id]"):
        if _is_hidden(node):
            node.decompose()
    reader = _Reader()
    for part in _main_parts(body):
        reader.walk(part)
        reader.end_section()
    return Document(title, declared, tuple(one for one in reader.sections if one.text or one.heading))


def _main_parts(body: LexborNode) -> list[LexborNode]:
    main = body.css_first("main, [role=main]")
    if main is not None:
        return [main]
    articles = [node for node in body.css("article") if not _within_article(node)]
    return articles or [body]


def _within_article(node: LexborNode) -> bool:
    above = node.parent
    while above is not None:
        if above.tag == "article":
            return True
        above = above.parent
    return False


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if _HIDDEN_STYLE.search((attributes.get("style") or "").lower()):
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    return node.tag not in ("body", "html", "main") and _COOKIES.search(names) is not None


def _bold_question(node: LexborNode) -> str | None:
    """The question of a paragraph that is nothing but a bold question: how many pages write their FAQ."""
    bold = node.css_first("b, strong")
    if bold is None:
        return None
    text = clean(node.text(separator=" "))
    return text if text == clean(bold.text(separator=" ")) and text.endswith(("?", "？", "؟")) else None


def _rows(table: LexborNode) -> Iterator[str]:
    """A sentence a row: "Adults: 20 EUR.", with the columns' names where there are more than two."""
    rows = [[clean(cell.text(separator=" ")) for cell in row.css("td, th")] for row in table.css("tr")]
    heads: list[str] = []
    first = table.css_first("tr")
    if first is not None and not first.css("td"):
        heads = rows[0]
        rows = rows[1:]
    for cells in rows:
        if not any(cells):
            continue
        name, *values = cells
        if len(values) > 1 and len(heads) == len(cells):
            said = ", ".join(f"{head} {value}" for head, value in zip(heads[1:], values, strict=True) if value)
        else:
            said = ", ".join(filter(None, values))
        yield as_sentence(f"{name}: {said}" if name and said else name or said)

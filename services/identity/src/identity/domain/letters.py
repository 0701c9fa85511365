"""What identity's mails say, as text and as HTML. Pure.

Names come from people: none breaks a header, none is markup, and one that looks like a link is left out, so that nobody
sends strangers where they like in our name.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from string import Template

from contracts.values import base_language
from identity.domain.letters_words import WORDS
from identity.domain.mail import MailKind

LONGEST_NAME = 80
_LINKISH = re.compile(r"[/\\@:<>]|\w\.\w")
_HTML = Template(
    """<!doctype html>
<html lang="$language"><head><meta charset="utf-8"><title>$subject</title></head>
<body style="margin:0;padding:24px;background:#f4f4f2;color:#222;font:16px/1.5 sans-serif">
<div style="max-width:32em;margin:0 auto;padding:24px;background:#fff;border-radius:8px">
$paragraphs
</div></body></html>
"""
)
_BUTTON = (
    '<p><a href="{link}" style="display:inline-block;padding:12px 20px;border-radius:6px;background:#1f4e5f;color:#fff;'
    'text-decoration:none">{label}</a></p>\n<p style="font-size:13px;color:#666;word-break:break-all">{link}</p>'
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a letter is filled with. `lasting`: how long the link holds, in days (invitation) or minutes (reset)."""

    name: str = ""
    hotel: str = ""
    link: str = ""
    lasting: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail without its addresses."""

    subject: str
    text: str
    html: str


def letter(kind: MailKind, language: str, facts: Facts) -> Letter:
    """The letter in that language, or in English."""
    words = WORDS.get(language) or WORDS["en"]
    said = words.letters[kind]
    names = {"hotel": one_line(facts.hotel), "lasting": str(facts.lasting)}
    name = one_line(facts.name)
    hello = words.hello.format(name=name) if name and not _LINKISH.search(name) else words.hello_nobody
    subject = said.subject.format(**names)
    before, after = said.before.format(**names), said.after.format(**names)
    text = "\n\n".join(part for part in (hello, before, facts.link, after) if part) + "\n"
    button = _BUTTON.format(link=escape(facts.link), label=escape(said.button)) if facts.link else ""
    paragraphs = [f"<p>{escape(hello)}</p>", f"<p>{escape(before)}</p>", button, f"<p>{escape(after)}</p>"]
    html = _HTML.substitute(
        language=language if language in WORDS else "en",
        subject=escape(subject),
        paragraphs="\n".join(part for part in paragraphs if part),
    )
    return Letter(subject, text, html)


def one_line(name: str) -> str:
    """The name without line breaks, control and direction characters, and not longer than a line."""
    visible = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in name)
    plain = "".join(sign for sign in visible if not unicodedata.category(sign).startswith("C"))
    return " ".join(plain.split())[:LONGEST_NAME].strip()


def chosen_language(wanted: Iterable[str]) -> str:
    """The first of these languages that letters are written in; English, if none is."""
    return next((base for base in map(base_language, wanted) if base in WORDS), "en")

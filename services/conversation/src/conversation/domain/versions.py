"""What changed between two versions of an article: per language and field, the lines taken out and put in. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from conversation.domain.article import Variant


class Change(StrEnum):
    """What made a version."""

    CREATE = "create"
    UPDATE = "update"
    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    RESTORE = "restore"


class ArticleField(StrEnum):
    """The parts of an article in one language."""

    TITLE = "title"
    QUESTIONS = "questions"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that stand in one version only.

    Attributes:
        before_line: line of the older version, from 1, where `removed` begins, or before which `added` comes.
        removed: lines of the older version that are gone.
        after_line: line of the newer version, from 1, where `added` begins, or before which `removed` stood.
        added: lines of the newer version that were not there.
    """

    before_line: int
    removed: tuple[str, ...]
    after_line: int
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What changed in one field of one language."""

    language: str
    field: ArticleField
    hunks: tuple[Hunk, ...]


def changes(before: Sequence[Variant], after: Sequence[Variant]) -> tuple[FieldChange, ...]:
    """The fields that differ, in the newer version's order of languages; then the languages that it no longer has."""
    older = {variant.language: variant for variant in before}
    newer = {variant.language: variant for variant in after}
    found: list[FieldChange] = []
    for language in (*newer, *(language for language in older if language not in newer)):
        was, is_now = _fields(older.get(language)), _fields(newer.get(language))
        for field in ArticleField:
            hunks = _hunks(was[field], is_now[field])
            if hunks:
                found.append(FieldChange(language, field, hunks))
    return tuple(found)


def _fields(variant: Variant | None) -> dict[ArticleField, tuple[str, ...]]:
    if variant is None:
        return dict.fromkeys(ArticleField, ())
    return {
        ArticleField.TITLE: (variant.title,),
        ArticleField.QUESTIONS: variant.questions,
        ArticleField.BODY: tuple(variant.body.splitlines()),
    }


def _hunks(before: Sequence[str], after: Sequence[str]) -> tuple[Hunk, ...]:
    return tuple(
        Hunk(i + 1, tuple(before[i:i_end]), j + 1, tuple(after[j:j_end]))
        for tag, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if tag != "equal"
    )

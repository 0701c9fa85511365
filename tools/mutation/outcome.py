"""One mutant: where it is, what it changes, what became of it."""

import ast
import difflib
from dataclasses import dataclass
from enum import StrEnum

_AROUND = 50


class Verdict(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMEOUT = "killed by its time limit"
    WORDS = "in words of errors"
    """Only the words of an error differ: people read them, programs read its slug and pointer."""
    SURVIVED = "survived"
    UNTESTED = "without a test"


Key = tuple[str, str, str]
"""File, function, and what was mutated into what."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mutant. `name` is for showing it and running it alone; it changes with the source, `key` does not."""

    name: str
    key: Key
    verdict: Verdict


def change(before: str, after: str) -> str:
    """What differs between two sources, by lines as `ast.unparse` writes them, in one line of text."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    old = "; ".join(line[2:].strip() for line in lines if line.startswith("- "))
    new = "; ".join(line[2:].strip() for line in lines if line.startswith("+ "))
    return f"`{_cut(old, new)}` → `{_cut(new, old)}`"


def _cut(text: str, other: str) -> str:
    """The text around what differs, when it is long."""
    shorter = min(len(text), len(other))
    front = next((n for n in range(shorter) if text[n] != other[n]), shorter)
    back = next((n for n in range(shorter - front) if text[-1 - n] != other[-1 - n]), shorter - front)
    first, last = max(front - _AROUND, 0), min(len(text) - back + _AROUND, len(text))
    return ("…" if first else "") + text[first:last] + ("…" if last < len(text) else "")


def only_words(before: str, after: str) -> bool:
    """Whether two functions differ only in the words that errors are raised with."""
    return ast.dump(_Wordless().visit(ast.parse(before))) == ast.dump(_Wordless().visit(ast.parse(after)))


class _Wordless(ast.NodeTransformer):
    """Takes the first argument from what is raised, when it is text; keeps everything else, the pointer for one."""

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        call = node.exc
        if isinstance(call, ast.Call) and call.args:
            first = call.args[0]
            text = isinstance(first, ast.JoinedStr) or (
                isinstance(first, ast.Constant) and (first.value is None or isinstance(first.value, str))
            )
            if text:
                call.args = call.args[1:]
        return node

"""mutmut over the functions of a domain: runs it, and reads what it left behind."""

import ast
import json
import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path

from mutation.outcome import Mutant, Verdict, change, only_words

_KILLED = (1, 3)
_TIMEOUT = (36, 24, -24, 152, 255)
_UNTESTED = (5, 33)
_MANGLED = re.compile(r"x(?:ǁ(?P<owner>\w+?)ǁ|_)(?P<name>\w+)__mutmut_(?P<which>\w+)")


def run(work: Path, mutmut: Path, only: str, *, again: bool, lanes: int) -> list[Mutant]:
    """Every mutant of the functions, after a run of all or of what is not killed yet."""
    names = [f"{_module(path)}.*" for path in _sources(work, only)] if only != "*" else []
    if again:
        names = [mutant.name for mutant in _read(work, only) if mutant.verdict in (Verdict.SURVIVED, Verdict.UNTESTED)]
    if names or not again:
        done = subprocess.run((mutmut, "run", "--max-children", str(lanes), *names), cwd=work, check=False)
        if done.returncode:
            raise SystemExit(f"mutmut ended with {done.returncode}")
    return _read(work, only)


def _sources(work: Path, only: str) -> list[Path]:
    return [path.relative_to(work) for path in sorted((work / "src").glob("*/domain/*.py")) if fnmatch(path.stem, only)]


def _module(source: Path) -> str:
    return ".".join(source.with_suffix("").parts[1:])


def _read(work: Path, only: str) -> list[Mutant]:
    found: list[Mutant] = []
    for source in _sources(work, only):
        mutated = work / "mutants" / source
        meta = mutated.with_name(mutated.name + ".meta")
        if not meta.exists():
            continue
        exits: dict[str, int | None] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
        bodies = _bodies(mutated.read_text("utf-8"))
        for name, code in exits.items():
            mangled = name.rpartition(".")[2]
            before, after = bodies[re.sub(r"__mutmut_\d+$", "__mutmut_orig", mangled)], bodies[mangled]
            found.append(
                Mutant(name, (source.name, _shown(mangled), change(before, after)), _verdict(code, before, after))
            )
    return found


def _bodies(source: str) -> dict[str, str]:
    """Every version of every function, by its mangled name, under the function's own name."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (mangled := _MANGLED.fullmatch(node.name)):
            key, node.name = node.name, mangled["name"]
            found[key] = ast.unparse(node)
    return found


def _shown(mangled: str) -> str:
    parts = _MANGLED.fullmatch(mangled)
    assert parts is not None, mangled
    return f"{parts['owner']}.{parts['name']}" if parts["owner"] else parts["name"]


def _verdict(code: int | None, before: str, after: str) -> Verdict:
    if code in _KILLED:
        return Verdict.KILLED
    if code in _TIMEOUT:
        return Verdict.TIMEOUT
    if only_words(before, after):
        return Verdict.WORDS
    return Verdict.UNTESTED if code in _UNTESTED else Verdict.SURVIVED

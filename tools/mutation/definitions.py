"""What mutmut leaves out of a domain: values at the top of modules and classes, and functions with a decorator.

mutmut switches between copies of a function while the process runs; a value is made when its module is imported, and a
decorator may do anything with a copy. So every mutant here is imported anew, in a process of its own that is forked
when everything else is loaded, and meets the tests that import its module. The mutations are mutmut's, and one more: a set loses one of its members. Plain texts
stay as they are: titles and descriptions are for people, and `make check` compares the generated API documents.
"""

import ast
import importlib
import importlib.abc
import importlib.util
import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatch
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import libcst as cst
import pytest
from mutmut.mutation.mutators import mutation_operators

from mutation.outcome import Mutant, Verdict, change

_CPU_SECONDS = 60
_NO_TESTS = 5
_MUTMUTS = ("staticmethod", "classmethod")
"""Decorators of functions that mutmut does mutate."""


@dataclass(frozen=True, slots=True)
class Made:
    """One mutant of a module, and with what code its tests ended; None: not run."""

    file: str
    scope: str
    change: str
    source: str
    code: int | None = None


def run(work: Path, member: str, only: str, left_out: Sequence[str], *, again: bool, lanes: int) -> list[Mutant]:
    """Every mutant of the definitions, after a run of all or of what is not killed yet."""
    results = work / "definitions.json"
    tools = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "mutation.definitions", member, str(results), only, ",".join(left_out), str(lanes)]
    subprocess.run([*command, *["again"] * again], cwd=work, env={**os.environ, "PYTHONPATH": str(tools)}, check=True)
    verdicts = {
        0: Verdict.SURVIVED,
        None: Verdict.UNTESTED,
        _NO_TESTS: Verdict.UNTESTED,
        -signal.SIGXCPU: Verdict.TIMEOUT,
    }
    return [
        Mutant(f"{one.file}:{one.scope}", (one.file, one.scope, one.change), verdicts.get(one.code, Verdict.KILLED))
        for one in _load(results)
        if fnmatch(Path(one.file).stem, only)
    ]


def _load(results: Path) -> list[Made]:
    return [Made(**one) for one in json.loads(results.read_text("utf-8"))] if results.exists() else []


class _Visitor(cst.CSTVisitor):
    """Finds what can be mutated outside of the functions that mutmut mutates."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, cst.CSTNode, cst.CSTNode]] = []
        self._scope: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Decorator | cst.Import | cst.ImportFrom | cst.Parameters):
            return False
        if isinstance(node, cst.FunctionDef) and not _is_left_out(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scope.append(node.name.value)
        if isinstance(node, cst.FormattedString | cst.ConcatenatedString):
            return False
        if not isinstance(node, cst.SimpleString) or node.prefix:  # a pattern, or bytes
            self.found += [(".".join(self._scope) or "-", node, mutated) for mutated in _mutations(node)]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        is_left_out = isinstance(original_node, cst.FunctionDef) and _is_left_out(original_node)
        if isinstance(original_node, cst.ClassDef) or is_left_out:
            self._scope.pop()


def _is_left_out(node: cst.FunctionDef) -> bool:
    names = [item.decorator.value for item in node.decorators if isinstance(item.decorator, cst.Name)]
    return bool(node.decorators) and not (len(node.decorators) == len(names) == 1 and names[0] in _MUTMUTS)


def _mutations(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in mutation_operators:
        if isinstance(node, kind):
            yield from operator(node)
    if isinstance(node, cst.Set) and len(node.elements) > 1:
        for n in range(len(node.elements)):
            yield node.with_changes(elements=[*node.elements[:n], *node.elements[n + 1 :]])


def _made(path: Path) -> Iterator[Made]:
    source = path.read_text("utf-8")
    module = cst.parse_module(source)
    visitor = _Visitor()
    module.visit(visitor)
    before = ast.unparse(ast.parse(source))
    for scope, node, mutated in visitor.found:
        changed = module.deep_replace(node, mutated)
        assert isinstance(changed, cst.Module)
        yield Made(path.name, scope, change(before, ast.unparse(ast.parse(changed.code))), changed.code)


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a source of ours."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self._name, self._path, self._source = name, path, source

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, str(self._path), "exec"), module.__dict__)  # noqa: S102 - that is the point


def _ended(one: Made, name: str, path: Path, tests: Sequence[str]) -> int:
    """In a process of its own: the exit code of the tests."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    sys.meta_path.insert(0, _Mutated(name, path, one.source))
    return int(pytest.main(["-x", "--rootdir=.", *tests]))


def _run_all(todo: Iterable[tuple[Made, str, Path]], lanes: int) -> Iterator[tuple[Made, int]]:
    texts = {str(path): path.read_text("utf-8") for path in sorted(Path("tests/domain").glob("test_*.py"))}
    running: dict[int, Made] = {}

    def one_ends() -> tuple[Made, int]:
        pid, status = os.wait()
        return running.pop(pid), os.waitstatus_to_exitcode(status)

    for one, name, path in todo:
        tests = [test for test, text in texts.items() if f"{name} " in text or _imports(text, path.stem)]
        if not tests:
            yield one, _NO_TESTS
            continue
        if len(running) >= lanes:
            yield one_ends()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = _ended(one, name, path, tests)
            finally:
                os._exit(code)
        running[pid] = one
    while running:
        yield one_ends()


def _imports(text: str, module: str) -> bool:
    return re.search(rf"\.domain import .*\b{module}\b", text) is not None


def main(member: str, results: Path, only: str, left_out: Sequence[str], lanes: int, *, again: bool) -> None:
    """Run in the work folder; `results` is where the outcome goes."""
    sources = Path("src").resolve()
    sys.path.insert(0, str(sources))
    paths = {
        path.name: path for path in sorted((sources / member / "domain").glob("*.py")) if path.name not in left_out
    }
    for path in paths.values():
        importlib.import_module(f"{member}.domain.{path.stem}" if path.stem != "__init__" else f"{member}.domain")
    for name in [name for name in sys.modules if name.partition(".")[0] == member]:
        del sys.modules[name]  # what they import stays loaded; they themselves are imported by each process
    known = {(one.file, one.scope, one.source): one for one in _load(results)}
    every = [made for path in paths.values() for made in _made(path)]
    every = [known.get((one.file, one.scope, one.source), one) for one in every]
    todo = [
        one
        for one in every
        if fnmatch(Path(one.file).stem, only) and not (again and one.code not in (None, 0, _NO_TESTS))
    ]
    ends: dict[Made, Made] = {}
    os.chdir("mutants")  # where mutmut put the tests and their settings
    for n, (one, code) in enumerate(
        _run_all(((one, f"{member}.domain.{Path(one.file).stem}", paths[one.file]) for one in todo), lanes), 1
    ):
        ends[one] = replace(one, code=code)
        print(f"\rdefinitions {n}/{len(todo)}", end="", flush=True)
    print()
    results.write_text(json.dumps([asdict(ends.get(one, one)) for one in every]), encoding="utf-8")


if __name__ == "__main__":
    main(
        sys.argv[1],
        Path(sys.argv[2]),
        sys.argv[3],
        sys.argv[4].split(","),
        int(sys.argv[5]),
        again="again" in sys.argv[6:],
    )

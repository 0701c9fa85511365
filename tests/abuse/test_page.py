"""docs/abuse.md names tests that there are, and all that are here."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`((?:tests|services|libs)/[\w/.]+\.py)(?:::(\w+))?`")


def names_in(path: Path) -> set[str]:
    """The functions and classes of a file."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    return {one.name for one in module.body if isinstance(one, ast.AsyncFunctionDef | ast.FunctionDef | ast.ClassDef)}


def test_every_attack_on_the_page_has_its_test_and_every_test_here_its_line() -> None:
    rows = [
        line for line in (ROOT / "docs" / "abuse.md").read_text(encoding="utf-8").splitlines() if line.startswith("|")
    ]
    attacks = [line for line in rows if not line.startswith(("|---", "| tried"))]
    assert len(attacks) > 30
    assert [line for line in attacks if not NAMED.search(line)] == []
    named = {(path, test) for line in attacks for path, test in NAMED.findall(line)}
    gone = [f"{path}::{test}" for path, test in named if test and test not in names_in(ROOT / path)]
    assert gone == []
    assert [path for path, _ in named if not (ROOT / path).is_file()] == []
    here = {
        (str(path.relative_to(ROOT)), test)
        for folder in ("abuse", "tenancy")
        for path in (ROOT / "tests" / folder).glob("test_*.py")
        for test in names_in(path)
        if test.startswith("test_") and path != Path(__file__) and path.name != "test_holders.py"
    }
    assert here - named == set()

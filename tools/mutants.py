"""`make mutants ARGS=identity`: break a member's domain in every small way; each mutant is killed by a test, or explained.

Only the tests of `tests/domain` run, with few, always the same, random examples. Whatever survives must stand in the
member's `tests/MUTANTS.md` with the reason; a row there that no longer survives is too much. Decision 0030 says why.

    make mutants ARGS=identity              from scratch, some minutes
    make mutants ARGS="identity --again"    only what survived last time
    make mutants ARGS="identity --write"    and write counts and new rows into MUTANTS.md
"""

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from mutation import functions
from mutation.outcome import Mutant, Verdict
from mutation.report import Report

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

LEFT_OUT = {"identity": ("letters_words.py",)}
"""Modules of nothing but words in many languages: mutating them says nothing."""

_CONFIG = """\
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/{member}/domain/*"]
do_not_mutate = [{left_out}]
also_copy = ["conftest.py"]
pytest_add_cli_args_test_selection = ["tests/domain"]
timeout_constant = 20.0
timeout_multiplier = 3.0
use_git_change_detection = false

[tool.pytest.ini_options]
asyncio_mode = "auto"
addopts = "-q --import-mode=importlib -p no:faker -p no:schemathesis -p no:cacheprovider"
filterwarnings = ["ignore"]
"""
_CONFTEST = '''\
"""Few random examples, the same for every mutant; what fails is not made smaller."""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile(
    "mutants",
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("mutants")
'''


def main() -> int:
    """Run what is asked for; 1 when something survives unexplained, or is explained and does not survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("member", nargs="?", default="identity", help="a service with tests/domain")
    parser.add_argument("--again", action="store_true", help="only what survived last time")
    parser.add_argument("--write", action="store_true", help="write counts and new rows into MUTANTS.md")
    parser.add_argument("--only", default="*", help="modules of the domain, as a pattern: roles, s*")
    parser.add_argument("--lanes", type=int, default=2, help="mutants at a time")
    chosen = parser.parse_args()
    service = ROOT / "services" / chosen.member
    if not (service / "tests" / "domain").is_dir():
        parser.error(f"{service.relative_to(ROOT)} has no tests/domain")
    if chosen.write and (chosen.only != "*"):
        parser.error("--write needs every module")
    work = _prepared(service, fresh=not chosen.again)
    started = datetime.now(tz=UTC)
    found = functions.run(work, BIN / "mutmut", chosen.only, again=chosen.again, lanes=chosen.lanes)
    seconds = (datetime.now(tz=UTC) - started).total_seconds()
    return _judged(service, found, whole=chosen.only == "*", write=chosen.write, seconds=seconds)


def _prepared(service: Path, *, fresh: bool) -> Path:
    """A folder in which mutmut works: the member's sources, its domain tests, settings. The sources are not touched."""
    work = ROOT / ".work" / "mutants" / service.name
    if fresh:
        shutil.rmtree(work, ignore_errors=True)
    (work / "tests").mkdir(parents=True, exist_ok=True)
    shutil.rmtree(work / "mutants" / "tests", ignore_errors=True)
    for link, to in (("src", service / "src"), ("tests/domain", service / "tests" / "domain")):
        (work / link).unlink(missing_ok=True)
        (work / link).symlink_to(to)
    left_out = ", ".join(f'"src/{service.name}/domain/{name}"' for name in LEFT_OUT.get(service.name, ()))
    (work / "pyproject.toml").write_text(_CONFIG.format(member=service.name, left_out=left_out), encoding="utf-8")
    (work / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    return work


def _judged(service: Path, found: list[Mutant], *, whole: bool, write: bool, seconds: float) -> int:
    report = Report(service / "tests" / "MUTANTS.md")
    alive = {mutant.key: mutant for mutant in found if mutant.verdict in (Verdict.SURVIVED, Verdict.UNTESTED)}
    unexplained = [mutant for key, mutant in sorted(alive.items()) if not report.reason(key)]
    stale = [key for key in report.rows if whole and key not in alive]
    counts = Counter(mutant.verdict for mutant in found)
    print(", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict) + f"; {seconds:.0f} s")
    for mutant in unexplained:
        print(f"UNEXPLAINED {mutant.name}\n    {' | '.join(mutant.key)}")
    for key in stale:
        print(f"NO LONGER SURVIVES, take it out of MUTANTS.md: {' | '.join(key)}")
    if write:
        revision = subprocess.run(("git", "describe", "--always"), cwd=ROOT, capture_output=True, text=True, check=True)
        report.write(service.name, counts, alive, datetime.now(tz=UTC), revision.stdout.strip())
    print(f"{len(alive)} survivors' kinds, {len(unexplained)} of them unexplained, {len(stale)} rows too many")
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main())

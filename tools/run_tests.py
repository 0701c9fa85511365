"""`make test`: every suite on real local parts, three at a time (they often wait), the longest first; one line at the end counts them all."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

LONGEST_FIRST = (
    "tests/contract tests/hostile",
    "tests/browser",
    "services/identity",
    "libs/servicekit",
    "tests/e2e tests/tenancy tests/abuse",
    "services/conversation",
    "infra/devstack",
    "services/escalation",
    "services/gateway",
    "libs/contracts",
    "tests/chaos",
)
"""So that the lanes end at about the same time; every other member with tests comes after these. Folders in one
suite share a running stack."""

SEEDED = "--hypothesis-seed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one suite came to."""

    suite: str
    seconds: float
    passed: int
    failed: int
    skipped: int
    output: str
    exit_code: int


def run(suite: str, extra: list[str], reports: Path) -> Outcome:
    """Run one suite in a pytest process of its own."""
    report = reports / f"{suite.replace('/', '-').replace(' ', '-')}.xml"
    started = time.monotonic()
    done = subprocess.run(
        (BIN / "pytest", *suite.split(), f"--junitxml={report}", *extra),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    totals = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    if report.exists():
        for found in ElementTree.parse(report).getroot().iter("testsuite"):  # noqa: S314  # pytest wrote it just now
            for name in totals:
                totals[name] += int(found.get(name, "0"))
    failed = totals["failures"] + totals["errors"]
    return Outcome(
        suite=suite,
        seconds=time.monotonic() - started,
        passed=totals["tests"] - failed - totals["skipped"],
        failed=failed,
        skipped=totals["skipped"],
        output=done.stdout,
        exit_code=done.returncode,
    )


def main() -> int:
    """Start the parts (unless URLs name them), run the suites, print what failed and the totals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        help="run only suites with this name in their path, e.g. escalation, tests",
    )
    parser.add_argument("--lanes", type=int, default=3, help="suites at a time")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="seed of the random tests")
    chosen, extra = parser.parse_known_args()
    if "FRONTDESK_KAFKA_URL" not in os.environ:
        os.execv(BIN / "frontdesk", ["frontdesk", "with-parts", "--", sys.executable, __file__, *sys.argv[1:]])
    members = (
        str(p.parent.relative_to(ROOT)) for g in ("libs/*/tests", "services/*/tests") for p in sorted(ROOT.glob(g))
    )
    every = list(dict.fromkeys((*LONGEST_FIRST, *members)))
    suites = [
        suite
        for suite in every
        if all((ROOT / folder).exists() for folder in suite.split())
        and (not chosen.only or any(only in suite.replace(" ", "/").split("/") for only in chosen.only))
    ]
    print(f"{len(suites)} suites, {chosen.lanes} at a time, seed {chosen.seed}", flush=True)
    extra = [f"{SEEDED}={chosen.seed}", *extra]
    started = time.monotonic()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as reports, ThreadPoolExecutor(chosen.lanes) as lanes:
        running = [lanes.submit(run, suite, extra, Path(reports)) for suite in suites]
        for outcome in (future.result() for future in as_completed(running)):
            outcomes.append(outcome)
            ok = outcome.exit_code == 0
            print(
                f"{outcome.suite:<30}{'ok' if ok else 'FAILED':<8}{outcome.passed:>5} passed {outcome.seconds:7.1f} s",
                flush=True,
            )
            if not ok:
                print(outcome.output, flush=True)
    print(f"\n{time.monotonic() - started:.0f} s")
    passed, failed, skipped = (sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed", "skipped"))
    broken = [o.suite for o in outcomes if o.exit_code != 0 and o.failed == 0]
    for suite in broken:
        print(f"{suite} did not run to its end")
    failed += len(broken)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

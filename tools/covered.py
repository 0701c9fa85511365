"""`make coverage ARGS=identity`: which lines of a service's domain and commands its own suite runs, at least 95 % of each.

The suite runs on real local parts, with everything that it starts: threads, the greenlets of SQLAlchemy, processes.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
ROOMS = ("domain", "commands")
AT_LEAST = 95
"""Per cent of the lines, in each room."""

_CONFIG = """\
[run]
source = {source}
data_file = {work}/data
concurrency = thread,greenlet
parallel = true
patch = subprocess
[report]
exclude_also =
    if TYPE_CHECKING:
    \\.\\.\\.$
"""


def main() -> int:
    """Run the suite, print the lines that it never ran; 1 when a room has too many, or a test fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("member", nargs="?", default="identity", help="a service")
    chosen = parser.parse_args()
    service = ROOT / "services" / chosen.member
    source = service / "src" / chosen.member
    if not source.is_dir():
        parser.error(f"there is no {source.relative_to(ROOT)}")
    work = ROOT / ".work" / "coverage" / chosen.member
    work.mkdir(parents=True, exist_ok=True)
    for former in work.glob("data*"):
        former.unlink()
    config = work / "coveragerc"
    config.write_text(_CONFIG.format(source=source, work=work), encoding="utf-8")
    coverage = (BIN / "coverage",)
    suite = (*coverage, "run", f"--rcfile={config}", "-m", "pytest", service.relative_to(ROOT))
    parts = () if "FRONTDESK_KAFKA_URL" in os.environ else (BIN / "frontdesk", "with-parts", "--")
    if subprocess.run((*parts, *suite), cwd=ROOT, check=False).returncode:
        print("the suite failed")
        return 1
    subprocess.run((*coverage, "combine", "-q", f"--rcfile={config}"), cwd=ROOT, check=True)
    short = [
        room
        for room in ROOMS
        if (source / room).is_dir()
        and subprocess.run(
            (*coverage, "report", f"--rcfile={config}", f"--include={source / room}/*", "--show-missing",
             "--skip-covered", f"--fail-under={AT_LEAST}"),
            cwd=ROOT,
            check=False,
        ).returncode
    ]  # fmt: skip
    for room in short:
        print(f"{chosen.member}'s {room}: less than {AT_LEAST} %")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())

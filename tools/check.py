"""`make check`: format, lint, strict types (Python and TypeScript), import rules, generated files and schema compatibility, each named."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("format", (f"{BIN}/ruff", "format", "--check", "-q", ".")),
    ("lint", (f"{BIN}/ruff", "check", "-q", ".")),
    ("types", (f"{BIN}/pyright",)),
    ("web", (f"{BIN}/frontdesk", "build-web", "--check")),
    ("import rules", (f"{BIN}/lint-imports",)),
    ("generated files", (f"{BIN}/python", "tools/schemas.py", "check")),
    ("service guide", (f"{BIN}/python", "tools/follow_adding_a_service.py", "--only-files")),
    ("schema compatibility", (f"{BIN}/python", "-m", "contracts.compat")),
)


def main() -> int:
    """Run every step, show the output of those that fail; 1 if any did."""
    failed: list[str] = []
    for name, command in STEPS:
        started = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(f"{name:<22}{verdict:<8}{time.monotonic() - started:5.1f} s", flush=True)
        if done.returncode != 0:
            failed.append(name)
            print(done.stdout + done.stderr, flush=True)
    if failed:
        print(f"check failed: {', '.join(failed)}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

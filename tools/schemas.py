"""`make schemas`: write, or check, every generated file: JSON Schemas, AsyncAPI, OpenAPI documents, permission table."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SERVICES = tuple(sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml")))


def openapi(service: str) -> str:
    """The service's OpenAPI document as its own command prints it."""
    done = subprocess.run((BIN / service, "openapi"), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"`{service} openapi` failed:\n{done.stderr}")
    return done.stdout


def main(mode: str) -> int:
    """Mode `write` or `check`; 1 when a committed file is out of date."""
    stale = [
        module
        for module in ("contracts.schemas", "contracts.permissions_table")
        if subprocess.run((sys.executable, "-m", module, mode), cwd=ROOT, check=False).returncode != 0
    ]
    for service in SERVICES:
        path = ROOT / "services" / service / "openapi.json"
        current = openapi(service)
        if mode == "write":
            path.write_text(current)
        elif not path.exists() or path.read_text() != current:
            stale.append(str(path.relative_to(ROOT)))
    if stale:
        print(f"out of date: {', '.join(stale)}; run `make schemas` and commit what changed")
        return 1
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("write", "check"):
        raise SystemExit("usage: tools/schemas.py write|check")
    sys.exit(main(sys.argv[1]))

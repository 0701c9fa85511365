"""`make lock`: resolve the dependencies of every member into requirements.lock. Names, versions and hashes only."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).parent / "uv"
COMMON = ("--universal", "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "-q", "-p", "3.11")


def main() -> None:
    """Compile both locks; workspace members are installed on top, without resolving, so they are left out."""
    manifests = sorted(
        str(path.relative_to(ROOT))
        for pattern in ("libs/*/pyproject.toml", "services/*/pyproject.toml", "infra/*/pyproject.toml")
        for path in ROOT.glob(pattern)
    )
    left_out = [flag for name in ("contracts", "servicekit") for flag in ("--no-emit-package", name)]
    subprocess.run(
        (
            UV,
            "pip",
            "compile",
            *COMMON,
            "--group",
            "pyproject.toml:dev",
            *manifests,
            *left_out,
            "-o",
            "requirements.lock",
        ),
        cwd=ROOT,
        check=True,
    )
    subprocess.run(
        (UV, "pip", "compile", *COMMON, "-o", "tools/bootstrap.lock", "-"),
        cwd=ROOT,
        input="uv\n",
        text=True,
        check=True,
    )


if __name__ == "__main__":
    main()

"""Files that are generated from the code and committed: written by `write`, compared by `check`."""

import json
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Files = Mapping[Path, str]


def _in_repository() -> Path:
    """This package's folder in the repository: around this file, or, when it is installed, around where we are."""
    beside_source = Path(__file__).resolve().parents[2]
    here = Path.cwd()
    around = [folder for parent in (here, *here.parents) for folder in (parent, parent / "libs" / "contracts")]
    for folder in (beside_source, *around):
        if (folder / "pyproject.toml").is_file() and (folder / "src" / "contracts" / "topics.py").is_file():
            return folder
    return beside_source


PACKAGE = _in_repository()
"""libs/contracts. The commands that use it are the repository's; in an installed package they need its folder."""


def as_json(value: object) -> str:
    """`value` as JSON that diffs well: sorted, indented, one line at the end."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def package_version() -> str:
    """The version in this package's pyproject.toml."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def write(files: Files, strays: Sequence[Path] = ()) -> list[str]:
    """Writes `files`, removes `strays`; what changed, one line each."""
    said: list[str] = []
    for path in strays:
        path.unlink()
        said.append(f"removed {path.name}")
    for path, text in files.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            said.append(f"wrote {path.name}")
    return said


def differences(files: Files, strays: Sequence[Path] = ()) -> list[str]:
    """What `write` would change, one line each."""
    said = [f"{path.name} is left over" for path in strays]
    for path, text in files.items():
        if not path.exists():
            said.append(f"{path.name} is missing")
        elif path.read_text(encoding="utf-8") != text:
            said.append(f"{path.name} is out of date")
    return said


def main(
    module: str,
    files: Callable[[], Files],
    strays: Callable[[], Sequence[Path]] = tuple,
    arguments: Sequence[str] | None = None,
) -> int:
    """The command `python -m MODULE write|check`; the exit code is 1 when `check` finds a difference."""
    match list(sys.argv[1:] if arguments is None else arguments):
        case ["write"]:
            lines, code = write(files(), strays()) or ["nothing to write: up to date"], 0
        case ["check"]:
            found = differences(files(), strays())
            lines = [*found, f"run: python -m {module} write"] if found else ["up to date"]
            code = 1 if found else 0
        case _:
            lines, code = [f"usage: python -m {module} write|check"], 2
    sys.stdout.write("\n".join(lines) + "\n")
    return code

"""Follows docs/adding-a-service.md word by word in a copy of the repository, so that the page cannot become wrong.

    frontdesk with-parts -- .venv/bin/python tools/follow_adding_a_service.py [--keep]
    .venv/bin/python tools/follow_adding_a_service.py --only-files    (a second: writes and adds, runs nothing)

The words it knows, each right before a fenced block:

    Write `PATH`:                              the block becomes that file
    In `PATH`, after the line `LINE`, add:     the block goes after that line, which stands there once
    In `PATH`, after each line `LINE`, add:    the same wherever the line stands, at least once
    In `PATH`, instead of the line `LINE`, write:    the block replaces that line, which stands there once
    Run:                                       the block runs in bash, at the root, and must succeed

Any other fenced block is an error unless it is marked `text`, which is for reading only.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = Path("docs/adding-a-service.md")

_BLOCK = re.compile(r"(?P<words>[^\n]*)\n+```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_WRITE = re.compile(r"Write `(?P<path>[^`]+)`:$")
_ADD = re.compile(r"In `(?P<path>[^`]+)`, after (?P<how>the|each) line `(?P<line>[^`]+)`, add:$")
_REPLACE = re.compile(r"In `(?P<path>[^`]+)`, instead of the line `(?P<line>[^`]+)`, write:$")
_RUN = re.compile(r"Run:$")


class NotFollowable(Exception):
    """The page says something that cannot be done as it is written."""


@dataclass(frozen=True, slots=True)
class Step:
    """One fenced block and the words that say what to do with it."""

    words: str
    body: str


def steps(page: str) -> Iterator[Step]:
    """The blocks of the page in order, without those that are for reading only."""
    for found in _BLOCK.finditer(page):
        if found["kind"] != "text":
            yield Step(found["words"].strip(), found["body"])


def follow(step: Step, root: Path) -> None:
    """Do what the words say.

    Raises:
        NotFollowable: they say nothing we know, name a line that is not there once, or the command failed.
    """
    if found := _WRITE.search(step.words):
        path = root / found["path"]
        if path.exists():
            raise NotFollowable(f"{found['path']} is there already")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.body)
    elif found := _ADD.search(step.words):
        put(root / found["path"], found["line"], step.body, everywhere=found["how"] == "each")
    elif found := _REPLACE.search(step.words):
        put(root / found["path"], found["line"], step.body, instead=True)
    elif _RUN.search(step.words):
        run(step.body, root)
    else:
        raise NotFollowable(f"what to do with the block after {step.words!r}?")


def put(path: Path, line: str, body: str, *, everywhere: bool = False, instead: bool = False) -> None:
    """Put `body` after the line that reads `line`, white space around it aside, or in its place.

    Raises:
        NotFollowable: there is no such line, or more than one where one is meant.
    """
    lines = path.read_text().splitlines(keepends=True)
    places = [number for number, text in enumerate(lines) if text.strip() == line.strip()]
    if not places or (len(places) > 1 and not everywhere):
        raise NotFollowable(f"{path.name} has the line {line.strip()!r} {len(places)} times")
    for number in reversed(places):
        lines[number] = body if instead else lines[number] + body
    path.write_text("".join(lines))


def run(script: str, root: Path) -> None:
    """Run a block of shell as a person would paste it.

    Raises:
        NotFollowable: a command of it failed; its output is in the message.
    """
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(
        ("bash", "-euo", "pipefail", "-c", script),
        cwd=root,
        env={**environment, "PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotFollowable(f"exit code {done.returncode}:\n{script}\n{done.stdout}")


def copy_repository(to: Path) -> None:
    """What git would commit of the repository, as it is in the work tree."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def main() -> int:
    """Follow the page; 1 where it cannot be followed."""
    parser = argparse.ArgumentParser(description="Follow docs/adding-a-service.md word by word in a copy.")
    parser.add_argument("--keep", action="store_true", help="leave the copy, and say where it is")
    parser.add_argument("--only-files", action="store_true", help="write and add, but run nothing")
    asked = parser.parse_args()
    keep: bool = asked.keep
    folder = Path(tempfile.mkdtemp(prefix="adding-a-service-"))
    begun = time.monotonic()
    try:
        copy_repository(folder)
        for number, step in enumerate(steps((folder / PAGE).read_text()), start=1):
            started = time.monotonic()
            if asked.only_files and _RUN.search(step.words):
                continue
            follow(step, folder)
            title = step.words if not _RUN.search(step.words) else step.body.strip().splitlines()[-1]
            print(f"{number:>3}  {time.monotonic() - started:5.1f} s  {title}", flush=True)
    except NotFollowable as why:
        print(f"{PAGE} cannot be followed: {why}")
        return 1
    finally:
        if keep:
            print(f"the copy is in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    outcome = "can be followed as far as files go" if asked.only_files else "gives a service that works"
    print(f"{PAGE} {outcome}, in {time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Writes down the contracts as released: `python -m contracts.release VERSION COMMIT` fills `released/VERSION/`.

COMMIT is the commit that the schemas stand in; `contracts.compat` compares with the newest version from then on.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from contracts import compat, generated, schemas
from contracts.compat import RELEASED, Contracts

_VERSION = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class NotReleasable(ValueError):
    """This cannot be released as it stands."""


def release(version: str, commit: str, contracts: Contracts, released: Path = RELEASED) -> Path:
    """Writes `contracts` as `version`; the folder it is in.

    Raises:
        NotReleasable: malformed version or commit, a version that is not newer than the newest, or a break.
    """
    if not _VERSION.fullmatch(version):
        raise NotReleasable(f"{version} is not a version like 0.1.0")
    if not _COMMIT.fullmatch(commit):
        raise NotReleasable("the commit is named by its 40 hexadecimal digits")
    known = compat.versions(released)
    if known and compat.numbers(version) <= compat.numbers(known[-1]):
        raise NotReleasable(f"{version} is not newer than {known[-1]}")
    if known and (found := compat.breaks(compat.load(known[-1], released), contracts)):
        raise NotReleasable("\n".join(str(one) for one in found))
    folder = released / version
    manifest = {
        "version": version,
        "commit": commit,
        "events": {
            name: {"topic": schema["x-topic"], "key": schema["x-key"]} for name, schema in contracts.events.items()
        },
        "topics": contracts.topics,
    }
    files = {
        folder / "schemas" / f"{name}.json": generated.as_json(schema) for name, schema in contracts.events.items()
    }
    generated.write({**files, folder / compat.MANIFEST: generated.as_json(manifest)})
    return folder


def main(arguments: Sequence[str], released: Path = RELEASED) -> int:
    """The command; the exit code is 1 when it cannot be released, 2 when it was called wrongly."""
    match list(arguments):
        case [version, commit]:
            pass
        case _:
            sys.stdout.write("usage: python -m contracts.release VERSION COMMIT\n")
            return 2
    if stale := generated.differences(schemas.files(), schemas.strays()):
        sys.stdout.write("\n".join([*stale, "run: python -m contracts.schemas write, and commit"]) + "\n")
        return 1
    try:
        folder = release(version, commit, compat.current(), released)
    except NotReleasable as error:
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.write(f"wrote {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

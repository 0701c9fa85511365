"""Kafka's jars: which ones (`kafka.lock`), fetched once into the user's cache, verified on every start.

The lock lists `group:artifact:version  sha256`. jgo resolves and downloads each one; what does not hash to the
listed value is never kept, so a broken download or a meddling proxy can't reach the Java process.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from devstack.errors import StackError

KAFKA = "org.apache.kafka:kafka_2.13"
_TRIES = 3
_SIDE_BY_SIDE = 8


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """As Maven names it, `kafka-clients-4.1.1.jar`."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinate(self) -> str:
        """`group:artifact:version`."""
        return f"{self.group}:{self.artifact}:{self.version}"


Advance = Callable[[int, int], None]
"""Called after each jar with how many of how many are there."""


_watcher: Advance | None = None
_given_up = threading.Event()


def give_up() -> None:
    """End a download that is under way after the jars in hand; for Ctrl-C, which only the main thread hears."""
    _given_up.set()


def watch(advance: Advance | None) -> None:
    """Tell this function about downloads from now on (None: nobody). The jars are asked for deep inside a start."""
    global _watcher
    _watcher = advance


def locked() -> tuple[Jar, ...]:
    """The jars of the lock that ships with this package."""
    text = resources.files("devstack").joinpath("kafka.lock").read_text()
    return tuple(parse(text))


def parse(text: str) -> Iterator[Jar]:
    """The jars in a lock's text; `#` starts a comment."""
    for line in text.splitlines():
        entry = line.split("#", 1)[0].split()
        if entry:
            group, artifact, version = entry[0].split(":")
            yield Jar(group, artifact, version, entry[1])


def kafka_version(jars: Sequence[Jar]) -> str:
    """The version of the broker among these jars."""
    return next(jar.version for jar in jars if f"{jar.group}:{jar.artifact}" == KAFKA)


def cache_dir() -> Path:
    """Where this user's downloads are kept: `$XDG_CACHE_HOME/frontdesk`, else `~/.cache/frontdesk`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "frontdesk"


def missing(jars: Sequence[Jar], folder: Path) -> list[Jar]:
    """Those not in the folder with the listed hash: never fetched, half written, or altered since."""
    return [jar for jar in jars if _sha256(folder / jar.file_name) != jar.sha256]


def ensure(jars: Sequence[Jar] | None = None, folder: Path | None = None) -> list[Path]:
    """Every jar of the lock, verified, fetching what is missing.

    Two starts at once don't disturb each other: the second waits for the first and finds the jars there.

    Raises:
        StackError: a jar can't be fetched, isn't what the lock lists, or can't be written.
    """
    jars = jars if jars is not None else locked()
    folder = folder or cache_dir() / f"kafka-{kafka_version(jars)}"
    if not missing(jars, folder):
        return [folder / jar.file_name for jar in jars]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _fetch_all(jars, folder, _watcher or (lambda _there, _of: None))
    except OSError as problem:
        raise _disk_problem(problem, folder) from problem
    return [folder / jar.file_name for jar in jars]


def _fetch_all(jars: Sequence[Jar], folder: Path, advance: Advance) -> None:
    wanted = missing(jars, folder)
    there = len(jars) - len(wanted)
    # Left by an interrupted start: worthless, and nobody else writes here while we hold the lock.
    for left in folder.glob(".fetch-*"):
        shutil.rmtree(left, ignore_errors=True)
    if wanted:
        advance(there, len(jars))
    staging = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder))
    try:
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            under_way = [pool.submit(_fetch, jar, staging, folder) for jar in wanted]
            try:
                for done in as_completed(under_way):
                    done.result()
                    _check_given_up()
                    there += 1
                    advance(there, len(jars))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _check_given_up() -> None:
    if _given_up.is_set():
        raise StackError("The download was interrupted; what has arrived is kept.")


def _fetch(jar: Jar, staging: Path, folder: Path) -> None:
    # Imported here: requests and jgo cost 0.3 s that a start with a full cache need not pay.
    from jgo.maven import MavenContext
    from requests import RequestException

    last: Exception | None = None
    for attempt in range(_TRIES):
        own = staging / f"{jar.artifact}-{attempt}"
        mirror = os.environ.get("FRONTDESK_MAVEN_URL")
        context = MavenContext(
            repo_cache=own, timeout=60, remote_repos={"mirror": mirror.rstrip("/")} if mirror else None
        )
        try:
            found = context.create_dependency(jar.coordinate).artifact.resolve()
        except (RequestException, RuntimeError) as problem:
            last = problem
            continue
        if _sha256(found) != jar.sha256:
            raise StackError(
                f"{jar.file_name} came with another checksum than infra/devstack's kafka.lock lists (expected "
                f"{jar.sha256[:12]}…, got {(_sha256(found) or '')[:12]}…), so it was thrown away.",
                "Something between you and the Maven repository changes downloads: try another network or set "
                "FRONTDESK_MAVEN_URL to a mirror you trust, or set FRONTDESK_KAFKA_HOME to an unpacked Kafka 4.1.",
            )
        found.replace(folder / jar.file_name)
        return
    raise StackError(
        f"{jar.coordinate} could not be fetched in {_TRIES} tries ({_reason(last)}).",
        "Check the network and run the command again: what has arrived is kept. Behind a proxy set HTTPS_PROXY; "
        "FRONTDESK_MAVEN_URL names another Maven repository; FRONTDESK_KAFKA_HOME an unpacked Kafka 4.1 instead.",
    ) from last


def _reason(problem: Exception | None) -> str:
    return f"{type(problem).__name__}: {str(problem)[:160]}" if problem else "no answer"


def _sha256(path: Path) -> str | None:
    with contextlib.suppress(OSError), path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
    return None


def _disk_problem(problem: OSError, folder: Path) -> StackError:
    if problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StackError(
            f"There is no room for Kafka's jars (45 MB) in {folder}.",
            "Free some space there, or set XDG_CACHE_HOME to a folder on another disk, and run the command again.",
        )
    return StackError(
        f"Kafka's jars can't be kept in {folder} ({problem.strerror or problem}).",
        "Make the folder writable, or set XDG_CACHE_HOME to one that is.",
    )


def relock(roots: Sequence[str]) -> str:
    """The text of a new lock: these artifacts with all they need at run time, with the hashes of what came.

    For raising the version: `python -c "from devstack.jars import *; print(relock([...]))" > kafka.lock`, then review.
    """
    from jgo.maven import MavenContext

    with tempfile.TemporaryDirectory() as repo:
        context = MavenContext(repo_cache=Path(repo), timeout=60)
        wanted = [context.create_dependency(root) for root in roots]
        for dependency in wanted:
            dependency.raw = True
        found, needed = context.resolver.resolve(wanted)
        lines = [
            f"{one.groupId}:{one.artifactId}:{one.artifact.version}  {_sha256(one.artifact.resolve())}"
            for one in [*found, *needed]
        ]
    return "\n".join(sorted(lines)) + "\n"

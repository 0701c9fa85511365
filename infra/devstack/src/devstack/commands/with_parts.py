"""`frontdesk with-parts -- CMD`: throw-away PostgreSQL, Kafka and Valkey around one command, as tests need them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from devstack.errors import StackError
from devstack.parts.docker import docker_parts
from devstack.parts.group import Parts, PartUrls
from devstack.parts.postgres import THROWAWAY, Postgres
from devstack.show import JarProgress, note
from devstack.state import State


def run(command: Sequence[str], *, keep: bool) -> int:
    """Run the command with the three addresses in its environment; its exit code (128 + n when signal n ended it).

    Args:
        command: what to run.
        keep: leave the parts running afterwards and print how to use and stop them.
    """
    with _stop_on_sigterm(), _parts(keep=keep) as urls:
        child = subprocess.Popen(list(command), env={**os.environ, **urls.environment()})
        # Ctrl-C reaches the command too, which ends by itself; we stay to clean up after it.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            code = child.wait()
        except SystemExit:
            child.terminate()
            child.wait()
            raise
        finally:
            signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


@contextmanager
def _parts(*, keep: bool) -> Generator[PartUrls]:
    if os.environ.get("FRONTDESK_PARTS") == "docker":
        with docker_parts() as urls:
            yield urls
        return
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-parts-"))
    folder.chmod(0o755)  # PostgreSQL's account, when we are root, has to get through to its own folder
    state = State(folder)
    state.open()
    parts = Parts(state, settings=THROWAWAY)
    guard: subprocess.Popen[bytes] | None = None
    kept = False
    try:
        with JarProgress():
            parts.start()
        if not keep:
            guard = _guard(parts, folder)
        yield parts.urls
        kept = keep
    finally:
        if kept:
            state.throw_away_when_stopped()
            _say_kept(parts, folder)
        else:
            parts.stop()
            parts.remove()
            shutil.rmtree(folder, ignore_errors=True)
        if guard is not None:
            guard.kill()
            guard.wait()


def _guard(parts: Parts, folder: Path) -> subprocess.Popen[bytes]:
    """A shell that waits for the end of this process and, if it was killed, ends the parts and removes their data."""
    pids = [str(found.pid) for server in parts.servers.values() if (found := server.running())]
    data = [str(server.data) for server in parts.servers.values() if isinstance(server, Postgres)]
    script = 'cat >/dev/null; [ -n "$1" ] && kill -9 $1; shift; sleep 1; rm -rf -- "$@"'
    return subprocess.Popen(
        ["/bin/sh", "-c", script, "guard", " ".join(pids), str(folder), *data],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _say_kept(parts: Parts, folder: Path) -> None:
    note("The parts keep running:")
    for name, url in parts.urls.environment().items():
        print(f"export {name}={url}")
    note(f"Stop them with: frontdesk down --state-dir {folder}")


@contextmanager
def _stop_on_sigterm() -> Generator[None]:
    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def check_command(command: Sequence[str]) -> None:
    """Whether there is something to run.

    Raises:
        StackError: no command, or one that is not there.
    """
    if not command:
        raise StackError("There is no command to run.", "Give one after --, as in: frontdesk with-parts -- pytest")
    if shutil.which(command[0]) is None:
        raise StackError(f"There is no program {command[0]}.", "Check the name, or give its path.")

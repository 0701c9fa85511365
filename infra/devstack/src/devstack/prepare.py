"""What must be there before services start: databases with their roles, tables, topics, the demo hotels."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from devstack import process
from devstack.errors import StackError
from devstack.services import Service, program
from devstack.state import State

_one_at_a_time = threading.Lock()
"""Services are prepared side by side and share one note."""


class Done:
    """Which preparations are done for which files, so that a later start skips what has not changed."""

    def __init__(self, state: State) -> None:
        self._path = state.folder / "prepared.json"

    def is_done(self, what: str, service: Service, environment: Mapping[str, str]) -> bool:
        """Whether this was done for the service's files, and the addresses of the demo pages, as they are now."""
        return self._read().get(f"{what} {service.name}") == _digest(service, environment)

    def note(self, what: str, service: Service, environment: Mapping[str, str]) -> None:
        """It is done."""
        with _one_at_a_time:
            kept = {**self._read(), f"{what} {service.name}": _digest(service, environment)}
            half = self._path.with_suffix(".half")
            half.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
            half.replace(self._path)

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self._path.read_text())
            return {str(key): str(value) for key, value in kept.items()}
        except (OSError, ValueError, AttributeError):
            return {}


def _digest(service: Service, environment: Mapping[str, str]) -> str:
    sites = [environment.get(f"FRONTDESK_{name}", "") for name in ("CONVERSATION_URL", "GATEWAY_URL", "DEMO_ORIGINS")]
    return hashlib.sha256("\n".join([files_digest(service), *sites]).encode()).hexdigest()


def files_digest(service: Service) -> str:
    """Changes when a file of the service's package or migrations does (name, size or time)."""
    spec = find_spec(service.name)
    if spec is None or not spec.submodule_search_locations:
        return ""
    package = Path(next(iter(spec.submodule_search_locations)))
    seen = hashlib.sha256()
    for folder in (package, package.parents[1] / "migrations"):
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and "__pycache__" not in path.parts:
                found = path.stat()
                seen.update(f"{path}:{found.st_size}:{found.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def database_urls(service: Service, *, admin_url: str, namespace: str, password: str) -> dict[str, str]:
    """The service's database and its three roles, made when missing; their URLs by role.

    Raises:
        StackError: PostgreSQL refuses.
    """
    from servicekit.provision import provision

    try:
        urls = asyncio.run(provision(admin_url, f"{namespace}{service.name}", password=password))
    except Exception as problem:  # asyncpg's and the operating system's errors have no common parent
        raise StackError(
            f"The database of {service.name} could not be made ({type(problem).__name__}: {problem}).",
            "A server of your own (FRONTDESK_POSTGRES_URL) needs a superuser in that URL, and the extensions vector, "
            "btree_gin and pg_trgm.",
        ) from problem
    return {"owner": urls.owner, "app": urls.app, "worker": urls.worker}


def apply_topics(kafka_url: str, namespace: str) -> list[str]:
    """Make the topics of contracts; what differs and can't be changed in place, in words.

    Raises:
        StackError: Kafka refuses.
    """
    from servicekit.topics import apply

    try:
        done = asyncio.run(apply(kafka_url, namespace))
    except Exception as problem:  # aiokafka's errors and servicekit's own
        raise StackError(f"The topics could not be made ({type(problem).__name__}: {problem}).") from problem
    return [str(drift) for drift in done.left]


def run(service: Service, argument: str, *, state: State, environment: Mapping[str, str]) -> None:
    """Run `SERVICE ARGUMENT` to its end (`migrate`, `seed-demo`), its output in `logs/SERVICE-ARGUMENT.log`.

    Raises:
        StackError: it failed; with the end of its output.
    """
    log = state.logs / f"{service.name}-{argument}.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [program(service), argument],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=state.folder,
            check=False,
        )
    if done.returncode != 0:
        raise StackError(
            f"`{service.name} {argument}` failed with code {done.returncode}. The end of {log}:\n"
            f"{process.last_lines(log)}\n",
            "When the data is of another version: frontdesk up --fresh",
        )

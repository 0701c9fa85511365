"""Options that several commands share, and where their values come from when they are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devstack.errors import StackError
from devstack.running import Running, find

HERE = Path(".frontdesk")

StateDir = Annotated[
    Path, typer.Option("--state-dir", help="where data, logs and ports are kept", envvar="FRONTDESK_STATE_DIR")
]
Kafka = Annotated[
    str | None,
    typer.Option("--kafka", help="host:port; the running stack's when left out", envvar="FRONTDESK_KAFKA_URL"),
]
Namespace = Annotated[
    str | None, typer.Option("--namespace", help="put before every topic's name", envvar="FRONTDESK_KAFKA_NAMESPACE")
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        help="of the service, worker role; the running stack's when left out",
        envvar="FRONTDESK_DATABASE_WORKER_URL",
    ),
]


def broker(kafka: str | None, namespace: str | None, state_dir: Path) -> tuple[str, str]:
    """Address and namespace, from the options or the running stack."""
    if kafka is not None:
        return kafka, namespace or ""
    running = find(state_dir)
    return running.kafka, running.namespace if namespace is None else namespace


def worker_database(service: str, url: str | None, state_dir: Path) -> str:
    """The service's database as its worker, from the option or the running stack.

    Raises:
        StackError: no stack runs, or the service has no database there.
    """
    return url or worker_databases(find(state_dir), service)[service]


def worker_databases(running: Running, service: str | None = None) -> dict[str, str]:
    """Worker URLs by service; of one service when it is named."""
    known = {name: urls["worker"] for name, urls in running.databases.items()}
    if service is None:
        return known
    if service not in known:
        raise StackError(f"No database of {service} is there.", f"There are: {', '.join(known) or 'none'}.")
    return {service: known[service]}


def front_door(url: str | None, state_dir: Path) -> str:
    """Where guests come in: the option, else the gateway, else the conversation service where no gateway runs."""
    if url:
        return url
    addresses = find(state_dir).addresses
    for name in ("gateway", "conversation"):
        if name in addresses:
            return addresses[name]
    raise StackError("Neither gateway nor conversation service runs.", "Start them: frontdesk up")

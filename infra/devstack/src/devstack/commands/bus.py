"""`frontdesk topics` and `outbox`: what the broker should look like, and what waits to get there."""

from __future__ import annotations

import asyncio

import asyncpg
from aiokafka.errors import KafkaError
from rich.table import Table

from devstack import show
from devstack.errors import StackError
from servicekit import topics

_BACKLOG = """
select count(*) as waiting,
       coalesce(extract(epoch from now() - min(created_at)), 0)::float as oldest_seconds
from outbox
where published_at is null
"""


def apply_topics(kafka: str, namespace: str, replication: int) -> bool:
    """Create what is missing, set what differs. Whether nothing is left that can't be changed in place."""
    try:
        done = asyncio.run(topics.apply(kafka, namespace, replication=replication))
    except (KafkaError, topics.TopicsNotMade) as problem:
        raise _no_broker(kafka, problem) from problem
    for name in done.created:
        show.step(f"created {name}")
    for drift in done.changed:
        show.step(f"set {drift}")
    for drift in done.left:
        show.warn(f"{drift}; a partition count never changes in place: publish a new version of the topic")
    if not (done.created or done.changed or done.left):
        show.step("every topic is as contracts defines it")
    return not done.left


def check_topics(kafka: str, namespace: str, replication: int) -> bool:
    """Print how the broker differs. Whether it does not."""
    try:
        drifts = asyncio.run(topics.check(kafka, namespace, replication=replication))
    except KafkaError as problem:
        raise _no_broker(kafka, problem) from problem
    for drift in drifts:
        show.warn(str(drift))
    if drifts:
        show.note("`frontdesk topics apply` mends what can be changed in place.")
    else:
        show.step("every topic is as contracts defines it")
    return not drifts


def outbox(databases: dict[str, str]) -> bool:
    """Print how many events of each service wait to be published, and for how long. Whether none waits over 10 s.

    Args:
        databases: worker URL by service.
    """
    table = Table(box=None, header_style="bold")
    for column in ("service", "waiting", "oldest"):
        table.add_column(column, justify="left" if column == "service" else "right")
    fine = True
    for service, url in databases.items():
        waiting, oldest = asyncio.run(_backlog(service, url))
        fine = fine and oldest < 10
        colour = "green" if oldest < 10 else "red"
        table.add_row(service, f"[{colour}]{waiting}[/]", f"{oldest:.1f} s" if waiting else "")
    show.console.print(table)
    return fine


async def _backlog(service: str, url: str) -> tuple[int, float]:
    try:
        connection = await asyncpg.connect(url)
    except (OSError, asyncpg.PostgresError) as problem:
        raise StackError(
            f"The database of {service} does not answer ({problem}).", "`frontdesk status` shows what runs."
        ) from problem
    try:
        row = await connection.fetchrow(_BACKLOG)
        return (int(row["waiting"]), float(row["oldest_seconds"])) if row else (0, 0.0)
    finally:
        await connection.close()


def _no_broker(kafka: str, problem: Exception) -> StackError:
    return StackError(
        f"Kafka at {kafka} did not do it ({type(problem).__name__}: {problem}).",
        "Start the stack (`frontdesk up`), or name another broker with --kafka or FRONTDESK_KAFKA_URL.",
    )

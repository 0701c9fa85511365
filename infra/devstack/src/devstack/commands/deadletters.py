"""`frontdesk dlq` and `replay`: events that a consumer gave up on, and events to be sent once more."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from aiokafka.errors import KafkaError
from rich.markup import escape

from contracts.topics import TOPICS, Topic
from devstack import show as out
from devstack.errors import StackError
from servicekit import dlq
from servicekit.replay import replay as publish_again

T = TypeVar("T")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def list_letters(kafka: str, namespace: str, topic: str | None, *, redriven: bool) -> int:
    """Print the dead letters that wait; how many."""
    topics = TOPICS if topic is None else (_topic(topic),)
    letters = _ask(kafka, dlq.list_dead(kafka, namespace, topics=topics, redriven=redriven))
    if not letters:
        out.step("no dead letters")
        return 0
    for letter in letters:
        state = "  [green]redriven[/]" if letter.redriven else ""
        out.console.print(f"[bold]{escape(letter.topic)} {letter.number}[/]  {escape(letter.event_type)}{state}")
        out.console.print(f"    [dim]{escape(letter.failed_at[:19])}, {escape(letter.consumer)}[/]")
        out.console.print(f"    {escape(letter.error_type)}: {escape(letter.error_message[:300])}")
    return sum(not letter.redriven for letter in letters)


def show_letter(kafka: str, namespace: str, topic: str, number: int) -> None:
    """Print everything about one letter, its body too."""
    letter = _ask(kafka, dlq.show(kafka, namespace, _topic(topic), number))
    shown: dict[str, Any] = letter.document()  # Any: JSON
    shown["key"] = letter.key.decode(errors="replace") if letter.key is not None else None
    try:
        shown["body"] = json.loads(letter.body)
    except ValueError:
        shown["body"] = letter.body.decode(errors="replace")
    print(json.dumps(shown, indent=2, ensure_ascii=False))


def redrive(
    kafka: str, namespace: str, topic: str, numbers: list[int], *, everything: bool, body: Path | None, again: bool
) -> None:
    """Send letters back to the consumer that failed on them.

    Raises:
        StackError: neither numbers nor everything, no such letter, or a body that is no JSON.
    """
    if not numbers and not everything:
        raise StackError("Which letters?", "Name their numbers (`frontdesk dlq list` shows them), or say --all.")
    mended = None
    if body is not None:
        try:
            mended = body.read_bytes()
        except OSError as problem:
            raise StackError(f"{body} can't be read ({problem.strerror}).") from problem
    sent = _ask(
        kafka,
        dlq.redrive(
            kafka, namespace, _topic(topic), None if everything and not numbers else numbers, body=mended, again=again
        ),
    )
    for letter in sent:
        out.step(f"{letter.topic} {letter.number} ({letter.event_type}) went back to {letter.consumer}")
    if not sent:
        out.step("no dead letters wait there")


def replay(service: str, database_url: str, since: str, topic: str | None) -> None:
    """Have the service's relay publish again what it published since then.

    Raises:
        StackError: `since` is no time, or the database does not answer.
    """
    start = moment(since, datetime.now(UTC))
    name = _topic(topic).name if topic else None
    try:
        count = asyncio.run(publish_again(database_url, start, topic=name))
    except (OSError, asyncpg.PostgresError) as problem:
        raise StackError(
            f"The database of {service} does not answer ({problem}).", "`frontdesk status` shows what runs."
        ) from problem
    out.step(f"{count} events of {service} since {start:%Y-%m-%d %H:%M:%S} UTC will be published again")
    out.note("Consumers that had them take no effect twice. `frontdesk outbox` shows the relay catching up.")


def moment(since: str, now: datetime) -> datetime:
    """A time as people give it: `90s`, `30m`, `2h`, `7d` ago, or ISO 8601 (UTC where no zone is given).

    Raises:
        StackError: it is neither.
    """
    ago = re.fullmatch(r"(\d{1,6})([smhd])", since.strip())
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(since)
    except ValueError:
        raise StackError(f"{since!r} is no time.", "Give one as 30m, 2h or 7d ago, or as 2026-03-01T18:00.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _topic(name: str) -> Topic:
    wanted = name.removesuffix(".dlq")
    for topic in TOPICS:
        if topic.name == wanted:
            return topic
    raise StackError(f"There is no topic {name}.", "There are: " + ", ".join(topic.name for topic in TOPICS))


def _ask(kafka: str, question: Coroutine[Any, Any, T]) -> T:  # Any: what a coroutine may yield and be sent
    try:
        return asyncio.run(question)
    except dlq.NoSuchLetter as problem:
        raise StackError(f"{problem.args[0]}.", "`frontdesk dlq list` shows what there is.") from problem
    except ValueError as problem:
        raise StackError(
            f"That can't be sent: {problem}.", "A mended body is JSON, for exactly one letter."
        ) from problem
    except KafkaError as problem:
        raise StackError(
            f"Kafka at {kafka} did not do it ({type(problem).__name__}: {problem}).",
            "Are the topics there (`frontdesk topics check`)? Does the stack run (`frontdesk status`)?",
        ) from problem

"""`frontdesk ask`: one question as a guest would ask it, and everything worth knowing about the answer."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from rich.markup import escape

from devstack import show as out
from devstack.guest import Guest, Message


@dataclass(frozen=True, slots=True)
class Answer:
    """What the guest got."""

    hotel: str
    question: str
    message: Message
    milliseconds: float
    """From sending the question to the answer's arrival over the live connection."""


def ask(url: str, question: str, *, hotel: str, language: str | None = None, patience_seconds: float = 0.0) -> Answer:
    """Ask as a new guest.

    Raises:
        StackError: nobody is there, the hotel is unknown, or no answer comes.
    """
    with Guest(url, hotel, language, patience_seconds) as guest:
        reply, milliseconds = guest.ask(question)
        return Answer(hotel, question, reply, milliseconds)


def show(answer: Answer) -> None:
    """For people."""
    message = answer.message
    out.console.print(f"[bold]Guest[/] ({escape(answer.hotel)}): {escape(answer.question)}")
    out.console.print(f"[bold cyan]AI[/]: {escape(message.text)}")
    sure = f", confidence {message.confidence:.2f}" if message.confidence is not None else ""
    tongue = f", {message.language}" if message.language else ""
    out.console.print(f"    [dim]{escape(str(message.action))}{sure}{tongue}, {answer.milliseconds:.0f} ms[/]")
    for source in message.sources:
        out.console.print(f"    [dim]source: {escape(source.title)} ({source.score:.2f})[/]")


def as_json(answer: Answer) -> str:
    """For programs: one object."""
    message = asdict(answer.message)
    return json.dumps(
        {
            "hotel": answer.hotel,
            "question": answer.question,
            "answer": message.pop("text"),
            "milliseconds": round(answer.milliseconds, 1),
            **message,
        },
        ensure_ascii=False,
    )

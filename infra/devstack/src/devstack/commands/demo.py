"""`frontdesk demo`: an evening at two hotels, played through the public addresses by real guests' and staff's calls."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.markup import escape
from rich.rule import Rule

from contracts.values import Priority
from devstack import show
from devstack.errors import StackError
from devstack.guest import Guest, Message
from devstack.staff import Staff

_STAFF = "sam.staff@lindenhof.example"


def demo(gateway: str, password: str) -> None:
    """Play the evening. Every line is what the API sent back, as it came.

    Args:
        gateway: base URL; guests and staff both come through it.
        password: of the demo accounts.

    Raises:
        StackError: something did not happen as the product says.
    """
    began = time.monotonic()
    _scene("19:40, a guest on the way to Vienna", "The AI answers from the hotel's own articles, and says which.")
    _questions(gateway, "lindenhof", None, "Can I bring my dog?", "What time is breakfast?")
    _scene("19:52, the same question in Whitstable", "Another hotel on the same installation: its own answer.")
    _questions(gateway, "harbour-house", None, "Can I bring my dog?")
    _scene("20:05, guests from elsewhere", "In the guest's language.")
    _questions(gateway, "lindenhof", "de", "Darf ich meinen Hund mitbringen?")
    _questions(gateway, "lindenhof", "fr", "À quelle heure est le petit-déjeuner ?")
    _scene("20:30, a question that no article covers", "It says so and asks a human, rather than guess.")
    _questions(gateway, "lindenhof", None, "Who won the chess world championship in 1972?")
    _scene("21:10, a complaint", "Never for the AI: it hands over, and Sam sees it at once.")
    _complaint(gateway, password)
    show.console.print()
    show.console.print(f"[dim]That was the evening, in {time.monotonic() - began:.1f} s.[/]")


def _questions(gateway: str, hotel: str, language: str | None, *questions: str) -> None:
    with Guest(gateway, hotel, language) as guest:
        for question in questions:
            _line("Guest", "white", question, hotel)
            reply, milliseconds = guest.ask(question)
            _ai(reply, milliseconds)
        guest.end()


def _complaint(gateway: str, password: str) -> None:
    with Staff(gateway, _STAFF, password) as sam, Guest(gateway, "lindenhof", "en") as guest:
        conversation = guest.conversation_id
        complaint = "The heating in my room is broken and nobody came. I want my money back!"
        _line("Guest", "white", complaint, "lindenhof")
        asked = time.perf_counter()
        reply, milliseconds = guest.ask(complaint)
        _ai(reply, milliseconds)
        sam.sees("escalation.created", conversation)
        _note(
            f"Sam sees the escalation on the dashboard {(time.perf_counter() - asked) * 1000:.0f} ms after the message"
        )
        waiting = [entry for entry in sam.queue() if entry["conversation_id"] == str(conversation)]
        if not waiting:
            raise StackError("The escalation is not in the queue.", "See `frontdesk logs escalation`.")
        reasons = ", ".join(str(reason) for reason in waiting[0]["reasons"])
        priority = Priority(int(waiting[0]["priority"])).name.lower()
        _note(f"It waits in the queue: priority {priority}, because of {reasons.replace('_', ' ')}")

        sam.take_over(conversation)
        _staff_line(guest, sam.name, lambda: _note(f"{sam.name} takes over; the AI is silent from now on"))
        _line("Guest", "white", "Are you a real person?", "lindenhof")
        guest.say("Are you a real person?")
        _reply(sam, guest, "Yes, I am Sam, at the desk. Our technician is on the way to you, and last night is on us.")
        _line("Guest", "white", "Thank you, that is kind.", "lindenhof")
        guest.say("Thank you, that is kind.")

        sam.hand_back(conversation)
        guest.hear(lambda message: message.notice == "handed_back")
        _note(f"{sam.name} hands back")
        sam.sees("escalation.resolved", conversation)
        _note("The escalation is resolved")
        question = "When do I have to check out?"
        _line("Guest", "white", question, "lindenhof")
        reply, milliseconds = guest.ask(question)
        _ai(reply, milliseconds)
        sam.end(conversation)
        guest.hear(lambda message: message.notice == "ended")
        _note("The conversation has ended")


def _reply(staff: Staff, guest: Guest, text: str) -> None:
    began = time.perf_counter()
    staff.reply(guest.conversation_id, text)
    message = guest.hear(lambda message: message.sender == "staff")
    milliseconds = (time.perf_counter() - began) * 1000
    _line(message.sender_name or staff.name, "green", message.text, f"live after {milliseconds:.0f} ms")


def _staff_line(guest: Guest, name: str, tell: Callable[[], None]) -> None:
    message = guest.hear(lambda message: message.notice == "taken_over")
    tell()
    if message.text:
        _note(f"The guest reads: {message.text}")
    elif message.sender_name and message.sender_name != name:
        _note(f"The guest reads the name {message.sender_name}")


def _scene(title: str, what: str) -> None:
    show.console.print()
    show.console.print(Rule(f"[bold]{escape(title)}[/]", align="left", style="dim"))
    show.console.print(f"[dim]{escape(what)}[/]")


def _line(who: str, colour: str, text: str, aside: str) -> None:
    show.console.print(f"[bold {colour}]{escape(who):>8}[/]  {escape(text)}  [dim]{escape(aside)}[/]")


def _ai(reply: Message, milliseconds: float) -> None:
    show.console.print(f"[bold cyan]      AI[/]  {escape(reply.text)}")
    sure = f", {reply.confidence:.2f} sure" if reply.confidence is not None and reply.sources else ""
    source = f", from “{reply.sources[0].title}”" if reply.sources else ""
    show.console.print(f"          [dim]{escape(f'{reply.action}{sure}{source}, {milliseconds:.0f} ms')}[/]")


def _note(text: str) -> None:
    show.console.print(f"       [yellow]→[/]  [dim]{escape(text)}[/]")

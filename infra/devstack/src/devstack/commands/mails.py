"""`frontdesk mails`: what identity has sent, for whoever would have got it."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from devstack import show
from devstack.errors import StackError
from devstack.parts.mail import FOLDER, letters
from devstack.state import State


def mails(folder: Path, *, to: str | None, count: int, full: bool) -> None:
    """Print the last mails, the newest last: when, to whom, about what, and the link.

    Raises:
        StackError: there are none.
    """
    state = State(folder)
    found = letters(state.folder, to)[-count:]
    if not found:
        raise StackError(
            f"There is no mail{f' to {to}' if to else ''} in {state.folder / FOLDER}.",
            "Invite somebody, or ask for a new password: POST /api/invitations, POST /api/password-reset.",
        )
    for letter in found:
        when = letter.at.astimezone().strftime("%H:%M:%S")
        show.console.print(f"[dim]{when}[/]  [bold]{escape(letter.to)}[/]  {escape(letter.subject)}")
        show.console.print(f"          {letter.link or 'no link'}", markup=False)
        if full:
            show.console.print(letter.text, markup=False)
            show.console.print(f"          {letter.file}", markup=False)

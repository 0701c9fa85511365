"""The `frontdesk` command: parses, calls one command module, turns what went wrong into one paragraph."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from devstack import show
from devstack.errors import StackError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def frontdesk() -> None:
    """The whole front desk on this machine: real PostgreSQL, Kafka and Valkey, every service, no Docker."""


@app.command("with-parts", context_settings={"allow_interspersed_args": False})
def with_parts(
    command: Annotated[list[str], typer.Argument(help="what to run, after --", metavar="-- CMD...")],
    keep: Annotated[bool, typer.Option("--keep", help="leave the parts running afterwards")] = False,
) -> None:
    """Run a command with throw-away PostgreSQL, Kafka and Valkey, their addresses in its environment."""
    from devstack.commands import with_parts as commands

    commands.check_command(command)
    raise typer.Exit(commands.run(command, keep=keep))


def main() -> None:
    """Run the command. A known problem is one paragraph on stderr and exit code 1."""
    try:
        app()
    except StackError as error:
        show.problem(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)

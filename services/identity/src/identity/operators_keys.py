"""What is done about signing keys from the command line, by whoever has the database."""

from typing import Annotated

import typer

from contracts.errors import NotFound
from identity.commands import signing_keys
from identity.domain.signing_keys import NextKeyTooYoung
from identity.resources import resources_of
from servicekit import Runtime


async def rotate_keys(rt: Runtime) -> None:
    """Let the next signing key sign from now on. Nothing has to be started again, no token is refused."""
    try:
        async with rt.db.transaction(None, platform=True) as tx:
            row = await signing_keys.rotate_keys(resources_of(rt).vault, tx)
    except NextKeyTooYoung as young:
        typer.echo(f"not rotated: the next key is not known everywhere for {young.retry_after_seconds} s", err=True)
        raise typer.Exit(1) from None
    assert row is not None
    typer.echo(f"{row.kid} signs")


async def withdraw_key(
    rt: Runtime, kid: Annotated[str, typer.Argument(help="the key's id, as tokens and the key set name it")]
) -> None:
    """Withdraw a signing key that is in the wrong hands: what it signed is refused within five seconds."""
    try:
        async with rt.db.transaction(None, platform=True) as tx:
            await signing_keys.withdraw_key(kid, resources_of(rt).vault, tx)
    except NotFound:
        typer.echo("there is no such key", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{kid} is withdrawn")

"""How the platform gets its first superadmin: from the command line, by whoever has the database."""

import sys
from typing import Annotated

import typer
from pydantic import SecretStr, TypeAdapter, ValidationError

from contracts.values import Email
from identity.commands.accounts import EmailTaken, NewAccount, create_account
from identity.domain.passwords import WeakPassword
from identity.resources import resources_of
from servicekit import Runtime


async def create_superadmin(
    rt: Runtime,
    email: Annotated[str, typer.Argument(help="address of the new account")],
    name: Annotated[str, typer.Argument(help="name of the person")],
) -> None:
    """Make an account that runs the platform. Reads the password from standard input, one line."""
    password = sys.stdin.readline().rstrip("\n")
    try:
        account = NewAccount(email=TypeAdapter(Email).validate_python(email), name=name, password=SecretStr(password))
        async with rt.db.transaction(None, platform=True) as tx:
            row = await create_account(account, tx, resources_of(rt).passwords, superadmin=True)
            tx.audit("account.create", "user", row.id)
    except (ValidationError, WeakPassword, EmailTaken) as refused:
        detail = refused.errors()[0]["msg"] if isinstance(refused, ValidationError) else refused.detail
        typer.echo(f"not created: {detail}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"superadmin {row.id} created")
